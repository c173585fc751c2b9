/** Metrics of a regression from sums. Pure. Each equals the function of scikit-learn that its comment names, on the same rows. */
import type { RegressionMetric } from './metric-names.js';
import { type Figure, type Remark, undefinedFigure } from './remarks.js';

/** Over the predictions whose value and truth are both numbers; the error is prediction minus truth. */
export interface ErrorSums {
  readonly count: number;
  readonly errorSum: number;
  readonly absoluteSum: number;
  readonly squareSum: number;
  /** Of absolute errors over the truth's size, which counts as machine epsilon at least. */
  readonly relativeSum: number;
  /** Of squared differences between each truth and their mean. */
  readonly truthSquareSum: number;
}

/**
 * mean_absolute_error, root_mean_squared_error, mean_absolute_percentage_error (1 means 100 %), r2_score, and bias, the mean
 * error: above 0 the model says too much.
 */
export function regressionFigures(sums: ErrorSums, withTruth: number): Record<RegressionMetric, Figure> {
  const { count, errorSum, absoluteSum, squareSum, relativeSum } = sums;
  const lacking: Remark | undefined = count > 0 ? undefined : withTruth === 0 ? 'no_truth' : 'not_numbers';
  const known = (figure: Figure): Figure => (lacking === undefined ? figure : undefinedFigure(lacking));
  return {
    mae: known({ value: absoluteSum / count }),
    rmse: known({ value: Math.sqrt(squareSum / count) }),
    mape: known({ value: relativeSum / count }),
    r2: known(r2(sums)),
    bias: known({ value: errorSum / count }),
  };
}

/** r2_score with force_finite: constant truth gives 1 to a perfect prediction and 0 to any other. */
function r2({ count, squareSum, truthSquareSum }: ErrorSums): Figure {
  if (count < 2) return undefinedFigure('too_few');
  if (truthSquareSum === 0) return { value: squareSum === 0 ? 1 : 0, remark: 'constant_truth' };
  return { value: 1 - squareSum / truthSquareSum };
}
