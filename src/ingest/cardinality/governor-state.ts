import type { Clock } from '../../base/clock.js';
import type { MetricType } from '../../model/sample-batch.js';
import type { BudgetContext } from './budget-folding.js';
import type { CardinalityBudgets } from './budgets.js';
import type { GovernorCounts } from './cardinality-report.js';
import type { LabelSpans } from './label-spans.js';
import type { MetricState } from './metric-state.js';
import type { RuleCount } from './rule-application.js';
import type { CompiledRule } from './rules.js';

/** All that the governor knows. */
export interface GovernorState extends BudgetContext {
  readonly budgets: CardinalityBudgets;
  readonly clock: Clock;
  readonly typeOf: (metric: string) => MetricType | undefined;
  readonly rules: readonly CompiledRule[];
  readonly ruleCounts: readonly RuleCount[];
  readonly counts: GovernorCounts;
  /** The series in question. */
  readonly spans: LabelSpans;
  /** By family; only of metrics that series are stored of, whose number is bounded with theirs. */
  readonly metrics: Map<string, MetricState>;
  /** The rules that match a metric that series are stored of, by its own name. */
  readonly rulesByMetric: Map<string, readonly CompiledRule[]>;
}
