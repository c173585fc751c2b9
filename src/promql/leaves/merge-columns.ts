/** Samples of one series that come from two places become one column. */
import { type FloatColumn, wordsOf } from '../evaluate/sample-columns.js';

/** Both in the order of time. Of two samples with the same time that of `first` stays. */
export function mergeColumns(first: FloatColumn, second: FloatColumn): FloatColumn {
  if (first.count === 0) return second;
  if (second.count === 0) return first;
  const timesMs = new Float64Array(first.count + second.count);
  const values = new Float64Array(first.count + second.count);
  const words = wordsOf({ timesMs, values, count: values.length });
  const firstWords = wordsOf(first);
  const secondWords = wordsOf(second);
  let count = 0;
  // Values move as words: a NaN may lose its payload on its way through a number.
  const put = (timeMs: number, from: Uint32Array, i: number): void => {
    timesMs[count] = timeMs;
    words[2 * count] = from[2 * i]!;
    words[2 * count + 1] = from[2 * i + 1]!;
    count++;
  };
  for (let i = 0, j = 0; i < first.count || j < second.count; ) {
    const a = i < first.count ? first.timesMs[i]! : Number.POSITIVE_INFINITY;
    const b = j < second.count ? second.timesMs[j]! : Number.POSITIVE_INFINITY;
    if (a <= b) {
      put(a, firstWords, i++);
      if (a === b) j++;
    } else put(b, secondWords, j++);
  }
  return { timesMs: timesMs.subarray(0, count), values: values.subarray(0, count), count };
}

/** The samples with times in [fromMs, toMs]. */
export function cutColumn({ timesMs, values, count }: FloatColumn, fromMs: number, toMs: number): FloatColumn {
  let from = 0;
  let to = count;
  while (from < to && timesMs[from]! < fromMs) from++;
  while (to > from && timesMs[to - 1]! > toMs) to--;
  return { timesMs: timesMs.subarray(from, to), values: values.subarray(from, to), count: to - from };
}
