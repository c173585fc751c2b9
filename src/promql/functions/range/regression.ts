/**
 * `deriv` and `predict_linear`: the line through a window's samples with the least squared error. Windows that overlap a lot are put
 * together from parts, by the means and the sums of products about them, which stays exact however far times are from zero
 * (the pairwise formula of Chan, Golub and LeVeque for covariances). Source: Prometheus, functions.go, `linearRegression`.
 */
import { setFloat } from '../../evaluate/series-builder.js';
import { windowedSamples } from '../../evaluate/windows.js';
import { type CompensatedSum, compensatedAdd } from '../../histogram/compensated-add.js';
import type { RangeCall, RangeFunction } from './range-function.js';
import { forEachSlidingLine, type TakeLine, takeConstant } from './sliding-line.js';
import { overlapMax } from './sliding-sum.js';

/** Gives each window's line: its slope per second and its value at `zeroMs(step)`. Windows with one sample have none. */
function forEachLine(call: RangeCall, zeroMs: (step: number) => number, take: TakeLine): void {
  const { floats, floatBounds, windows } = call;
  const { starts, ends } = floatBounds;
  if (windowedSamples(floatBounds, windows.steps) > overlapMax * floats.count) {
    forEachSlidingLine(call, zeroMs, take);
    return;
  }
  for (let step = 0; step < windows.steps; step++) {
    const start = starts[step]!;
    const end = ends[step]!;
    if (end - start >= 2) takeLine(call, start, end, zeroMs(step), step, take);
  }
}

function takeLine(
  { floats: { timesMs, values } }: RangeCall,
  start: number,
  end: number,
  zeroMs: number,
  step: number,
  take: TakeLine,
): void {
  const first = values[start]!;
  let isConstant = true;
  const [sumX, sumY, sumXY, sumXX] = [newSum(), newSum(), newSum(), newSum()];
  for (let i = start; i < end; i++) {
    const x = (timesMs[i]! - zeroMs) / 1000;
    const y = values[i]!;
    if (i > start && y !== first) isConstant = false;
    compensatedAdd(sumX, x);
    compensatedAdd(sumY, y);
    compensatedAdd(sumXY, x * y);
    compensatedAdd(sumXX, x * x);
  }
  if (isConstant) {
    takeConstant(first, step, take);
    return;
  }
  const count = end - start;
  const x = sumX.total + sumX.carry;
  const y = sumY.total + sumY.carry;
  const slope = (sumXY.total + sumXY.carry - (x * y) / count) / (sumXX.total + sumXX.carry - (x * x) / count);
  take(step, slope, y / count - (slope * x) / count);
}

const newSum = (): CompensatedSum => ({ total: 0, carry: 0 });

export const deriv: RangeFunction = {
  floats(call, out) {
    const { timesMs } = call.floats;
    const { starts } = call.floatBounds;
    // Near the samples, so that no digits are lost.
    forEachLine(
      call,
      (step) => timesMs[starts[step]!]!,
      (step, slope) => setFloat(out, step, slope),
    );
  },
  histograms: undefined,
};

export const predictLinear: RangeFunction = {
  floats(call, out) {
    const seconds = call.scalars[0]!;
    forEachLine(call, call.evaluationMs, (step, slope, intercept) =>
      setFloat(out, step, slope * seconds[step]! + intercept),
    );
  },
  histograms: undefined,
};
