/**
 * What is known of a metric for its governance. A histogram or a summary is one metric here: its `_bucket`, `_sum` and
 * `_count` series share the state, so that they are folded alike.
 *
 * The state is made of counts and sketches, no texts of values: about 300 bytes for each label, and 8 to 16 for each
 * distinct value that stored series carry.
 */

import type { BudgetName } from './budgets.js';
import { createDecayedCount, type DecayedCount } from './decayed-count.js';
import { createDistinctSketch, type DistinctSketch } from './distinct-sketch.js';
import type { HeavyHitters } from './heavy-hitters.js';
import { createMinuteCount, type MinuteCount } from './minute-count.js';
import { createValueCounts, type ValueCounts } from './value-counts.js';

/** A budget that acts on a label. */
export interface ActingFold {
  readonly budget: BudgetName;
  readonly sinceMs: number;
  lastMs: number;
  /** Series that were folded because of it; one that is met again is counted again. */
  folded: number;
  /** Distinct values that were folded. */
  readonly values: DistinctSketch;
}

/** How a metric looked, by its sketches. */
export interface MetricShape {
  /** Series stored. */
  readonly series: number;
  /** The same, those that differ only in `le`, `quantile` or the ending of their name taken as one. */
  readonly distinct: number;
  /** How many of these there would be without the label. */
  readonly distinctWithout: number;
}

export interface LabelState {
  readonly name: string;
  /** Values of stored series. */
  readonly values: ValueCounts;
  /** Values that were new of late, whether a series carries them or not. */
  readonly recentValues: DecayedCount;
  /** Distinct series of the window, were this label not there. */
  seriesWithout: DistinctSketch;
  /** Distinct series of the window that came before the label was seen. */
  seriesBefore: number;
  /** Which values are asked for again and again; there once the first places are taken. */
  hitters: HeavyHitters | undefined;
  lastAskedHash: number;
  /** Hash of the label's pair in the series that is being counted, 0 between two of them. */
  pair: number;
  /** The budget of values acts on the label. */
  valueFold: ActingFold | undefined;
  /** A budget of series acts on the label; it is in `folds` then. */
  seriesFold: ActingFold | undefined;
  /** How the metric looked when that fold began; its window has begun anew since. */
  shapeAtFold: MetricShape | undefined;
}

export interface MetricState {
  /** The metric's name; that of a histogram or summary without the ending of its parts. */
  readonly name: string;
  /** Names of metrics that series are stored under. */
  readonly members: Set<string>;
  readonly labels: Map<string, LabelState>;
  /** Distinct series of the window: it begins anew when a fold begins, so that what grows now stands out. */
  series: DistinctSketch;
  readonly recentSeries: DecayedCount;
  readonly minuteSeries: MinuteCount;
  /** Labels that are folded because of budgets of series, the worst first. */
  readonly folds: LabelState[];
  /** When a budget of series last needed its folds. */
  neededMs: number;
  /** Series that others are folded into which came since the last label was folded. */
  targetsSinceFold: number;
  /** How the parts of one histogram or summary were judged, by the hash of what they share; the latest only. */
  readonly groups: Map<number, readonly string[]>;
}

/** Series are watched long enough to see a slow leak beside the ordinary coming and going; a guess. */
export const seriesHalfLifeMs = 3_600_000;
/** Values are watched shortly, so that a label that explodes now stands out from those that were filled at a start; a guess. */
const valuesHalfLifeMs = 600_000;
/** Names of labels that one metric may have; those past them are merged. As many as one series may have. */
export const labelsPerMetricMax = 128;

export function createMetricState(name: string): MetricState {
  return {
    name,
    members: new Set(),
    labels: new Map(),
    series: createDistinctSketch(),
    recentSeries: createDecayedCount(seriesHalfLifeMs),
    minuteSeries: createMinuteCount(),
    folds: [],
    neededMs: 0,
    targetsSinceFold: 0,
    groups: new Map(),
  };
}

/** The state of a label, made where there is none; undefined where the metric has too many labels for another one. */
export function labelStateOf(metric: MetricState, name: string): LabelState | undefined {
  const known = metric.labels.get(name);
  if (known !== undefined || metric.labels.size >= labelsPerMetricMax) return known;
  const label: LabelState = {
    name,
    values: createValueCounts(),
    recentValues: createDecayedCount(valuesHalfLifeMs),
    seriesWithout: createDistinctSketch(),
    seriesBefore: metric.series.estimate(),
    hitters: undefined,
    lastAskedHash: -1,
    pair: 0,
    valueFold: undefined,
    seriesFold: undefined,
    shapeAtFold: undefined,
  };
  metric.labels.set(name, label);
  return label;
}

export const createActingFold = (budget: BudgetName, nowMs: number): ActingFold => ({
  budget,
  sinceMs: nowMs,
  lastMs: nowMs,
  folded: 0,
  values: createDistinctSketch(),
});

/** Counts a folded series; `valueHash` is that of the label's value. */
export function countFolded(fold: ActingFold, valueHash: number, nowMs: number): void {
  fold.lastMs = nowMs;
  fold.folded++;
  fold.values.add(valueHash);
}

/** How a metric of so many series looks now. */
export const shapeOf = (metric: MetricState, label: LabelState, series: number): MetricShape => ({
  series,
  distinct: metric.series.estimate(),
  distinctWithout: label.seriesBefore + label.seriesWithout.estimate(),
});

/** Begins the window of the sketches anew. */
export function restartWindow(metric: MetricState): void {
  metric.series = createDistinctSketch();
  for (const label of metric.labels.values()) {
    label.seriesWithout = createDistinctSketch();
    label.seriesBefore = 0;
  }
}

/** The metric that a part of a histogram or summary belongs to; any other name stands for itself. */
export function metricFamily(name: string, hasLe: boolean): string {
  if (hasLe && name.endsWith('_bucket')) return name.slice(0, -'_bucket'.length);
  return name.replace(/_(sum|count)$/, '') || name;
}

/** The name of a metric as people know it: its own where it is but one, a histogram's without the endings of its parts. */
export function displayName({ name, members }: MetricState): string {
  const [only, ...others] = members;
  return only !== undefined && others.length === 0 ? only : name;
}
