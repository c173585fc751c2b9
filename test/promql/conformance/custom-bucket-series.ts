/**
 * Classic histograms among loaded series as native histograms with custom bounds, for `load_with_nhcb`.
 * Source: Prometheus, util/convertnhcb.
 */
import { type Labels, labelValue, metricNameLabel, sortedLabels } from '../../../src/model/labels.js';
import { labelsKey, seriesLabels } from '../../../src/promql/evaluate/series-labels.js';
import { customSchema, emptyHistogram, type FloatHistogram } from '../../../src/promql/histogram/float-histogram.js';
import type { StoredSeries } from './stored-series.js';

interface Collected {
  readonly buckets: Map<number, number>;
  count: number | undefined;
  sum: number;
}

export function customBucketSeries(series: readonly StoredSeries[]): StoredSeries[] {
  const byBase = new Map<string, { labels: Labels; byTime: Map<number, Collected> }>();
  for (const { labels, samples } of series) {
    const match = /^(.*)_(bucket|sum|count)$/.exec(labelValue(labels, metricNameLabel));
    if (match === null) continue;
    const [, name, part] = match;
    const bound = part === 'bucket' ? Number(labelValue(labels, 'le').replace('+Inf', 'Infinity')) : 0;
    if (Number.isNaN(bound)) continue;
    const base = sortedLabels([
      ...labels.filter(([each]) => each !== 'le' && each !== metricNameLabel),
      [metricNameLabel, name!],
    ]);
    const key = labelsKey(seriesLabels(base));
    const group = byBase.get(key) ?? { labels: base, byTime: new Map<number, Collected>() };
    byBase.set(key, group);
    for (const { timeMs, value } of samples) {
      if (value === undefined) continue;
      const collected = group.byTime.get(timeMs) ?? { buckets: new Map(), count: undefined, sum: 0 };
      group.byTime.set(timeMs, collected);
      if (part === 'sum') collected.sum = value;
      else if (part === 'count') collected.count = value;
      else if (!collected.buckets.has(bound)) collected.buckets.set(bound, value);
    }
  }
  return [...byBase.values()].map(({ labels, byTime }) => ({
    labels,
    samples: [...byTime]
      .sort(([a], [b]) => a - b)
      .map(([timeMs, collected]) => ({ timeMs, startMs: 0, histogram: converted(collected) })),
  }));
}

function converted({ buckets, count, sum }: Collected): FloatHistogram {
  const sorted = [...buckets].sort(([a], [b]) => a - b);
  const total = count ?? sorted.at(-1)?.[1] ?? 0;
  if (sorted.at(-1)?.[0] !== Number.POSITIVE_INFINITY) sorted.push([Number.POSITIVE_INFINITY, total]);
  return {
    ...emptyHistogram,
    schema: customSchema,
    count: total,
    sum,
    customBounds: sorted.slice(0, -1).map(([bound]) => bound),
    positive: {
      indexes: sorted.map((_, i) => i),
      counts: sorted.map(([, cumulative], i) => cumulative - (sorted[i - 1]?.[1] ?? 0)),
    },
  };
}
