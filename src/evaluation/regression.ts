/** Evaluates a regression: one statement a slice of time, one line of its answer a group. */
import { type EvaluatedGroup, type EvaluationContext, takeMetrics } from './evaluated-group.js';
import { type GroupAnswer, groupColumns, groupNames } from './groups.js';
import { labelledPredictionsSql } from './labelled-predictions.js';
import { regressionFigures } from './regression-metrics.js';
import { scopeParams } from './scope.js';

interface RegressionAnswer extends GroupAnswer {
  readonly count: string;
  readonly with_truth: string;
  readonly pairs: string;
  readonly error_sum: number | null;
  readonly absolute_sum: number | null;
  readonly square_sum: number | null;
  readonly relative_sum: number | null;
  readonly truth_variance: number | null;
}

/** `origin` is any value near the truths: their variance is computed from it, lest it drown in their distance from 0. */
export async function evaluateRegression(context: EvaluationContext, origin: number): Promise<EvaluatedGroup[]> {
  const { scope, grouping, groupsMax } = context;
  const answers = await context.run<RegressionAnswer>(regressionStatement(context), {
    ...scopeParams(scope),
    ...groupColumns(grouping).params,
    epsilon: Number.EPSILON,
    origin,
    groupsRead: groupsMax + 1,
  });
  return answers.map((group) => {
    const withTruth = Number(group.with_truth);
    const pairs = Number(group.pairs);
    const sums = {
      count: pairs,
      errorSum: group.error_sum ?? 0,
      absoluteSum: group.absolute_sum ?? 0,
      squareSum: group.square_sum ?? 0,
      relativeSum: group.relative_sum ?? 0,
      truthSquareSum: (group.truth_variance ?? 0) * pairs,
    };
    return {
      group,
      count: Number(group.count),
      withTruth,
      withoutPrediction: withTruth - pairs,
      withoutScore: 0,
      metrics: takeMetrics(context, regressionFigures(sums, withTruth)),
    };
  });
}

/** An error is null, and in no sum, unless prediction and truth are both numbers. Sums compensate for rounding. */
function regressionStatement({ scope, grouping }: EvaluationContext): string {
  const groups = groupNames(grouping).join(', ');
  const columns = [...groupColumns(grouping).columns, 'prediction_number'];
  return `SELECT
  ${groups},
  count() AS count, countIf(known) AS with_truth, count(error) AS pairs,
  sumKahan(error) AS error_sum,
  sumKahan(abs(error)) AS absolute_sum,
  sumKahan(error * error) AS square_sum,
  sumKahan(abs(error) / greatest(abs(label_number), {epsilon:Float64})) AS relative_sum,
  varPopStableIf(label_number - {origin:Float64}, error IS NOT NULL) AS truth_variance
FROM (
  SELECT *, prediction_number - label_number AS error
  FROM ${labelledPredictionsSql(scope, columns, ['label_number'])}
)
GROUP BY ${groups}
LIMIT {groupsRead:UInt64}`;
}
