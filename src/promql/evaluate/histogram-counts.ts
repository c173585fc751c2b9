/**
 * Histograms of which only counts and sums are asked for. What their buckets tell of counter resets is kept as hints.
 * Source: Prometheus, promql/histogram_stats_iterator.go.
 */
import { isHistogramReset } from '../histogram/detect-reset.js';
import { type CounterResetHint, emptyHistogram, type FloatHistogram } from '../histogram/float-histogram.js';
import type { HistogramColumn } from './sample-columns.js';

export function withoutBuckets({ values, ...column }: HistogramColumn): HistogramColumn {
  const hintOf = (histogram: FloatHistogram, i: number): CounterResetHint => {
    if (histogram.counterReset !== 'unknown' || i === 0) return histogram.counterReset;
    return isHistogramReset(histogram, values[i - 1]!) ? 'reset' : 'not_reset';
  };
  return {
    ...column,
    values: values.map((histogram, i) => ({
      ...emptyHistogram,
      counterReset: hintOf(histogram, i),
      schema: histogram.schema,
      count: histogram.count,
      sum: histogram.sum,
    })),
  };
}
