/** `sum_over_time` and `avg_over_time`. Source: Prometheus, promql/functions.go, `funcSumOverTime`, `funcAvgOverTime`. */
import { setFloat } from '../../evaluate/series-builder.js';
import { windowedSamples } from '../../evaluate/windows.js';
import type { RangeCall, RangeFunction } from './range-function.js';
import { overlapMax, slidingSums, sumOf } from './sliding-sum.js';
import { averageHistograms, sumHistograms } from './sum-histograms-over-time.js';

export const sumOverTime: RangeFunction = {
  floats(call, out) {
    forEachSum(call, (step, total, carry) => setFloat(out, step, sumOf(total, carry)));
  },
  histograms: sumHistograms,
};

export const avgOverTime: RangeFunction = {
  floats(call, out) {
    const { starts, ends } = call.floatBounds;
    forEachSum(call, (step, total, carry) => {
      const start = starts[step]!;
      const end = ends[step]!;
      const isOverflow = Math.abs(total) === Number.POSITIVE_INFINITY;
      const count = end - start;
      setFloat(out, step, isOverflow ? steppedMean(call.floats.values, start, end) : total / count + carry / count);
    });
  },
  histograms: averageHistograms,
};

/** Gives each window's sum and its rounding error. */
function forEachSum(
  { floats: { values, count }, floatBounds, windows: { steps }, scratch }: RangeCall,
  take: (step: number, total: number, carry: number) => void,
): void {
  const { starts, ends } = floatBounds;
  if (windowedSamples(floatBounds, steps) <= overlapMax * count) {
    for (let step = 0; step < steps; step++) {
      const start = starts[step]!;
      const end = ends[step]!;
      if (start < end) takeSum(values, start, end, step, take);
    }
    return;
  }
  const totals = new Float64Array(steps);
  const carries = new Float64Array(steps);
  slidingSums(values, floatBounds, steps, 0, scratch, totals, carries);
  for (let step = 0; step < steps; step++) if (starts[step]! < ends[step]!) take(step, totals[step]!, carries[step]!);
}

/** Adds a window's samples one by one in Prometheus' order, so that the result is the same to the last bit. */
function takeSum(
  values: Float64Array,
  start: number,
  end: number,
  step: number,
  take: (step: number, total: number, carry: number) => void,
): void {
  let total = 0;
  let carry = 0;
  for (let i = start; i < end; i++) {
    const value = values[i]!;
    const sum = total + value;
    if (sum === Number.POSITIVE_INFINITY || sum === Number.NEGATIVE_INFINITY) carry = 0;
    else if (Math.abs(total) >= Math.abs(value)) carry += total - sum + value;
    else carry += value - sum + total;
    total = sum;
  }
  take(step, total, carry);
}

/** The mean where the sum overflows: from there on the mean so far is moved by each sample. */
function steppedMean(values: Float64Array, start: number, end: number): number {
  let total = values[start]!;
  let carry = 0;
  let isMean = false;
  for (let i = start + 1; i < end; i++) {
    const count = i - start + 1;
    const sum = total + values[i]!;
    if (!isMean && Math.abs(sum) === Number.POSITIVE_INFINITY) {
      isMean = true;
      total /= count - 1;
      carry /= count - 1;
    }
    const weight = isMean ? (count - 1) / count : 1;
    const before = isMean ? weight * total : total;
    const value = isMean ? values[i]! / count : values[i]!;
    total = before + value;
    carry = isMean ? weight * carry : carry;
    if (Math.abs(total) === Number.POSITIVE_INFINITY) carry = 0;
    else carry += Math.abs(before) >= Math.abs(value) ? before - total + value : value - total + before;
  }
  return isMean ? total + carry : total / (end - start) + carry / (end - start);
}
