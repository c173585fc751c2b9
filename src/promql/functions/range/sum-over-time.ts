/** `sum_over_time` and `avg_over_time`. Source: Prometheus, promql/functions.go, `funcSumOverTime`, `funcAvgOverTime`. */
import { setFloat } from '../../evaluate/series-builder.js';
import { windowedSamples } from '../../evaluate/windows.js';
import type { RangeCall, RangeFunction } from './range-function.js';
import type { RangeScratch } from './range-scratch.js';
import { overlapMax, slidingSums, sumOf } from './sliding-sum.js';
import { averageHistograms, sumHistograms } from './sum-histograms-over-time.js';

export const sumOverTime: RangeFunction = {
  floats(call, out) {
    fillSums(call);
    const { starts, ends } = call.floatBounds;
    const { stepTotals, stepCarries } = call.scratch;
    for (let step = 0; step < call.windows.steps; step++)
      if (starts[step]! < ends[step]!) setFloat(out, step, sumOf(stepTotals[step]!, stepCarries[step]!));
  },
  histograms: sumHistograms,
};

export const avgOverTime: RangeFunction = {
  floats(call, out) {
    fillSums(call);
    const { starts, ends } = call.floatBounds;
    const { stepTotals, stepCarries } = call.scratch;
    for (let step = 0; step < call.windows.steps; step++) {
      const start = starts[step]!;
      const count = ends[step]! - start;
      if (count === 0) continue;
      const total = stepTotals[step]!;
      const isOverflow = total === Number.POSITIVE_INFINITY || total === Number.NEGATIVE_INFINITY;
      const mean = isOverflow
        ? steppedMean(call.floats.values, start, start + count)
        : total / count + stepCarries[step]! / count;
      setFloat(out, step, mean);
    }
  },
  histograms: averageHistograms,
};

/** Fills in each window's sum and its rounding error. */
function fillSums({ floats: { values, count }, floatBounds, windows: { steps }, scratch }: RangeCall): void {
  if (windowedSamples(floatBounds, steps) > overlapMax * count) {
    slidingSums(values, floatBounds, steps, 0, scratch);
    return;
  }
  const { starts, ends } = floatBounds;
  for (let step = 0; step < steps; step++) fillSum(values, starts[step]!, ends[step]!, step, scratch);
}

/** Adds a window's samples one by one in Prometheus' order, so that the result is the same to the last bit. */
function fillSum(
  values: Float64Array,
  start: number,
  end: number,
  step: number,
  { stepTotals, stepCarries }: RangeScratch,
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
  stepTotals[step] = total;
  stepCarries[step] = carry;
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
