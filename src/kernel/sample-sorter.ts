/**
 * Samples of many requests, brought into the order of their table in the kernel: by the rank of their series, then by time; of samples
 * with the same series and time the last to come stays. The columns that come out lie as ClickHouse's Native format has them, values as decimal
 * numbers where they are some: `assembly/decimals.ts`.
 *
 * A million samples take a tenth of a second, so it lets other work in between.
 *
 * Its memory is in use from `load` on until what `sort` gave was read: a kernel of its own keeps others from moving it.
 */
import { setImmediate } from 'node:timers/promises';
import type { Kernel } from './kernel.js';

/** Runs of samples, each of one series. */
export interface SampleRuns {
  /** Run i is of the series refs[i]; 0xffffffff for none. Length at least `runCount`. */
  readonly refs: Uint32Array;
  readonly runCount: number;
  /** Run i's samples are [sampleEnds[i - 1], sampleEnds[i]), the first run's from 0. */
  readonly sampleEnds: Uint32Array;
  readonly sampleCount: number;
  /** Epoch milliseconds, whole numbers. */
  readonly timesMs: Float64Array;
  /** Every bit counts: copy them as words or whole arrays, not one by one. */
  readonly values: Float64Array;
}

/** The order of series, and their ids. */
export interface RankedSeries {
  /** By ref. */
  readonly ranks: Uint32Array;
  readonly idLow: Uint32Array;
  readonly idHigh: Uint32Array;
  /** By rank. */
  readonly refs: Uint32Array;
}

/** Valid until the next sort. */
export interface SortedSamples {
  readonly rowCount: number;
  /** Ranks of the series that have samples, ascending. */
  readonly ranks: Uint32Array;
  /** Samples of the series ranks[i] are the rows [starts[i], starts[i + 1]). */
  readonly starts: Uint32Array;
  /** Little-endian 64-bit words by row: ids of series, epoch milliseconds, mantissas. */
  readonly ids: Uint8Array;
  readonly times: Uint8Array;
  readonly mantissas: Uint8Array;
  /** By row: a value is its mantissa / 10^scale; where the scale is 255 the mantissa has the value's bits. */
  readonly scales: Uint8Array;
  timeMsAt(row: number): number;
}

// Columns of `assembly/sample-sort.ts`, by their numbers there.
const columns = {
  runRefs: 0,
  runEnds: 1,
  times: 2,
  values: 3,
  ranks: 4,
  refs: 5,
  idLow: 6,
  idHigh: 7,
  sortedIds: 8,
  sortedTimes: 9,
  sortedMantissas: 10,
  presentRanks: 11,
  starts: 12,
  sortedScales: 13,
} as const;

/** Samples that are worked on at once: some milliseconds' worth. */
const samplesAtOnce = 65_536;

export class SampleSorter {
  private runCount = 0;
  private sampleCount = 0;
  private seriesCount = 0;

  constructor(private readonly kernel: Kernel) {}

  /** Takes samples, and forgets those that it had. */
  async load(batches: readonly SampleRuns[], { ranks, refs, idLow, idHigh }: RankedSeries): Promise<void> {
    this.runCount = batches.reduce((sum, { runCount }) => sum + runCount, 0);
    this.sampleCount = batches.reduce((sum, { sampleCount }) => sum + sampleCount, 0);
    this.seriesCount = ranks.length;
    this.kernel.exports.reserveSort(this.runCount, this.sampleCount, this.seriesCount);
    this.words(columns.ranks, this.seriesCount).set(ranks);
    this.words(columns.refs, this.seriesCount).set(refs);
    this.words(columns.idLow, this.seriesCount).set(idLow.subarray(0, this.seriesCount));
    this.words(columns.idHigh, this.seriesCount).set(idHigh.subarray(0, this.seriesCount));
    await this.loadSamples(batches);
  }

  /** The earliest time at or after `fromMs`, epoch milliseconds; Infinity where there is none. */
  earliestFrom(fromMs: number): number {
    return this.kernel.exports.earliestFrom(this.sampleCount, fromMs);
  }

  /** Sorts the samples with times in [fromMs, toMs). */
  async sort(fromMs: number, toMs: number): Promise<SortedSamples> {
    const { exports } = this.kernel;
    exports.beginSort(this.runCount, this.seriesCount, fromMs, toMs);
    while (exports.countSome(samplesAtOnce) === 0) await setImmediate();
    const present = exports.placeSeries();
    while (exports.scatterSome(samplesAtOnce) === 0) await setImmediate();
    while (exports.orderSome(samplesAtOnce) === 0) await setImmediate();
    const starts = this.words(columns.starts, present + 1);
    const rowCount = starts[present]!;
    const times = this.words(columns.sortedTimes, 2 * rowCount);
    return {
      rowCount,
      ranks: this.words(columns.presentRanks, present),
      starts,
      ids: this.bytes(columns.sortedIds, 8 * rowCount),
      times: this.bytes(columns.sortedTimes, 8 * rowCount),
      mantissas: this.bytes(columns.sortedMantissas, 8 * rowCount),
      scales: this.bytes(columns.sortedScales, rowCount),
      timeMsAt: (row) => times[2 * row]! + times[2 * row + 1]! * 2 ** 32,
    };
  }

  private async loadSamples(batches: readonly SampleRuns[]): Promise<void> {
    const runRefs = this.words(columns.runRefs, this.runCount);
    const runEnds = this.words(columns.runEnds, this.runCount);
    const times = this.doubles(columns.times, this.sampleCount);
    // As words, since a copy of doubles may change the bits of a NaN.
    const values = this.words(columns.values, 2 * this.sampleCount);
    let run = 0;
    let sample = 0;
    let pause = samplesAtOnce;
    for (const batch of batches) {
      const { runCount, sampleCount, sampleEnds } = batch;
      runRefs.set(batch.refs.subarray(0, runCount), run);
      for (let i = 0; i < runCount; i++) runEnds[run + i] = sample + sampleEnds[i]!;
      times.set(batch.timesMs.subarray(0, sampleCount), sample);
      values.set(new Uint32Array(batch.values.buffer, batch.values.byteOffset, 2 * sampleCount), 2 * sample);
      run += runCount;
      sample += sampleCount;
      if (sample < pause) continue;
      pause = sample + samplesAtOnce;
      await setImmediate();
    }
  }

  private address(column: number): number {
    return this.kernel.exports.sortColumn(column) >>> 0;
  }

  private bytes(column: number, length: number): Uint8Array {
    return this.kernel.view(this.address(column), length);
  }

  private words(column: number, length: number): Uint32Array {
    return new Uint32Array(this.kernel.exports.memory.buffer, this.address(column), length);
  }

  private doubles(column: number, length: number): Float64Array {
    return new Float64Array(this.kernel.exports.memory.buffer, this.address(column), length);
  }
}
