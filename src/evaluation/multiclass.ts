/**
 * Evaluates a classifier of three or more classes: a statement for what was said where what was so, and where probabilities
 * by class were given and ROC AUC is asked for, one for each class against the rest.
 */
import { BarographError } from '../base/errors.js';
import { type ConfusionMatrix, type MulticlassScores, multiclassFigures } from './classification-metrics.js';
import { type EvaluatedGroup, type EvaluationContext, takeMetrics } from './evaluated-group.js';
import { type GroupAnswer, groupAnswers, groupColumns, groupKey, groupNames, tooManyRows } from './groups.js';
import { labelledPredictionsSql } from './labelled-predictions.js';
import { needsScores } from './metric-names.js';
import { clippedSql } from './probability-sql.js';
import { scopeParams } from './scope.js';
import { classOfNumber } from './task.js';

/** Rows of a group with the same prediction and the same truth. */
interface CellAnswer extends GroupAnswer {
  readonly prediction_text: string;
  readonly prediction_number: number | null;
  readonly label_text: string;
  readonly label_number: number | null;
  readonly known: boolean;
  readonly times: string;
  readonly scored: string;
  readonly log_loss_sum: number;
  readonly square_sum: number;
  readonly outside: string;
}

/** One class against the rest, in a group. */
interface RankAnswer extends GroupAnswer {
  readonly class: string;
  readonly positives: string;
  readonly negatives: string;
  readonly doubled_wins: string;
}

/** Pairs of prediction and truth, all groups together, that are read at most; some 200 MB. */
const cellsMax = 500_000;

export async function evaluateMulticlass(
  context: EvaluationContext,
  classes: readonly string[],
): Promise<EvaluatedGroup[]> {
  const { grouping, limits, groupsMax } = context;
  const params = { ...scopeParams(context.scope), ...groupColumns(grouping).params };
  const cells = await context.run<CellAnswer>(cellStatement(context), {
    ...params,
    epsilon: Number.EPSILON,
    cellsMax: cellsMax + 1,
  });
  if (cells.length > cellsMax) throw tooManyCells();
  const groups = groupAnswers(grouping, cells);
  if (groups.size > groupsMax) throw tooManyRows(limits);
  const wantsRanks = context.metrics.includes('roc_auc') && cells.some(({ scored }) => Number(scored) > 0);
  const ranks = wantsRanks
    ? await context.run<RankAnswer>(rankStatement(context), {
        ...params,
        classes,
        ranksMax: groups.size * classes.length,
      })
    : [];
  const ranksByGroup = groupAnswers(grouping, ranks);
  return [...groups.values()].map((lines) =>
    evaluatedGroup(context, classes, lines, ranksOf(ranksByGroup.get(groupKey(grouping, lines[0]!)) ?? [])),
  );
}

function evaluatedGroup(
  context: EvaluationContext,
  classes: readonly string[],
  cells: readonly CellAnswer[],
  ranks: MulticlassScores['ranks'],
): EvaluatedGroup {
  const known = cells.filter((cell) => cell.known);
  const withTruth = total(known, 'times');
  const scored = total(known, 'scored');
  const scores = {
    scored,
    logLossSum: known.reduce((sum, cell) => sum + cell.log_loss_sum, 0),
    squareSum: known.reduce((sum, cell) => sum + cell.square_sum, 0),
    outside: total(known, 'outside'),
    ranks,
  };
  const matrix = confusionMatrixOf(known);
  const { figures, byClass } = multiclassFigures(matrix, scores, withTruth, classes);
  const judged = [...matrix.values()].flatMap((row) => [...row.values()]).reduce((sum, count) => sum + count, 0);
  return {
    group: cells[0]!,
    count: total(cells, 'times'),
    withTruth,
    withoutPrediction: withTruth - judged,
    withoutScore: needsScores(context.metrics) ? withTruth - scored : 0,
    metrics: takeMetrics(context, figures),
    byClass,
  };
}

const total = (cells: readonly CellAnswer[], name: 'times' | 'scored' | 'outside'): number =>
  cells.reduce((sum, cell) => sum + Number(cell[name]), 0);

const classOf = (text: string, number: number | null): string | undefined =>
  text !== '' ? text : number === null ? undefined : classOfNumber(number);

function confusionMatrixOf(cells: readonly CellAnswer[]): ConfusionMatrix {
  const matrix = new Map<string, Map<string, number>>();
  for (const cell of cells) {
    const prediction = classOf(cell.prediction_text, cell.prediction_number);
    const truth = classOf(cell.label_text, cell.label_number);
    if (prediction === undefined || truth === undefined) continue;
    const row = matrix.get(truth) ?? new Map<string, number>();
    matrix.set(truth, row.set(prediction, (row.get(prediction) ?? 0) + Number(cell.times)));
  }
  return matrix;
}

const ranksOf = (answers: readonly RankAnswer[]): MulticlassScores['ranks'] =>
  new Map(
    answers.map((answer) => [
      answer.class,
      {
        positives: Number(answer.positives),
        negatives: Number(answer.negatives),
        doubledWins: Number(answer.doubled_wins),
      },
    ]),
  );

const tooManyCells = (): BarographError =>
  new BarographError('query_too_large', `the evaluation has more than ${cellsMax} pairs of prediction and truth`, {
    hint: 'Ask for a larger every, a shorter range, or split by columns with fewer values.',
  });

const truthColumns = ['label_text', 'label_number'];

/** The class of a truth as text, to find its probability by. */
const truthClass = "if(label_text != '', label_text, toString(assumeNotNull(label_number)))";

/** A class that is not in `scores` has probability 0. */
function cellStatement({ scope, grouping, metrics }: EvaluationContext): string {
  const groups = groupNames(grouping).join(', ');
  const cell = `${groups}, prediction_text, prediction_number, label_text, label_number, known`;
  const columns = [...groupColumns(grouping).columns, 'prediction_text', 'prediction_number'];
  if (!needsScores(metrics))
    return `SELECT ${cell}, count() AS times, 0 AS scored, 0 AS log_loss_sum, 0 AS square_sum, 0 AS outside
FROM ${labelledPredictionsSql(scope, columns, truthColumns)}
GROUP BY ${cell}
LIMIT {cellsMax:UInt64}`;
  return `SELECT
  ${cell},
  count() AS times, countIf(has_scores) AS scored,
  sumKahanIf(-log(${clippedSql('truth_probability')}), has_scores) AS log_loss_sum,
  sumKahanIf(square, has_scores) AS square_sum,
  countIf(has_scores AND is_outside) AS outside
FROM (
  SELECT
    *, known AND notEmpty(scores) AS has_scores,
    ${truthClass} AS truth_class,
    scores[truth_class] AS truth_probability,
    (1 - truth_probability) * (1 - truth_probability)
      + arraySum((name, probability) -> if(name = truth_class, 0, probability * probability), mapKeys(scores), mapValues(scores))
      AS square,
    arrayExists(probability -> probability < 0 OR probability > 1, mapValues(scores)) AS is_outside
  FROM ${labelledPredictionsSql(scope, [...columns, 'scores'], truthColumns)}
)
GROUP BY ${cell}
LIMIT {cellsMax:UInt64}`;
}

/** As in a classifier of two classes, each class in turn being the positive one. */
function rankStatement({ scope, grouping }: EvaluationContext): string {
  const groups = groupNames(grouping).join(', ');
  return `SELECT
  ${groups}, class,
  sum(pos) AS positives, sum(neg) AS negatives,
  sum(pos * (2 * negatives_upto - neg)) AS doubled_wins
FROM (
  SELECT
    *,
    sum(neg) OVER (
      PARTITION BY ${groups}, class
      ORDER BY probability
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS negatives_upto
  FROM (
    SELECT
      ${groups}, class, scores[class] AS probability,
      countIf(${truthClass} = class) AS pos, countIf(${truthClass} != class) AS neg
    FROM (
      SELECT *
      FROM ${labelledPredictionsSql(scope, [...groupColumns(grouping).columns, 'scores'], truthColumns)}
      WHERE known AND notEmpty(scores)
    )
    ARRAY JOIN {classes:Array(String)} AS class
    GROUP BY ${groups}, class, probability
  )
)
GROUP BY ${groups}, class
LIMIT {ranksMax:UInt64}`;
}
