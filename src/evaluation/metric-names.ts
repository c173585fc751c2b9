/** The metrics of an evaluation, by task. The order is that of answers. */
import { closestMatch } from 'leven';
import { BarographError } from '../base/errors.js';

const scoreMetrics = ['roc_auc', 'log_loss', 'brier'] as const;

export const binaryMetrics = [
  'accuracy',
  'precision',
  'recall',
  'f1',
  ...scoreMetrics,
  'tp',
  'fp',
  'fn',
  'tn',
] as const;
export const multiclassMetrics = ['accuracy', 'precision', 'recall', 'f1', ...scoreMetrics] as const;
export const regressionMetrics = ['mae', 'rmse', 'mape', 'r2', 'bias'] as const;

export type BinaryMetric = (typeof binaryMetrics)[number];
export type MulticlassMetric = (typeof multiclassMetrics)[number];
export type RegressionMetric = (typeof regressionMetrics)[number];
export type ScoreMetric = (typeof scoreMetrics)[number];
export type MetricName = BinaryMetric | RegressionMetric;

export const metricNames: readonly MetricName[] = [...binaryMetrics, ...regressionMetrics];

/** Reads a comma separated list. Throws `bad_request` for an unknown name, with the nearest known one. */
export function parseMetrics(text: string): readonly MetricName[] {
  const names = text.split(',').map((name) => name.trim());
  for (const name of names) {
    if ((metricNames as readonly string[]).includes(name)) continue;
    const nearest = closestMatch(name, metricNames);
    throw new BarographError('bad_request', `metrics: ${JSON.stringify(name)} is not a metric`, {
      hint: `Did you mean ${nearest}? Known: ${metricNames.join(', ')}.`,
    });
  }
  return [...new Set(names)] as MetricName[];
}

/** Whether an answer with these metrics needs the predictions' scores. */
export const needsScores = (names: readonly MetricName[]): boolean =>
  names.some((name) => (scoreMetrics as readonly string[]).includes(name));
