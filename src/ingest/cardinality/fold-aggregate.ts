/**
 * How the samples of several series become those of one, by what kind of metric it is: from its metadata where a sender
 * gave them, else from its name by the conventions of Prometheus (https://prometheus.io/docs/practices/naming).
 */
import type { MetricType } from '../../model/sample-batch.js';

/** How gauges become one. */
export const gaugeAggregates = ['sum', 'avg', 'min', 'max', 'last'] as const;
export type GaugeAggregate = (typeof gaugeAggregates)[number];

/** `counter`: the running sum of the increases of all. Else an aggregate of the last values of the sources seen of late. */
export type FoldAggregate = 'counter' | GaugeAggregate;
/** An aggregate is written as its place in here: add at the end only. */
export const foldAggregates: readonly FoldAggregate[] = ['counter', ...gaugeAggregates];

/** What is to be aggregated. */
export interface FoldedMetric {
  readonly metric: string;
  readonly type: MetricType | undefined;
  readonly hasLe: boolean;
  readonly hasQuantile: boolean;
}

/** Ends of the names of a histogram's and a summary's own series. */
const counterPart = /_(bucket|sum|count)$/;
const byConvention: readonly (readonly [RegExp, GaugeAggregate])[] = [
  [/_(created|timestamp|timestamp_seconds|time_seconds|info)$/, 'max'],
  [/_(ratio|percent|celsius|fahrenheit|kelvin|volts)$/, 'avg'],
];

/**
 * The aggregate of a metric. `forGauges` is what a rule says of the metric; it does not turn a counter into a gauge.
 *
 * A gauge is summed unless something says otherwise: sums are what keeps `sum(…)` and `sum by (…)` over stored and folded
 * series together the same as before, and most gauges that explode count something (bytes, sessions, jobs). Quantities that
 * cannot be summed by their unit are averaged; of times, of `info` and of quantiles the largest is kept, because the largest
 * quantile of some groups is never less than the quantile of them together.
 */
export function aggregateOf(folded: FoldedMetric, forGauges: GaugeAggregate | undefined): FoldAggregate {
  if (isCounter(folded)) return 'counter';
  if (forGauges !== undefined) return forGauges;
  if (folded.hasQuantile || folded.type === 'info' || folded.type === 'stateset') return 'max';
  return byConvention.find(([pattern]) => pattern.test(folded.metric))?.[1] ?? 'sum';
}

function isCounter({ metric, type, hasLe, hasQuantile }: FoldedMetric): boolean {
  if (hasQuantile || metric.endsWith('_created')) return false;
  switch (type) {
    case 'counter':
    case 'histogram':
      return true;
    case 'summary':
      return counterPart.test(metric);
    case 'gauge':
    case 'gaugehistogram':
    case 'info':
    case 'stateset':
      return false;
    case 'unknown':
    case undefined:
      return hasLe || /_(total|bucket|sum|count)$/.test(metric);
  }
}
