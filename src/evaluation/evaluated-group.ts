/** What the evaluation of a slice of time needs, whatever the task, and what it gives for each group. */
import type { ClassMetrics, EvaluationLimits, Metrics } from './evaluation.js';
import type { GroupAnswer, Grouping } from './groups.js';
import type { MetricName } from './metric-names.js';
import type { Figure, Remarks } from './remarks.js';
import type { Scope } from './scope.js';
import type { RunStatement } from './statement-runner.js';

export interface EvaluationContext {
  readonly run: RunStatement;
  /** Model, version, moment of knowledge, and the slice of time. */
  readonly scope: Scope;
  readonly grouping: Grouping;
  /** The metrics of each row, in their order. */
  readonly metrics: readonly MetricName[];
  readonly remarks: Remarks;
  readonly limits: EvaluationLimits;
  /** Most groups that the answer has room for. One more is read, so that "too many" shows. */
  readonly groupsMax: number;
}

export interface EvaluatedGroup {
  readonly group: GroupAnswer;
  readonly count: number;
  readonly withTruth: number;
  /** Rows with truth that a metric leaves out, for want of a class or value, and for want of a score. */
  readonly withoutPrediction: number;
  readonly withoutScore: number;
  readonly metrics: Metrics;
  readonly byClass?: Readonly<Record<string, ClassMetrics>>;
}

/** The metrics asked for, out of those that the task has. */
export function takeMetrics(
  { metrics, remarks }: EvaluationContext,
  figures: Readonly<Partial<Record<MetricName, Figure>>>,
): Metrics {
  const absent: Figure = { value: null, remark: 'not_of_task' };
  return Object.fromEntries(metrics.map((name) => [name, remarks.take(name, figures[name] ?? absent)]));
}
