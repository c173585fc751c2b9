/** Samples as two columns that grow, for readers that gather many series without allocating. */
import { valueWords } from '../../model/sample-batch.js';

export interface SampleColumns {
  /** Epoch milliseconds. */
  timesMs: Float64Array;
  values: Float64Array;
  /** The words of `values`, low half first: the way to move values bit by bit. */
  words: Uint32Array;
  /** How many samples there are; set it to 0 to begin again. */
  length: number;
}

export function createSampleColumns(capacity = 1024): SampleColumns {
  const values = new Float64Array(capacity);
  return { timesMs: new Float64Array(capacity), values, words: valueWords(values), length: 0 };
}

/** Makes room for `count` samples behind those there are. */
export function reserveSamples(columns: SampleColumns, count: number): void {
  const needed = columns.length + count;
  if (needed <= columns.timesMs.length) return;
  const capacity = Math.max(needed, columns.timesMs.length * 2);
  const timesMs = new Float64Array(capacity);
  const values = new Float64Array(capacity);
  const words = valueWords(values);
  timesMs.set(columns.timesMs.subarray(0, columns.length));
  words.set(columns.words.subarray(0, 2 * columns.length));
  columns.timesMs = timesMs;
  columns.values = values;
  columns.words = words;
}

/** Appends a sample whose value is given by its words. */
export function addSample(columns: SampleColumns, timeMs: number, low: number, high: number): void {
  reserveSamples(columns, 1);
  const i = columns.length++;
  columns.timesMs[i] = timeMs;
  columns.words[2 * i] = low;
  columns.words[2 * i + 1] = high;
}

/** The first place in timesMs[from, to), which rise, whose time is later than `timeMs`; `to` where none is. */
export function firstAfter(timesMs: Float64Array, from: number, to: number, timeMs: number): number {
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (timesMs[middle]! > timeMs) to = middle;
    else from = middle + 1;
  }
  return from;
}

/** Keeps of the samples from `start` on those with times in (fromMs, toMs]. They rise in time. */
export function keepSamples(columns: SampleColumns, start: number, fromMs: number, toMs: number): void {
  const { timesMs, words, length } = columns;
  if (length === start) return;
  const first = timesMs[start]! > fromMs ? start : firstAfter(timesMs, start, length, fromMs);
  const end = timesMs[length - 1]! <= toMs ? length : firstAfter(timesMs, first, length, toMs);
  if (first > start) {
    timesMs.copyWithin(start, first, end);
    words.copyWithin(2 * start, 2 * first, 2 * end);
  }
  columns.length = start + end - first;
}
