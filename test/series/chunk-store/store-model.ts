/** What a chunk store must say, as plain maps: the samples, and the part of them that the engine has. */
import { valueWords } from '../../../src/model/sample-batch.js';
import { createSampleColumns } from '../../../src/series/chunk/sample-columns.js';
import type { ChunkStore } from '../../../src/series/chunk-store/chunk-store.js';
import { createChunkStore } from '../../../src/series/chunk-store/chunk-store.js';

export const hourMs = 3_600_000;
export const startMs = Date.UTC(2026, 0, 1);

export type Bits = readonly [low: number, high: number];
export interface Row {
  readonly ref: number;
  readonly timeMs: number;
  readonly bits: Bits;
}

const double = new Float64Array(1);
const doubleWords = new Uint32Array(double.buffer);
export const bitsOf = (value: number): Bits => {
  double[0] = value;
  return [doubleWords[0]!, doubleWords[1]!];
};

/** Rows as runs: neighbours of one series form one. */
export function runsOf(rows: readonly Row[]) {
  const timesMs = Float64Array.from(rows, ({ timeMs }) => timeMs);
  const values = new Float64Array(rows.length);
  valueWords(values).set(rows.flatMap(({ bits }) => bits));
  const refs: number[] = [];
  const sampleEnds: number[] = [];
  rows.forEach(({ ref }, i) => {
    if (i === 0 || rows[i - 1]!.ref !== ref) refs.push(ref);
    sampleEnds[refs.length - 1] = i + 1;
  });
  return {
    refs: Uint32Array.from(refs),
    runCount: refs.length,
    sampleEnds: Uint32Array.from(sampleEnds),
    timesMs,
    values,
  };
}

export function appendRows(store: ChunkStore, rows: readonly Row[], arrival: number): void {
  const { refs, runCount, sampleEnds, timesMs, values } = runsOf(rows);
  store.append(refs, runCount, sampleEnds, timesMs, values, arrival);
}

/** Values by time by ref. */
export class SampleModel {
  readonly series = new Map<number, Map<number, Bits>>();

  put({ ref, timeMs, bits }: Row): void {
    const samples = this.series.get(ref) ?? new Map<number, Bits>();
    this.series.set(ref, samples.set(timeMs, bits));
  }

  /** The samples of a series with times in (fromMs, toMs], in order. */
  rows(ref: number, fromMs: number, toMs: number): Row[] {
    return [...(this.series.get(ref) ?? [])]
      .filter(([timeMs]) => timeMs > fromMs && timeMs <= toMs)
      .sort(([a], [b]) => a - b)
      .map(([timeMs, bits]) => ({ ref, timeMs, bits }));
  }

  copy(): SampleModel {
    const copy = new SampleModel();
    for (const [ref, samples] of this.series) copy.series.set(ref, new Map(samples));
    return copy;
  }
}

export const arenaBytes = 65_536;
export const groupOf = (ref: number): number => ref % 3;

export const newStore = (budgetBytes = 100 * arenaBytes, completeFromMs = startMs): ChunkStore =>
  createChunkStore({ budgetBytes, groupOf, completeFromMs, arenaBytes });

export const columns = createSampleColumns(1);

export function rowsIn(store: ChunkStore, ref: number, fromMs = -Infinity, toMs = Infinity): Row[] {
  columns.length = 0;
  store.read(ref, fromMs, toMs, columns);
  return columnRows(ref);
}

export const columnRows = (ref: number): Row[] =>
  Array.from({ length: columns.length }, (_, i) => ({
    ref,
    timeMs: columns.timesMs[i]!,
    bits: [columns.words[2 * i]!, columns.words[2 * i + 1]!],
  }));

export const isSameAs = (rows: readonly Row[]): boolean =>
  rows.length === columns.length &&
  rows.every(
    ({ timeMs, bits: [low, high] }, i) =>
      columns.timesMs[i] === timeMs && columns.words[2 * i] === low && columns.words[2 * i + 1] === high,
  );

export const row = (ref: number, atMs: number, value: number): Row => ({
  ref,
  timeMs: startMs + atMs,
  bits: bitsOf(value),
});

/** Samples every 15 s for so many of them. */
export const regularRows = (ref: number, count: number, value: (i: number) => number = (i) => i): Row[] =>
  Array.from({ length: count }, (_, i) => row(ref, i * 15_000 + ref, value(i)));

/** Values of full mantissa, which take much memory. */
export const noisyRows = (ref: number, count: number, stepMs: number): Row[] =>
  Array.from({ length: count }, (_, i) => row(ref, i * stepMs, Math.sqrt(i + ref + 1.5)));

export const sealAll = (store: ChunkStore): void => {
  while (store.seal(1_000));
};

export function loadRows(store: ChunkStore, group: number, timeMs: number, rows: readonly Row[]): void {
  const load = store.beginLoad(group, timeMs);
  const { refs, runCount, sampleEnds, timesMs, values } = runsOf(rows);
  load.add(refs, runCount, sampleEnds, timesMs, values);
  load.finish();
}
