/** Evaluates a classifier of two classes: one statement a slice of time, one line of its answer a group. */
import { binaryFigures, type ConfusionCounts, type ScoreSums } from './classification-metrics.js';
import { type EvaluatedGroup, type EvaluationContext, takeMetrics } from './evaluated-group.js';
import { type GroupAnswer, groupColumns, groupNames } from './groups.js';
import { labelledPredictionsSql } from './labelled-predictions.js';
import { needsScores } from './metric-names.js';
import { clippedSql } from './probability-sql.js';
import { scopeParams } from './scope.js';
import { classOfNumber } from './task.js';

interface BinaryAnswer extends GroupAnswer {
  readonly count: string;
  readonly with_truth: string;
  readonly without_prediction: string;
  readonly tp: string;
  readonly fp: string;
  readonly fn: string;
  readonly tn: string;
  readonly positives: string;
  readonly negatives: string;
  readonly doubled_wins: string;
  readonly log_loss_sum: number;
  readonly square_sum: number;
  readonly outside: string;
}

export async function evaluateBinary(context: EvaluationContext, positive: string): Promise<EvaluatedGroup[]> {
  const { scope, grouping, metrics, groupsMax } = context;
  const answers = await context.run<BinaryAnswer>(binaryStatement(context, positive), {
    ...scopeParams(scope),
    ...groupColumns(grouping).params,
    positive,
    positiveNumber: Number(positive),
    epsilon: Number.EPSILON,
    groupsRead: groupsMax + 1,
  });
  return answers.map((group) => {
    const withTruth = Number(group.with_truth);
    const scores = scoreSumsOf(group);
    return {
      group,
      count: Number(group.count),
      withTruth,
      withoutPrediction: Number(group.without_prediction),
      withoutScore: needsScores(metrics) ? withTruth - scores.positives - scores.negatives : 0,
      metrics: takeMetrics(context, binaryFigures(confusionCountsOf(group), scores, withTruth)),
    };
  });
}

const confusionCountsOf = ({ tp, fp, fn, tn }: BinaryAnswer): ConfusionCounts => ({
  tp: Number(tp),
  fp: Number(fp),
  fn: Number(fn),
  tn: Number(tn),
});

const scoreSumsOf = (answer: BinaryAnswer): ScoreSums => ({
  positives: Number(answer.positives),
  negatives: Number(answer.negatives),
  doubledWins: Number(answer.doubled_wins),
  logLossSum: answer.log_loss_sum,
  squareSum: answer.square_sum,
  outside: Number(answer.outside),
});

/** Whether a value, kept as text or as a number, is the positive class. */
const isPositiveSql = (positive: string, text: string, number: string): string =>
  classOfNumber(Number(positive)) === positive
    ? `(${text} = {positive:String} OR ifNull(${number} = {positiveNumber:Float64}, false))`
    : `${text} = {positive:String}`;

function labelledSql({ scope, grouping, metrics }: EvaluationContext, positive: string): string {
  // A probability by class stands in for a score that was not given.
  const score = needsScores(metrics)
    ? 'ifNull(score, if(mapContains(scores, {positive:String}), scores[{positive:String}], NULL))'
    : "CAST(NULL, 'Nullable(Float64)')";
  return labelledPredictionsSql(
    scope,
    [
      ...groupColumns(grouping).columns,
      "(prediction_text != '' OR prediction_number IS NOT NULL) AS has_prediction",
      `${isPositiveSql(positive, 'prediction_text', 'prediction_number')} AS says_positive`,
      `${score} AS given_score`,
    ],
    [`${isPositiveSql(positive, 'label_text', 'label_number')} AS is_positive`],
  );
}

/**
 * The rows of a group that share a score become one, with its counts. A running sum over those by score gives each the
 * number of negatives at or below it, and so the Mann-Whitney statistic in whole numbers, ties included; every other
 * figure is a sum over the same rows. Rows without a score come last in that order and are in no sum of scores.
 */
function binaryStatement(context: EvaluationContext, positive: string): string {
  const groups = groupNames(context.grouping).join(', ');
  return `SELECT
  ${groups},
  sum(times) AS count, sum(known_times) AS with_truth, sum(unpredicted) AS without_prediction,
  sum(true_positives) AS tp, sum(false_positives) AS fp, sum(false_negatives) AS fn, sum(true_negatives) AS tn,
  sumIf(pos, scored) AS positives, sumIf(neg, scored) AS negatives,
  sumIf(pos * (2 * negatives_upto - neg), scored) AS doubled_wins,
  sumKahanIf(-pos * log(${clippedSql('s')}) - neg * log(${clippedSql('1 - s')}), scored) AS log_loss_sum,
  sumKahanIf(pos * (1 - s) * (1 - s) + neg * s * s, scored) AS square_sum,
  sumIf(pos + neg, scored AND (s < 0 OR s > 1)) AS outside
FROM (
  SELECT
    *, given_score IS NOT NULL AS scored, assumeNotNull(given_score) AS s,
    sum(neg) OVER (
      PARTITION BY ${groups}
      ORDER BY given_score ASC NULLS LAST
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS negatives_upto
  FROM (
    SELECT
      ${groups}, given_score,
      count() AS times, countIf(known) AS known_times, countIf(known AND NOT has_prediction) AS unpredicted,
      countIf(known AND has_prediction AND says_positive AND is_positive) AS true_positives,
      countIf(known AND has_prediction AND says_positive AND NOT is_positive) AS false_positives,
      countIf(known AND has_prediction AND NOT says_positive AND is_positive) AS false_negatives,
      countIf(known AND has_prediction AND NOT says_positive AND NOT is_positive) AS true_negatives,
      countIf(known AND is_positive) AS pos, countIf(known AND NOT is_positive) AS neg
    FROM ${labelledSql(context, positive)}
    GROUP BY ${groups}, given_score
  )
)
GROUP BY ${groups}
LIMIT {groupsRead:UInt64}`;
}
