/**
 * `sum` and `avg`, with rounding errors carried along (Kahan's summation in Neumaier's form). An average goes over to the mean so far
 * where the sum would overflow. Source: Prometheus, promql/engine.go, `aggregation`.
 */
import { mixedInAggregation } from '../annotation-kinds.js';
import { clearStep, setFloat } from '../series-builder.js';
import { histogramSteps, isFloat } from '../value.js';
import type { Aggregation, AggregationCall } from './aggregation.js';
import { averageOfHistograms, type HistogramAggregation, sumOfHistograms } from './histogram-aggregation.js';

/** Running sums of a group, by step. */
interface Sums {
  readonly totals: Float64Array;
  readonly carries: Float64Array;
  readonly counts: Float64Array;
}

const newSums = (steps: number): Sums => ({
  totals: new Float64Array(steps),
  carries: new Float64Array(steps),
  counts: new Float64Array(steps),
});

function addFloats({ members }: AggregationCall, { totals, carries, counts }: Sums): void {
  for (const { values, presence } of members) {
    for (let step = 0; step < totals.length; step++) {
      if (presence[step] !== isFloat) continue;
      const value = values[step]!;
      if (counts[step] === 0) {
        totals[step] = value;
        counts[step] = 1;
        continue;
      }
      const total = totals[step]!;
      const sum = total + value;
      if (sum === Number.POSITIVE_INFINITY || sum === Number.NEGATIVE_INFINITY) carries[step] = 0;
      else if (Math.abs(total) >= Math.abs(value)) carries[step]! += total - sum + value;
      else carries[step]! += value - sum + total;
      totals[step] = sum;
      counts[step]!++;
    }
  }
}

/** The mean at a step whose sum overflows: from there on the mean so far is moved by each value. */
function steppedMean({ members }: AggregationCall, step: number): number {
  let mean = 0;
  let carry = 0;
  let count = 0;
  let isMean = false;
  for (const { values, presence } of members) {
    if (presence[step] !== isFloat) continue;
    count++;
    let value = values[step]!;
    if (!isMean && count > 1 && Math.abs(mean + value) === Number.POSITIVE_INFINITY) {
      isMean = true;
      mean /= count - 1;
      carry /= count - 1;
    }
    if (isMean) {
      const weight = (count - 1) / count;
      value /= count;
      mean *= weight;
      carry *= weight;
    }
    const next = count === 1 ? value : mean + value;
    if (Math.abs(next) === Number.POSITIVE_INFINITY) carry = 0;
    else if (count > 1) carry += Math.abs(mean) >= Math.abs(value) ? mean - next + value : value - next + mean;
    mean = next;
  }
  return isMean ? mean + carry : mean / count + carry / count;
}

const aggregation =
  (
    valueAt: (call: AggregationCall, sums: Sums, step: number) => number,
    ofHistograms: HistogramAggregation,
  ): Aggregation =>
  (call, out) => {
    const sums = newSums(out.values.length);
    addFloats(call, sums);
    for (let step = 0; step < out.values.length; step++)
      if (sums.counts[step]! > 0) setFloat(out, step, valueAt(call, sums, step));
    const steps = new Set(call.members.flatMap(histogramSteps));
    for (const step of steps) {
      if (sums.counts[step]! > 0) {
        call.annotations.add(mixedInAggregation(call.at));
        clearStep(out, step);
      } else ofHistograms(call, step, out);
    }
  };

export const sum = aggregation((_, { totals, carries }, step) => totals[step]! + carries[step]!, sumOfHistograms);

export const average = aggregation((call, { totals, carries, counts }, step) => {
  const count = counts[step]!;
  const total = totals[step]!;
  if (Math.abs(total) === Number.POSITIVE_INFINITY) return steppedMean(call, step);
  return total / count + carries[step]! / count;
}, averageOfHistograms);
