/**
 * Which metrics have to give way to a budget, and how much. A budget of one metric concerns that metric alone. Of those for all
 * metrics together the ones pay that grow: whoever has added few series of late is left alone until nothing is free any more.
 */
import { type BudgetName, type CardinalityBudgets, levelOf, type PressureLevel } from './budgets.js';
import { createDecayedCount } from './decayed-count.js';
import { type MetricState, seriesHalfLifeMs } from './metric-state.js';
import { createMinuteCount } from './minute-count.js';
import type { StoredSeries } from './stored-series.js';

export interface Pressure {
  readonly level: PressureLevel;
  /** The budget that asks for it, where there is one. */
  readonly budget: BudgetName;
}

export interface PressureGauge {
  /** What a new series of the metric meets; undefined for a metric that has none yet. */
  of(metric: MetricState | undefined, nowMs: number): Pressure;
  /** Counts a series that is stored from now on. */
  count(metric: MetricState, nowMs: number): void;
  /** Series that may still be stored for the metric, targets of folds included. */
  room(metric: MetricState): number;
  seriesOf(metric: MetricState): number;
  newSeriesPerMinute(nowMs: number): number;
}

/** A metric that has added fewer series than this within the last hour or so is never asked to pay for others. A guess. */
const recentMin = 32;
/** Nor is one, as long as an eighth of all series is free, that made up less than this share of the growth. A guess. */
const growthShareMin = 1 / 64;
/** The same for the pace: of the budget of new series in a minute. A guess. */
const paceShareMin = 1 / 16;

export function createPressureGauge(budgets: CardinalityBudgets, series: StoredSeries): PressureGauge {
  const recent = createDecayedCount(seriesHalfLifeMs);
  const minute = createMinuteCount();

  function seriesOf(metric: MetricState): number {
    let count = 0;
    for (const member of metric.members) count += series.seriesOfMetric(member);
    return count;
  }

  function levelOfAll(metric: MetricState | undefined, nowMs: number): PressureLevel {
    const level = levelOf(series.seriesCount, budgets.seriesMax);
    // A name that is new takes nothing of the room that is left for the metrics that are there.
    if (metric === undefined) return level >= 2 ? 3 : 0;
    const grown = metric.recentSeries.at(nowMs);
    if (level === 1) return grown >= recentMin && grown >= recent.at(nowMs) * growthShareMin ? 1 : 0;
    return level === 2 && grown < recentMin ? 0 : level;
  }

  function levelOfPace(metric: MetricState | undefined, nowMs: number): PressureLevel {
    const budget = budgets.newSeriesPerMinuteMax;
    if (budget === Number.POSITIVE_INFINITY) return 0;
    const level = levelOf(minute.at(nowMs), budget);
    if (metric === undefined) return level;
    // The pace is no matter of room: folds may take what they need, and small metrics too.
    return metric.minuteSeries.at(nowMs) >= budget * paceShareMin ? (Math.min(level, 2) as PressureLevel) : 0;
  }

  return {
    of(metric, nowMs) {
      const ofMetric = metric === undefined ? 0 : levelOf(seriesOf(metric), budgets.seriesPerMetricMax);
      const ofAll = levelOfAll(metric, nowMs);
      const ofPace = levelOfPace(metric, nowMs);
      if (ofMetric >= ofAll && ofMetric >= ofPace) return { level: ofMetric, budget: 'series_per_metric' };
      return ofAll >= ofPace ? { level: ofAll, budget: 'series' } : { level: ofPace, budget: 'new_series_per_minute' };
    },
    count(metric, nowMs) {
      recent.add(nowMs);
      minute.add(nowMs);
      metric.recentSeries.add(nowMs);
      metric.minuteSeries.add(nowMs);
    },
    room: (metric) =>
      Math.max(0, Math.min(budgets.seriesPerMetricMax - seriesOf(metric), budgets.seriesMax - series.seriesCount)),
    seriesOf,
    newSeriesPerMinute: (nowMs) => minute.at(nowMs),
  };
}
