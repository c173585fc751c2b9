/**
 * Range functions over one series at a time, in the kernel: chunks are decoded into columns there, windows are found, and each step's result is filled in;
 * what is wanted of it is copied out, or added to a group's columns. Nothing is allocated for a series.
 *
 * In the kernel of its own thread. What a call leaves is there until the next one.
 */
import type { Kernel } from './kernel.js';

/** Chunks as streams of bytes: `src/series/chunk-store/series-streams.ts`. */
export interface PlacedStreams {
  readonly bytes: Uint8Array;
  /** Four words a chunk. */
  readonly places: Uint32Array;
}

/** The times at which a range function is evaluated, epoch milliseconds. */
export interface GridWindows {
  readonly startMs: number;
  readonly stepMs: number;
  readonly steps: number;
  readonly rangeMs: number;
}

const placeBytes = 16;

export class SeriesGrid {
  private placed: PlacedStreams | undefined;
  private streams = 0;
  private places = 0;
  private steps = 0;

  constructor(private readonly kernel: Kernel) {}

  /** Makes streams those that series are decoded from. */
  place(streams: PlacedStreams): void {
    if (this.placed === streams) return;
    const { kernel } = this;
    this.placed = streams;
    const { bytes, places } = streams;
    // Both rooms first: the second may move the memory.
    const room = kernel.bodyRoom(places.byteLength);
    this.streams = kernel.place(bytes);
    this.places = room;
    new Uint32Array(kernel.exports.memory.buffer, room, places.length).set(places);
    kernel.exports.forgetTimes();
  }

  /** Decodes the series with the chunks [firstChunk, endChunk) of what was placed, up to the samples in (fromMs, toMs]. Answers how many there are. */
  decode(firstChunk: number, endChunk: number, fromMs: number, toMs: number): number {
    const { places, streams } = this;
    const count = endChunk - firstChunk;
    return this.kernel.exports.decodeSeries(places + firstChunk * placeBytes, count, streams, fromMs, toMs);
  }

  /** Takes stale markers out of what was decoded. Answers how many samples are left. */
  dropStale(): number {
    return this.kernel.exports.dropStale();
  }

  /** The `count` times and values decoded last. Valid until the next call. */
  timesMs(count: number): Float64Array {
    return this.doubles(this.kernel.exports.columnTimes(), count);
  }

  values(count: number): Float64Array {
    return this.doubles(this.kernel.exports.columnValues(), count);
  }

  setGrid({ startMs, stepMs, steps, rangeMs }: GridWindows): void {
    this.steps = steps;
    this.kernel.exports.setGrid(startMs, stepMs, steps, rangeMs);
  }

  /** Copies out what a range function filled in: a value by step, and 1 where there is one. */
  copyResults(values: Float64Array, presence: Uint8Array): void {
    const { exports } = this.kernel;
    values.set(this.doubles(exports.gridResults(), this.steps));
    presence.set(this.kernel.view(exports.gridPresence() >>> 0, this.steps));
  }

  /** Puts results in place of what a range function fills in. */
  putResults(values: Float64Array, presence: Uint8Array): void {
    const { exports } = this.kernel;
    this.doubles(exports.gridResults(), this.steps).set(values);
    this.kernel.view(exports.gridPresence() >>> 0, this.steps).set(presence);
  }

  get exports(): Kernel['exports'] {
    return this.kernel.exports;
  }

  /** Totals, carries and counts of a group, by step. Valid until the next call. */
  group(group: number): { totals: Float64Array; carries: Float64Array; counts: Float64Array } {
    const at = this.kernel.exports.groupColumns(group);
    const { steps } = this;
    return {
      totals: this.doubles(at, steps),
      carries: this.doubles(at + 8 * steps, steps),
      counts: this.doubles(at + 16 * steps, steps),
    };
  }

  private doubles(at: number, count: number): Float64Array {
    return new Float64Array(this.kernel.exports.memory.buffer, at >>> 0, count);
  }
}
