/**
 * Where the cardinality lies. Counts of series and of values are kept as series come and go, so these answers read columns
 * only, of metrics, names or pairs. How many values a label has within one metric is counted when it is asked, from the metric's series, and kept until they change.
 */
import type { IndexState } from './index-state.js';
import { growthMinutes } from './metric-table.js';
import { refsOfPairs } from './select.js';
import { seriesState } from './series-table.js';
import { insert, topRows } from './top-rows.js';

export interface Counted {
  readonly name: string;
  readonly count: number;
}

export interface LabelPairCount {
  readonly name: string;
  readonly value: string;
  readonly seriesCount: number;
}

export interface LabelBytes {
  readonly name: string;
  /** Bytes of the label's values, each counted once for each series that has it, as Prometheus tells it. */
  readonly labelBytes: number;
  /** Bytes of the label's values, each counted once, as they lie in memory. */
  readonly valueBytes: number;
}

export interface MetricLabelCount {
  readonly metric: string;
  readonly name: string;
  readonly distinctValues: number;
}

export interface MetricGrowth {
  readonly metric: string;
  readonly newSeries: number;
}

/** Lists begin with the largest; `count` is the most entries that are wanted. */
export interface CardinalityStatistics {
  readonly seriesCount: number;
  /** Metrics that have series. */
  metricCount(): number;
  /** Label names, and pairs of a name and a value, that a series has. */
  labelNameCount(): number;
  labelPairCount(): number;
  /** Series of a metric, by its number. */
  seriesOfMetric(metric: number): number;
  /** Different values that a label has, over all series. */
  distinctValues(labelName: string): number;
  topMetrics(count: number): Counted[];
  /** By how many different values they have. */
  topLabelNames(count: number): Counted[];
  topLabelPairs(count: number): LabelPairCount[];
  topLabelBytes(count: number): LabelBytes[];
  /** Different values of each label within one metric, without `__name__`. Costs about 100 ns a series where they have changed. */
  labelsOfMetric(metric: number): Counted[];
  /** The labels with most values within a metric. Looks at large metrics only: a metric has at least as many series as a label of it values. */
  topMetricLabels(count: number): MetricLabelCount[];
  /** Series of a metric that were added in the last `minutes` minutes, the present one included; at most 16. */
  newSeriesOfMetric(metric: number, minutes: number): number;
  topGrowth(count: number, minutes: number): MetricGrowth[];
}

export function createCardinalityStatistics(index: IndexState): CardinalityStatistics {
  const { pairs, series, metrics } = index;
  const labelsOfMetric = createMetricLabelCounter(index);
  const nameText = (name: number): string => pairs.names.textOf(name);
  const newSeries = (minutes: number): Uint32Array =>
    metrics.newSeries(Math.min(minutes, growthMinutes), index.clock.nowMs());

  return {
    get seriesCount() {
      return series.liveCount;
    },
    metricCount: () => countPositive(metrics.seriesCounts, metrics.limit),
    labelNameCount: () => countPositive(pairs.distinctOfName, pairs.names.limit),
    labelPairCount: () => pairs.distinct,
    seriesOfMetric: (metric) => metrics.seriesCounts[metric] ?? 0,
    distinctValues: (labelName) => pairs.distinctOfName[pairs.nameNumber(labelName)] ?? 0,
    topMetrics: (count) =>
      topRows(metrics.limit, count, (metric) => metrics.seriesCounts[metric]!).map(({ row, figure }) => ({
        name: metrics.nameOf(row),
        count: figure,
      })),
    topLabelNames: (count) =>
      topRows(pairs.names.limit, count, (name) => pairs.distinctOfName[name]!).map(({ row, figure }) => ({
        name: nameText(row),
        count: figure,
      })),
    topLabelPairs: (count) =>
      topRows(pairs.limit, count, (pair) => pairs.seriesCounts[pair]!).map(({ row, figure }) => ({
        name: nameText(pairs.nameIds[row]!),
        value: pairs.values.textOf(pairs.valueIds[row]!),
        seriesCount: figure,
      })),
    topLabelBytes: (count) => topLabelBytes(index, count),
    labelsOfMetric,
    topMetricLabels: (count) => topMetricLabels(index, labelsOfMetric, count),
    newSeriesOfMetric: (metric, minutes) => newSeries(minutes)[metric] ?? 0,
    topGrowth: (count, minutes) => {
      const added = newSeries(minutes);
      return topRows(metrics.limit, count, (metric) => added[metric]!).map(({ row, figure }) => ({
        metric: metrics.nameOf(row),
        newSeries: figure,
      }));
    },
  };
}

function topLabelBytes({ pairs }: IndexState, count: number): LabelBytes[] {
  const valueBytes = new Float64Array(pairs.names.limit);
  const labelBytes = new Float64Array(pairs.names.limit);
  for (let pair = 0; pair < pairs.limit; pair++) {
    const seriesCount = pairs.seriesCounts[pair]!;
    if (seriesCount === 0) continue;
    const name = pairs.nameIds[pair]!;
    const length = pairs.values.lengthOf(pairs.valueIds[pair]!);
    valueBytes[name]! += length;
    labelBytes[name]! += length * seriesCount;
  }
  return topRows(labelBytes.length, count, (name) => labelBytes[name]!).map(({ row, figure }) => ({
    name: pairs.names.textOf(row),
    labelBytes: figure,
    valueBytes: valueBytes[row]!,
  }));
}

function countPositive(counts: Uint32Array, limit: number): number {
  let positive = 0;
  for (let i = 0; i < limit; i++) if (counts[i]! > 0) positive++;
  return positive;
}

/** Counts are kept for so many metrics, those asked for last. A guess: more than a list of the top shows. */
const keptMetrics = 256;

function createMetricLabelCounter(index: IndexState): (metric: number) => Counted[] {
  const kept = new Map<number, { version: number; counts: Counted[] }>();
  return (metric) => {
    const version = index.metrics.versions[metric] ?? 0;
    const known = kept.get(metric);
    kept.delete(metric);
    const entry = known?.version === version ? known : { version, counts: countLabels(index, metric) };
    kept.set(metric, entry);
    if (kept.size > keptMetrics) kept.delete(kept.keys().next().value!);
    return entry.counts;
  };
}

function countLabels(index: IndexState, metric: number): Counted[] {
  const { pairs, series } = index;
  const counts = new Uint32Array(pairs.names.limit);
  const seen = new Uint8Array(pairs.limit);
  for (const ref of refsOfMetric(index, metric)) {
    if (series.states[ref] !== seriesState.live) continue;
    const end = series.pairStarts[ref]! + series.labelCounts[ref]!;
    for (let i = series.pairStarts[ref]!; i < end; i++) {
      const pair = series.pairs[i]!;
      if (seen[pair] === 0) counts[pairs.nameIds[pair]!]!++;
      seen[pair] = 1;
    }
  }
  counts[pairs.metricName] = 0;
  return topRows(counts.length, counts.length, (name) => counts[name]!).map(({ row, figure }) => ({
    name: pairs.names.textOf(row),
    count: figure,
  }));
}

function refsOfMetric(index: IndexState, metric: number): Uint32Array {
  const { pairs, metrics, series } = index;
  if ((metrics.seriesCounts[metric] ?? 0) === 0) return new Uint32Array();
  if (metric !== 0)
    return refsOfPairs(index, Uint32Array.of(pairs.pairNumber(pairs.metricName, metrics.nameOf(metric))));
  return Uint32Array.from({ length: series.limit }, (_, ref) => ref).filter((ref) => series.metrics[ref] === metric);
}

interface RankedLabel extends MetricLabelCount {
  readonly figure: number;
}

function topMetricLabels(
  { metrics }: IndexState,
  labelsOfMetric: (metric: number) => Counted[],
  count: number,
): MetricLabelCount[] {
  const top: RankedLabel[] = [];
  const bySize = Uint32Array.from({ length: metrics.limit }, (_, metric) => metric).sort(
    (a, b) => metrics.seriesCounts[b]! - metrics.seriesCounts[a]!,
  );
  for (const metric of bySize) {
    const least = top.length < count ? 0 : top[top.length - 1]!.figure;
    if (metrics.seriesCounts[metric]! <= least) break;
    const metricName = metrics.nameOf(metric);
    for (const { name, count: figure } of labelsOfMetric(metric).slice(0, count)) {
      insert(top, { metric: metricName, name, distinctValues: figure, figure }, count);
    }
  }
  return top.map(({ metric, name, distinctValues }) => ({ metric, name, distinctValues }));
}
