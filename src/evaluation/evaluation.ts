/** A retrospective evaluation: what is asked, and what is answered. */
import type { CohortSpec } from './cohort-spec.js';
import type { Every } from './every.js';
import type { MetricName } from './metric-names.js';

export type Task = 'classification' | 'regression';

export interface EvaluationRequest {
  readonly model: string;
  /** Absent: all versions together. */
  readonly version?: string;
  /** Inclusive, epoch ms. Absent: the first prediction. */
  readonly fromMs?: number;
  /** Exclusive, epoch ms. Absent: just after the last prediction. */
  readonly toMs?: number;
  readonly every: Every;
  readonly by: readonly CohortSpec[];
  /** Absent: all that apply to the task. */
  readonly metrics?: readonly MetricName[];
  /** Evaluates with the truth known at that moment, epoch ms. */
  readonly asOfMs?: number;
  readonly positive?: string;
  readonly task: Task | 'auto';
}

/** Bounds of one evaluation. */
export interface EvaluationLimits {
  /** Most rows of an answer: buckets times cohorts. Past it, `query_too_large`. */
  readonly rowsMax: number;
  /** Longest time for all statements together, milliseconds. Past it, `query_timeout`. */
  readonly timeMsMax: number;
  /** Most memory of one statement in the engine, bytes. Past it, `query_memory`. */
  readonly memoryBytesMax: number;
}

/** One class of one row. A share is null where it is undefined. */
export interface ClassMetrics {
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
  /** Truths of this class. */
  readonly support: number;
  /** One against the rest; only where probabilities by class were given. */
  readonly roc_auc?: number | null;
}

export type Metrics = Readonly<Partial<Record<MetricName, number | null>>>;

export interface EvaluationRow {
  readonly fromMs: number;
  readonly toMs: number;
  /** Value by column name; null where a prediction has none. */
  readonly cohort: Readonly<Record<string, string | null>>;
  readonly count: number;
  readonly withTruth: number;
  readonly metrics: Metrics;
  readonly byClass?: Readonly<Record<string, ClassMetrics>>;
}

export interface Evaluation {
  readonly model: string;
  readonly version: string | null;
  readonly task: Task;
  readonly taskReason: string;
  /** The positive class where there are two; else null. */
  readonly positive: string | null;
  readonly positiveReason: string | null;
  /** In scikit-learn's order: by number where all are numbers, else by text. Empty for a regression. */
  readonly classes: readonly string[];
  /** Null where nothing was asked for and there is no prediction. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly every: string;
  readonly asOfMs: number | null;
  /** Names of the cohort columns. */
  readonly by: readonly string[];
  /** The metrics of every row. */
  readonly metrics: readonly MetricName[];
  /** By time, then by cohort. Buckets and cohorts without a prediction are not listed. */
  readonly rows: readonly EvaluationRow[];
  /** Sentences on what is null or was left out, and why. */
  readonly notes: readonly string[];
}
