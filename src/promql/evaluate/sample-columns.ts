/**
 * Samples of one series as columns, ordered by time. A stale marker says that a series ended; it stands among the floats as the
 * NaN with the bits 0x7ff0000000000002, whatever kind of samples the series has.
 */
import type { FloatHistogram } from '../histogram/float-histogram.js';

export interface FloatColumn {
  /** Epoch milliseconds, ascending, each once. Length at least `count`. */
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
  readonly count: number;
  /** When each sample's counter began, epoch milliseconds; 0 where unknown. */
  readonly startTimesMs?: Float64Array | undefined;
}

export interface HistogramColumn {
  readonly timesMs: Float64Array;
  readonly values: readonly FloatHistogram[];
  readonly startTimesMs?: Float64Array | undefined;
}

export const noFloats: FloatColumn = { timesMs: new Float64Array(0), values: new Float64Array(0), count: 0 };

const staleHigh = 0x7ff00000;
const staleLow = 0x00000002;

/** Whether a value is the stale marker. NaN payloads are only sure to be seen as words, never as numbers. */
export function isStaleAt(words: Uint32Array, i: number): boolean {
  return words[2 * i] === staleLow && words[2 * i + 1] === staleHigh;
}

/** The doubles' words: the low one at 2i, the high one at 2i + 1 (all platforms of Node are little-endian). */
export const wordsOf = ({ values }: FloatColumn): Uint32Array =>
  new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);

export function writeStaleMarker(values: Float64Array, i: number): void {
  const words = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);
  words[2 * i] = staleLow;
  words[2 * i + 1] = staleHigh;
}

/** The samples without stale markers, which no range holds. The column itself where there are none. */
export function withoutStale(column: FloatColumn): FloatColumn {
  const { timesMs, values, count, startTimesMs } = column;
  const words = wordsOf(column);
  let first = 0;
  while (first < count && (!Number.isNaN(values[first]) || !isStaleAt(words, first))) first++;
  if (first === count) return column;
  const kept: number[] = [];
  for (let i = 0; i < count; i++) if (!isStaleAt(words, i)) kept.push(i);
  const pick = (from: Float64Array): Float64Array => Float64Array.from(kept, (i) => from[i]!);
  return {
    timesMs: pick(timesMs),
    values: pick(values),
    count: kept.length,
    startTimesMs: startTimesMs && pick(startTimesMs),
  };
}
