/**
 * `quantile_over_time` and `mad_over_time`. The window's values are kept sorted while it slides: a sample costs a search and a move
 * of memory when it enters and when it leaves. Source: Prometheus, promql/quantile.go, `quantile`.
 */
import { invalidQuantile } from '../../evaluate/annotation-kinds.js';
import { setFloat } from '../../evaluate/series-builder.js';
import type { RangeFunction } from './range-function.js';

/**
 * A quantile of `count` sorted values, of which the first `nanCount` are NaN and not held: NaN sorts before all numbers. Between two
 * values it is weighted by the distance to both.
 */
export function sortedQuantile(q: number, sorted: Float64Array, count: number, nanCount: number): number {
  if (count === 0 || Number.isNaN(q)) return Number.NaN;
  if (q < 0) return Number.NEGATIVE_INFINITY;
  if (q > 1) return Number.POSITIVE_INFINITY;
  const rank = q * (count - 1);
  const lower = Math.max(0, Math.floor(rank));
  const upper = Math.min(count - 1, lower + 1);
  const weight = rank - Math.floor(rank);
  const valueAt = (i: number): number => (i < nanCount ? Number.NaN : sorted[i - nanCount]!);
  return valueAt(lower) * (1 - weight) + valueAt(upper) * weight;
}

/** First place in sorted[0, count) whose value is not below `value`. */
function placeOf(sorted: Float64Array, count: number, value: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

export const quantileOverTime: RangeFunction = {
  floats(call, out) {
    const { floats, floatBounds, windows, scalars, scalarsAt, scratch, annotations } = call;
    const { values } = floats;
    const sorted = scratch.totals;
    let held = 0;
    let nanCount = 0;
    let start = 0;
    let end = 0;
    for (let step = 0; step < windows.steps; step++) {
      const stepStart = floatBounds.starts[step]!;
      const stepEnd = floatBounds.ends[step]!;
      for (; end < stepEnd; end++) {
        const value = values[end]!;
        if (Number.isNaN(value)) {
          nanCount++;
          continue;
        }
        const place = placeOf(sorted, held, value);
        sorted.copyWithin(place + 1, place, held++);
        sorted[place] = value;
      }
      for (; start < stepStart; start++) {
        const value = values[start]!;
        if (Number.isNaN(value)) {
          nanCount--;
          continue;
        }
        const place = placeOf(sorted, held, value);
        sorted.copyWithin(place, place + 1, held--);
      }
      if (start === end) continue;
      const q = scalars[0]![step]!;
      if (!(q >= 0 && q <= 1)) annotations.add(invalidQuantile(q, scalarsAt[0]!));
      setFloat(out, step, sortedQuantile(q, sorted, held + nanCount, nanCount));
    }
  },
  histograms: undefined,
};

/** The median of the distances from the median; NaN where a sample is. */
export const madOverTime: RangeFunction = {
  floats({ floats: { values }, floatBounds: { starts, ends }, windows: { steps } }, out) {
    for (let step = 0; step < steps; step++) {
      const window = values.slice(starts[step]!, ends[step]!);
      if (window.length === 0) continue;
      if (window.some(Number.isNaN)) {
        setFloat(out, step, Number.NaN);
        continue;
      }
      const median = sortedQuantile(0.5, window.sort(), window.length, 0);
      const distances = window.map((value) => Math.abs(value - median)).sort();
      setFloat(out, step, sortedQuantile(0.5, distances, distances.length, 0));
    }
  },
  histograms: undefined,
};
