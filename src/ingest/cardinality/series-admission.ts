/** The governor's decision about one series, step by step: rules, what is stored already, budgets. */

import type { Admission } from './admission.js';
import { type BudgetFold, foldAgain, foldByBudgets, liftFolds, type SeriesDraft } from './budget-folding.js';
import type { BudgetName } from './budgets.js';
import { aggregateOf } from './fold-aggregate.js';
import type { GovernorState } from './governor-state.js';
import { countLabels, groupHash } from './label-counting.js';
import { hasLabel, isOther, type LabelSpans, readLabels, writeDraft } from './label-spans.js';
import { createMetricState, type MetricState, metricFamily } from './metric-state.js';
import { applyRules } from './rule-application.js';
import { type CompiledRule, labelOf } from './rules.js';

/** So many histograms and summaries of one metric are remembered while their parts come in. A guess: some requests' worth. */
const groupsMax = 1_024;
const stored: Admission = { kind: 'store' };

/** A series, and what is known of it before budgets are asked. */
interface Candidate {
  readonly family: string;
  readonly rules: readonly CompiledRule[];
  /** Others are folded into it, or may be, though its labels stay as they are. */
  readonly isTarget: boolean;
}

/** What becomes of the series with these canonical label bytes. */
export function admitSeries(state: GovernorState, labels: Uint8Array): Admission {
  const { spans, series, metrics } = state;
  readLabels(spans, labels);
  const family = metricFamily(spans.metric, hasLabel(spans, 'le'));
  const metric = metrics.get(family);
  const rules = rulesOf(state, family, metric !== undefined);
  const outcome = applyRules(rules, spans, metric, (rule) => countHit(state, rule));
  if (outcome.whole !== undefined) return wholeSeries(state, outcome.whole);
  const candidate: Candidate = { family, rules, isTarget: outcome.isTarget || hasOther(spans) };
  const isStored = series.hasSeries(labels);
  if (!spans.isChanged && isStored)
    return candidate.isTarget ? foldInto(state, candidate, new Uint8Array(labels), false) : stored;
  if (spans.isChanged) {
    const target = writeDraft(spans);
    if (series.hasSeries(target)) return foldInto(state, candidate, target, isStored);
  }
  return admitNew(state, candidate, labels, isStored);
}

/** The rules that match a metric; remembered for metrics that have series, whose number is bounded. */
function rulesOf(state: GovernorState, family: string, isKnown: boolean): readonly CompiledRule[] {
  const { spans, rules, rulesByMetric } = state;
  if (rules.length === 0) return rules;
  const known = rulesByMetric.get(spans.metric);
  if (known !== undefined) return known;
  const matching = rules.filter(({ matches }) => matches(spans.metric) || (family !== spans.metric && matches(family)));
  if (isKnown) rulesByMetric.set(spans.metric, matching);
  return matching;
}

function countHit({ ruleCounts, clock }: GovernorState, { index }: CompiledRule): void {
  const count = ruleCounts[index]!;
  count.hits++;
  count.lastMs = clock.nowMs();
}

function wholeSeries({ counts, spans }: GovernorState, { rule, index }: CompiledRule): Admission {
  if (rule.action === 'route') {
    counts.routed++;
    return { kind: 'route' };
  }
  counts.rejectedByRule++;
  const label = labelOf(rule);
  const what = label === undefined ? spans.metric : `${spans.metric} with label ${label}`;
  return { kind: 'reject', code: 'rejected_by_rule', message: `${what} is refused by cardinality rule ${index + 1}` };
}

function foldInto(
  { spans, counts, typeOf }: GovernorState,
  { family, rules }: Candidate,
  target: Uint8Array,
  hadSeries: boolean,
): Admission {
  counts.folded++;
  const folded = {
    metric: spans.metric,
    type: typeOf(spans.metric) ?? typeOf(family),
    hasLe: hasLabel(spans, 'le'),
    hasQuantile: hasLabel(spans, 'quantile'),
  };
  const forGauges = rules.find(({ rule }) => rule.aggregate !== undefined)?.rule.aggregate;
  return { kind: 'fold', target, aggregate: aggregateOf(folded, forGauges), hadSeries };
}

/** What becomes of a series that is not stored under the labels of its draft. `isStored` says whether it is under its own. */
function admitNew(state: GovernorState, candidate: Candidate, labels: Uint8Array, isStored: boolean): Admission {
  const { spans, gauge, clock } = state;
  const nowMs = clock.nowMs();
  const known = state.metrics.get(candidate.family);
  const pressure = gauge.of(known, nowMs);
  if (known === undefined && pressure.level === 3) return overBudget(state, pressure.budget);
  const metric = known ?? createMetricState(candidate.family);
  const draft: SeriesDraft = { context: state, spans, metric, pressure, nowMs };
  liftFolds(draft);
  const fold = foldAlike(state, draft, candidate.family);
  if (fold === undefined) return overBudget(state, pressure.budget);
  const isFolded = spans.isChanged || candidate.isTarget;
  const target = spans.isChanged ? writeDraft(spans) : new Uint8Array(labels);
  if (!fold.isStored) countStored(state, metric, target, isFolded, nowMs);
  if (isFolded) return foldInto(state, candidate, target, isStored);
  state.counts.stored++;
  return stored;
}

/** Folds the parts of one histogram or summary alike, as far as there is room. */
function foldAlike({ spans, counts }: GovernorState, draft: SeriesDraft, family: string): BudgetFold | undefined {
  const group = groupHash(spans, family);
  if (group === undefined) return foldByBudgets(draft);
  const { groups } = draft.metric;
  const before = groups.get(group);
  const again = before && foldAgain(draft, before);
  if (before !== undefined && again === undefined) counts.splitGroups++;
  const fold = again ?? foldByBudgets(draft);
  if (fold === undefined) return undefined;
  groups.delete(group);
  groups.set(group, fold.folded);
  if (groups.size > groupsMax) groups.delete(groups.keys().next().value!);
  return fold;
}

/** Counts a series that is new in the index, under the labels that it is stored under. */
function countStored(
  { spans, metrics, gauge }: GovernorState,
  metric: MetricState,
  labels: Uint8Array,
  isFolded: boolean,
  nowMs: number,
): void {
  metrics.set(metric.name, metric);
  // Where it is not folded, its labels are those that were read.
  if (isFolded) readLabels(spans, labels);
  countLabels(spans, metric, nowMs);
  gauge.count(metric, nowMs);
  if (isFolded) metric.targetsSinceFold++;
}

function overBudget({ counts, spans, series, budgets }: GovernorState, budget: BudgetName): Admission {
  counts.rejectedByBudget.set(budget, (counts.rejectedByBudget.get(budget) ?? 0) + 1);
  const limits: Readonly<Partial<Record<BudgetName, string>>> = {
    series: `${series.seriesCount} series are stored, of at most ${budgets.seriesMax}`,
    series_per_metric: `a metric may have ${budgets.seriesPerMetricMax} series`,
    new_series_per_minute: `at most ${budgets.newSeriesPerMinuteMax} new series are taken a minute`,
  };
  return {
    kind: 'reject',
    code: 'over_cardinality_budget',
    message: `a new series of ${spans.metric} is over budget, and no label of it can be folded: ${limits[budget]}`,
  };
}

function hasOther(spans: LabelSpans): boolean {
  for (let label = 0; label < spans.count; label++)
    if (spans.replacements[label] === undefined && isOther(spans, label)) return true;
  return false;
}
