/**
 * Metrics of a classifier from counts and sums. Pure. Each equals the function of scikit-learn (1.7 and later) that its
 * comment names, on the same rows.
 */
import type { ClassMetrics } from './evaluation.js';
import type { BinaryMetric, MulticlassMetric, ScoreMetric } from './metric-names.js';
import { type Figure, type Remark, undefinedFigure } from './remarks.js';

/** Predictions whose class and truth are both known, by what was said and what was so. */
export interface ConfusionCounts {
  readonly tp: number;
  readonly fp: number;
  readonly fn: number;
  readonly tn: number;
}

/** What the scores of predictions with truth add up to. */
export interface ScoreSums {
  readonly positives: number;
  readonly negatives: number;
  /**
   * Twice the Mann-Whitney statistic: over all pairs of a positive and a negative, 2 where the positive scores higher
   * and 1 where they tie.
   */
  readonly doubledWins: number;
  readonly logLossSum: number;
  /** Sum of squared differences between probability and outcome, over the classes that the score speaks of. */
  readonly squareSum: number;
  /** Scores outside 0 to 1. */
  readonly outside: number;
}

/** What a row with truth but without a class or score lacks. */
const judged = (count: number, withTruth: number): Remark | undefined =>
  count > 0 ? undefined : withTruth === 0 ? 'no_truth' : 'no_prediction';

const share = (part: number, whole: number, remark: Remark): Figure =>
  whole === 0 ? { value: 0, remark } : { value: part / whole };

/** accuracy_score, precision_score, recall_score and f1_score (zero_division 'warn': 0), and confusion_matrix. */
export function binaryFigures(
  { tp, fp, fn, tn }: ConfusionCounts,
  scores: ScoreSums,
  withTruth: number,
): Record<BinaryMetric, Figure> {
  const lacking = judged(tp + fp + fn + tn, withTruth);
  const known = (figure: Figure): Figure => (lacking === undefined ? figure : undefinedFigure(lacking));
  const scoreless = withTruth === 0 ? 'no_truth' : 'no_score';
  return {
    accuracy: known({ value: (tp + tn) / (tp + fp + fn + tn) }),
    precision: known(share(tp, tp + fp, 'nothing_predicted')),
    recall: known(share(tp, tp + fn, 'nothing_true')),
    f1: known(share(2 * tp, 2 * tp + fp + fn, 'nothing_true')),
    roc_auc: scores.positives + scores.negatives === 0 ? undefinedFigure(scoreless) : rocAuc(scores, 'one_class'),
    ...probabilityFigures(scores, scores.positives + scores.negatives, scoreless),
    tp: { value: tp },
    fp: { value: fp },
    fn: { value: fn },
    tn: { value: tn },
  };
}

/**
 * roc_auc_score: the Mann-Whitney statistic over the number of pairs, ties counted half. Source: J. A. Hanley, B. J. McNeil,
 * "The meaning and use of the area under a ROC curve", Radiology 143 (1982).
 */
function rocAuc({ doubledWins, positives, negatives }: RankSums, oneSided: Remark): Figure {
  if (positives === 0 || negatives === 0) return undefinedFigure(oneSided);
  return { value: doubledWins / (2 * positives) / negatives };
}

/** log_loss, and brier_score_loss with its default scaling. `scored` is the number of rows that the sums are over. */
function probabilityFigures(
  { logLossSum, squareSum, outside }: Pick<ScoreSums, 'logLossSum' | 'squareSum' | 'outside'>,
  scored: number,
  scoreless: Remark,
): Record<'log_loss' | 'brier', Figure> {
  const remark = scored === 0 ? scoreless : outside > 0 ? 'not_probability' : undefined;
  if (remark !== undefined) return { log_loss: undefinedFigure(remark), brier: undefinedFigure(remark) };
  return { log_loss: { value: logLossSum / scored }, brier: { value: squareSum / scored } };
}

type RankSums = Pick<ScoreSums, 'positives' | 'negatives' | 'doubledWins'>;

/** How often each class was predicted where each was true: counts by truth, then by prediction. */
export type ConfusionMatrix = ReadonlyMap<string, ReadonlyMap<string, number>>;

export interface MulticlassScores {
  /** Rows with truth and `scores`. */
  readonly scored: number;
  readonly logLossSum: number;
  readonly squareSum: number;
  readonly outside: number;
  /** By class, one against the rest; empty where ROC AUC was not asked for. */
  readonly ranks: ReadonlyMap<string, RankSums>;
}

/**
 * accuracy_score; precision, recall and f1 as precision_recall_fscore_support with average 'macro' over the classes that
 * the row's truth or predictions hold; roc_auc_score with multi_class 'ovr', average 'macro' and labels = all classes;
 * log_loss; brier_score_loss, which for three or more classes is the sum over the classes, from 0 to 2. Figures by class
 * are in the order given.
 */
export function multiclassFigures(
  matrix: ConfusionMatrix,
  scores: MulticlassScores,
  withTruth: number,
  classOrder: readonly string[],
): { figures: Record<MulticlassMetric, Figure>; byClass: Record<string, ClassMetrics> } {
  const tallies = tallyClasses(matrix);
  const total = sum([...tallies.values()].map(({ support }) => support));
  const lacking = judged(total, withTruth);
  const known = (figure: Figure): Figure => (lacking === undefined ? figure : undefinedFigure(lacking));
  const present = classOrder.filter((name) => tallies.has(name));
  const classes = present.map((name) => {
    const { tp, predicted, support } = tallies.get(name)!;
    return {
      name,
      support,
      precision: share(tp, predicted, 'nothing_predicted'),
      recall: share(tp, support, 'nothing_true'),
      f1: share(2 * tp, predicted + support, 'nothing_true'),
    };
  });
  const macro = (metric: 'precision' | 'recall' | 'f1') => known(mean(classes.map((each) => each[metric])));
  const figures = {
    accuracy: known({ value: sum([...tallies.values()].map(({ tp }) => tp)) / total }),
    precision: macro('precision'),
    recall: macro('recall'),
    f1: macro('f1'),
    ...multiclassScoreFigures(scores, withTruth),
  };
  const byClass = classes.map(({ name, precision, recall, f1, support }) => {
    const ranks = scores.ranks.get(name);
    const auc = ranks === undefined ? {} : { roc_auc: rocAuc(ranks, 'class_without_truth').value };
    return [name, { precision: precision.value, recall: recall.value, f1: f1.value, support, ...auc }] as const;
  });
  return { figures, byClass: Object.fromEntries(byClass) };
}

function multiclassScoreFigures(scores: MulticlassScores, withTruth: number): Record<ScoreMetric, Figure> {
  const scoreless = withTruth === 0 ? 'no_truth' : 'no_class_scores';
  return {
    roc_auc:
      scores.scored === 0
        ? undefinedFigure(scoreless)
        : mean([...scores.ranks.values()].map((ranks) => rocAuc(ranks, 'class_without_truth'))),
    ...probabilityFigures(scores, scores.scored, scoreless),
  };
}

interface ClassTally {
  tp: number;
  /** Times that it was predicted. */
  predicted: number;
  /** Times that it was true. */
  support: number;
}

function tallyClasses(matrix: ConfusionMatrix): Map<string, ClassTally> {
  const tallies = new Map<string, ClassTally>();
  const tally = (name: string): ClassTally => {
    const found = tallies.get(name) ?? { tp: 0, predicted: 0, support: 0 };
    tallies.set(name, found);
    return found;
  };
  for (const [truth, predictions] of matrix)
    for (const [prediction, count] of predictions) {
      tally(truth).support += count;
      tally(prediction).predicted += count;
      if (truth === prediction) tally(truth).tp += count;
    }
  return tallies;
}

/** The mean, undefined as soon as one of the figures is. */
function mean(figures: readonly Figure[]): Figure {
  const remark = figures.find((figure) => figure.remark !== undefined)?.remark;
  if (figures.some(({ value }) => value === null)) return undefinedFigure(remark ?? 'class_without_truth');
  const value = sum(figures.map((figure) => figure.value ?? 0)) / figures.length;
  return remark === undefined ? { value } : { value, remark };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
