/** What governance tells an operator: budgets and their use, what acts on what, what was done, and what would help. */
import type { BudgetName, CardinalityBudgets } from './budgets.js';
import { type ActingFold, displayName, type LabelState, labelsPerMetricMax, type MetricState } from './metric-state.js';
import type { RuleCount } from './rule-application.js';
import { type RuleSuggestion, ruleSuggestions, type SuggestionSource } from './rule-suggestions.js';
import type { CardinalityRule } from './rules.js';
import type { StoredSeries } from './stored-series.js';
import { budgetPlaces } from './value-places.js';

export interface BudgetUse {
  readonly budget: BudgetName;
  readonly limit: number;
  /** Of a budget per metric or label: of the one that uses most. */
  readonly used: number;
  readonly metric?: string;
  readonly label?: string;
}

export interface ActingBudget {
  readonly metric: string;
  readonly label: string;
  readonly budget: BudgetName;
  readonly sinceMs: number;
  /** When a series was folded because of it for the last time. */
  readonly lastMs: number;
  /** Times that a series was folded; one that is met again counts again. */
  readonly seriesFolded: number;
  /** Distinct values folded: exact up to 48, else within some 6.5 %. */
  readonly valuesFolded: number;
  /** Distinct values that kept series of their own. */
  readonly valuesKept: number;
}

export interface RuleUse {
  readonly rule: CardinalityRule;
  /** Series met that the rule changed, refused or routed. */
  readonly hits: number;
  readonly lastMs: number | undefined;
}

export interface GovernorCounts {
  /** Series met for the first time that were stored as they are. */
  stored: number;
  /** Times that a series was folded, by rules and budgets. */
  folded: number;
  routed: number;
  rejectedByRule: number;
  readonly rejectedByBudget: Map<BudgetName, number>;
  /** Parts of a histogram or summary that could not be judged as its other parts were. */
  splitGroups: number;
}

export interface CardinalityReport {
  readonly budgets: readonly BudgetUse[];
  readonly acting: readonly ActingBudget[];
  readonly rules: readonly RuleUse[];
  readonly counts: Readonly<GovernorCounts>;
  readonly suggestions: readonly RuleSuggestion[];
}

export interface ReportSource extends SuggestionSource {
  readonly budgets: CardinalityBudgets;
  readonly ruleCounts: readonly RuleCount[];
  readonly counts: GovernorCounts;
  readonly series: StoredSeries;
}

export function cardinalityReport(source: ReportSource): CardinalityReport {
  const { metrics, rules, ruleCounts, counts } = source;
  return {
    budgets: budgetUses(source),
    acting: [...metrics.values()].flatMap((metric) => actingBudgets(metric, source.budgets)),
    rules: rules.map(({ rule, index }) => ({ rule, ...ruleCounts[index]! })),
    counts: { ...counts, rejectedByBudget: new Map(counts.rejectedByBudget) },
    suggestions: ruleSuggestions(source),
  };
}

function budgetUses({ budgets, metrics, gauge, series, nowMs }: ReportSource): BudgetUse[] {
  let perMetric: BudgetUse = { budget: 'series_per_metric', limit: budgets.seriesPerMetricMax, used: 0 };
  let perLabel: BudgetUse = { budget: 'values_per_label', limit: budgets.valuesPerLabelMax, used: 0 };
  let labels: BudgetUse = { budget: 'labels_per_metric', limit: labelsPerMetricMax, used: 0 };
  for (const metric of metrics.values()) {
    const used = gauge.seriesOf(metric);
    if (used > perMetric.used) perMetric = { ...perMetric, used, metric: displayName(metric) };
    if (metric.labels.size > labels.used) labels = { ...labels, used: metric.labels.size, metric: displayName(metric) };
    for (const { name, values } of metric.labels.values())
      if (values.size > perLabel.used)
        perLabel = { ...perLabel, used: values.size, metric: displayName(metric), label: name };
  }
  const pace = Math.round(gauge.newSeriesPerMinute(nowMs));
  return [
    { budget: 'series', limit: budgets.seriesMax, used: series.seriesCount },
    perMetric,
    perLabel,
    { budget: 'new_series_per_minute', limit: budgets.newSeriesPerMinuteMax, used: pace },
    labels,
  ];
}

function actingBudgets(metric: MetricState, budgets: CardinalityBudgets): ActingBudget[] {
  const { firstComeMax } = budgetPlaces(budgets.valuesPerLabelMax);
  const acting = (label: LabelState, fold: ActingFold): ActingBudget => ({
    metric: displayName(metric),
    label: label.name,
    budget: fold.budget,
    sinceMs: fold.sinceMs,
    lastMs: fold.lastMs,
    seriesFolded: fold.folded,
    valuesFolded: fold.values.estimate(),
    valuesKept: label.values.size,
  });
  return [...metric.labels.values()].flatMap((label) => [
    ...(label.valueFold !== undefined && label.values.size >= firstComeMax ? [acting(label, label.valueFold)] : []),
    ...(label.seriesFold !== undefined ? [acting(label, label.seriesFold)] : []),
  ]);
}
