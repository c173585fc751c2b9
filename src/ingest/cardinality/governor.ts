/**
 * Decides what a series is stored as when it is met for the first time: as it is, folded into another one, sent to the event
 * plane, or refused. Rules say so first, budgets after them. The answer is remembered by whoever asks, so that samples of
 * known series never come here.
 *
 * Invariants:
 * - A series that is stored keeps its samples, unless a rule says otherwise: budgets only concern new series.
 * - What a series is folded into is never stored directly: a sender's own `__other__`, or a series sent without a label that a rule
 *   drops, goes through the folder as well. So the folder is the only writer of its targets.
 * - Asking again about a series, stored or folded, is harmless.
 * - What is answered with `store`, or with `fold` to a new target, counts as stored at once: the caller adds it to the series
 *   index before it asks again.
 */
import type { Clock } from '../../base/clock.js';
import type { MetricType } from '../../model/sample-batch.js';
import type { SeriesPairs } from '../../series/index/series-pairs.js';
import type { Admission } from './admission.js';
import { type BudgetName, type CardinalityBudgets, checkBudgets } from './budgets.js';
import { type CardinalityReport, cardinalityReport } from './cardinality-report.js';
import type { GovernorState } from './governor-state.js';
import { uncountLabels } from './label-counting.js';
import { createLabelSpans, hasLabel, type LabelSpans, readLabels } from './label-spans.js';
import { createMetricState, type MetricState, metricFamily } from './metric-state.js';
import { createPressureGauge } from './pressure.js';
import { restoreSeries } from './restore-series.js';
import { type CardinalityRule, compileRules } from './rules.js';
import { admitSeries } from './series-admission.js';
import type { StoredSeries } from './stored-series.js';
import { budgetPlaces } from './value-places.js';

export interface GovernorOptions {
  readonly budgets: CardinalityBudgets;
  readonly rules: readonly CardinalityRule[];
  readonly series: StoredSeries;
  readonly clock: Clock;
  /** Type of a metric by its family's name, as senders told; undefined where none did. */
  readonly typeOf?: (metric: string) => MetricType | undefined;
  /** Labels that budgets never fold. Rules may. */
  readonly protectedLabels?: readonly string[];
  /** What a series costs, index and open chunks, for suggestions. */
  readonly bytesPerSeries?: number;
}

export interface Governor {
  /** What becomes of the series with these canonical, checked label bytes. They are not kept. */
  admit(labels: Uint8Array): Admission;
  /** Counts series that are in the index already: to be called once with each at a start. */
  restore(refs: Uint32Array, pairs: SeriesPairs): void;
  /** Uncounts a series, after it was taken out of the index. */
  forget(labels: Uint8Array): void;
  report(): CardinalityReport;
}

/** A guess: 300 bytes of index and an open chunk. Whoever has measured hands in what was. */
const defaultBytesPerSeries = 700;

/** Throws `bad_configuration` where a budget or a rule is not valid. */
export function createGovernor(options: GovernorOptions): Governor {
  const state = createState(options);
  const { spans, metrics, series } = state;
  return {
    admit: (labels) => admitSeries(state, labels),
    restore: (refs, pairs) => restoreSeries(refs, pairs, (family) => metricStateOf(state, family)),
    forget(labels) {
      readLabels(spans, labels);
      const family = familyOf(spans);
      const metric = metrics.get(family);
      if (metric === undefined) return;
      uncountLabels(spans, metric);
      if (series.seriesOfMetric(spans.metric) > 0) return;
      metric.members.delete(spans.metric);
      state.rulesByMetric.delete(spans.metric);
      if (metric.members.size === 0) metrics.delete(family);
    },
    report: () =>
      cardinalityReport({
        ...state,
        nowMs: state.clock.nowMs(),
        bytesPerSeries: options.bytesPerSeries ?? defaultBytesPerSeries,
      }),
  };
}

function createState(options: GovernorOptions): GovernorState {
  const { budgets, series, clock } = options;
  checkBudgets(budgets);
  const rules = compileRules(options.rules);
  return {
    budgets,
    series,
    clock,
    typeOf: options.typeOf ?? (() => undefined),
    rules,
    ruleCounts: rules.map(() => ({ hits: 0, lastMs: undefined })),
    counts: {
      stored: 0,
      folded: 0,
      routed: 0,
      rejectedByRule: 0,
      rejectedByBudget: new Map<BudgetName, number>(),
      splitGroups: 0,
    },
    spans: createLabelSpans(),
    metrics: new Map(),
    rulesByMetric: new Map(),
    places: budgetPlaces(budgets.valuesPerLabelMax),
    seriesPerMetricMax: budgets.seriesPerMetricMax,
    protectedLabels: new Set(options.protectedLabels),
    gauge: createPressureGauge(budgets, series),
  };
}

const familyOf = (spans: LabelSpans): string => metricFamily(spans.metric, hasLabel(spans, 'le'));

/** The state of a metric, made where there is none. */
function metricStateOf({ metrics }: GovernorState, family: string): MetricState {
  let metric = metrics.get(family);
  if (metric === undefined) {
    metric = createMetricState(family);
    metrics.set(family, metric);
  }
  return metric;
}
