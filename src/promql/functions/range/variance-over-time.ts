/**
 * `stdvar_over_time` and `stddev_over_time`. Short or barely overlapping windows are walked through with Welford's method and carried
 * rounding errors, in Prometheus' order; long overlapping ones are put together from parts by Chan, Golub and LeVeque's formula
 * ("Updating formulae and a pairwise algorithm for computing sample variances", 1979), which is as stable.
 */
import { setFloat } from '../../evaluate/series-builder.js';
import { windowedSamples } from '../../evaluate/windows.js';
import type { RangeCall, RangeFunction } from './range-function.js';
import { overlapMax } from './sliding-sum.js';

const variance = (resultOf: (variance: number) => number): RangeFunction => ({
  floats(call, out) {
    const { starts, ends } = call.floatBounds;
    const isSliding = windowedSamples(call.floatBounds, call.windows.steps) > overlapMax * call.floats.count;
    if (isSliding) {
      forEachSlidingVariance(call, (step, value) => setFloat(out, step, resultOf(value)));
      return;
    }
    for (let step = 0; step < call.windows.steps; step++) {
      const start = starts[step]!;
      const end = ends[step]!;
      if (start < end) setFloat(out, step, resultOf(windowVariance(call.floats.values, start, end)));
    }
  },
  histograms: undefined,
});

function windowVariance(values: Float64Array, start: number, end: number): number {
  const mean = { total: 0, carry: 0 };
  const squares = { total: 0, carry: 0 };
  for (let i = start; i < end; i++) {
    const value = values[i]!;
    const delta = value - (mean.total + mean.carry);
    add(mean, delta / (i - start + 1));
    add(squares, delta * (value - (mean.total + mean.carry)));
  }
  return (squares.total + squares.carry) / (end - start);
}

function add(sum: { total: number; carry: number }, value: number): void {
  const next = sum.total + value;
  if (Math.abs(next) === Number.POSITIVE_INFINITY) sum.carry = 0;
  else if (Math.abs(sum.total) >= Math.abs(value)) sum.carry += sum.total - next + value;
  else sum.carry += value - next + sum.total;
  sum.total = next;
}

/** As `slidingSums` does with sums: a suffix of samples before a pivot and those after it are joined. */
function forEachSlidingVariance(
  { floats: { values }, floatBounds: { starts, ends }, windows: { steps }, scratch }: RangeCall,
  take: (step: number, variance: number) => void,
): void {
  const { means, totals: squares } = scratch;
  let pivot = 0;
  let next = 0;
  let mean = 0;
  let square = 0;
  for (let step = 0; step < steps; step++) {
    const start = starts[step]!;
    const end = ends[step]!;
    if (start >= pivot) {
      let suffixMean = 0;
      let suffixSquare = 0;
      for (let i = end - 1; i >= start; i--) {
        const delta = values[i]! - suffixMean;
        suffixMean += delta / (end - i);
        suffixSquare += delta * (values[i]! - suffixMean);
        means[i] = suffixMean;
        squares[i] = suffixSquare;
      }
      pivot = end;
      next = end;
      mean = 0;
      square = 0;
    }
    for (; next < end; next++) {
      const delta = values[next]! - mean;
      mean += delta / (next - pivot + 1);
      square += delta * (values[next]! - mean);
    }
    if (start === end) continue;
    const before = pivot - start;
    const after = end - pivot;
    const count = before + after;
    const delta = after === 0 ? 0 : mean - means[start]!;
    take(step, (squares[start]! + square + (delta * delta * before * after) / count) / count);
  }
}

export const stdvarOverTime = variance((value) => value);
export const stddevOverTime = variance(Math.sqrt);
