/** What `anchored` and `smoothed` range vectors show as results: values at both borders of the range. Source: `extendFloats`. */
import type { RangeExtension } from '../ast.js';
import { interpolate } from '../functions/range/extended-rate.js';
import { type FloatColumn, noFloats } from './sample-columns.js';

/** The samples of a range with its borders; `floats` reach beyond them. Empty where no sample lies after the range's start. */
export function withBorders(
  floats: FloatColumn,
  startMs: number,
  endMs: number,
  extension: RangeExtension,
): FloatColumn {
  const { timesMs, values, count } = floats;
  const isSmoothed = extension === 'smoothed';
  if (count === 0 || timesMs[count - 1]! <= startMs) return noFloats;
  let first = 0;
  while (first < count - 1 && timesMs[first]! <= startMs) first++;
  first = Math.max(0, first - 1);
  let last = count - 1;
  if (isSmoothed) for (last = 0; last < count - 1 && timesMs[last]! < endMs; ) last++;
  if (timesMs[last]! <= startMs) return noFloats;
  const left = isSmoothed && timesMs[first]! < startMs ? interpolate(floats, first, startMs, false) : values[first]!;
  const right =
    isSmoothed && last > 0 && timesMs[last]! > endMs ? interpolate(floats, last - 1, endMs, false) : values[last]!;
  const inside: number[] = [];
  for (let i = first; i <= last; i++) if (timesMs[i]! > startMs && timesMs[i]! < endMs) inside.push(i);
  return {
    timesMs: Float64Array.from([startMs, ...inside.map((i) => timesMs[i]!), endMs]),
    values: Float64Array.from([left, ...inside.map((i) => values[i]!), right]),
    count: inside.length + 2,
  };
}
