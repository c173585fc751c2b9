/**
 * A series' stored histograms as the column that queries compute with. What is known of resets is told as Prometheus' storage tells it: between
 * histograms that follow each other in one layout and without a loss there was none; of all others nothing is known. Senders' own hints are not
 * believed, but for that a counter is none. Source: Prometheus, tsdb/chunkenc/histogram.go, `appendable` and `counterResetHint`.
 */
import {
  bucketIndexes,
  type NativeHistogram,
  type SpannedBuckets,
  spannedBuckets,
} from '../../model/native-histogram.js';
import { type FloatColumn, type HistogramColumn, noFloats, writeStaleMarker } from '../evaluate/sample-columns.js';
import { haveSameBounds } from '../histogram/add-histograms.js';
import { isHistogramReset } from '../histogram/detect-reset.js';
import { type Buckets, type FloatHistogram, noBuckets, withCounterReset } from '../histogram/float-histogram.js';

export interface TimedHistogram {
  readonly timeMs: number;
  readonly histogram: NativeHistogram;
}

export interface HistogramColumns {
  /** Undefined where there are none but stale markers. */
  readonly histograms: HistogramColumn | undefined;
  /** Where the series ends, as floats. */
  readonly staleMarkers: FloatColumn;
}

/**
 * `series` in the order of time; `floats` are the series' other samples, which part histograms from each other. Histograms before `fromMs` only tell of those
 * after them.
 */
export function columnsOf(series: readonly TimedHistogram[], floats: FloatColumn, fromMs: number): HistogramColumns {
  const histograms = histogramsOf(series, floats, fromMs);
  const stale = series.filter(({ timeMs, histogram }) => histogram.isStale && timeMs >= fromMs);
  if (stale.length === 0) return { histograms, staleMarkers: noFloats };
  const ends = Float64Array.from(stale, ({ timeMs }) => timeMs);
  const staleMarkers = { timesMs: ends, values: new Float64Array(ends.length), count: ends.length };
  ends.forEach((_, i) => void writeStaleMarker(staleMarkers.values, i));
  return { histograms, staleMarkers };
}

function histogramsOf(
  series: readonly TimedHistogram[],
  floats: FloatColumn,
  fromMs: number,
): HistogramColumn | undefined {
  const timesMs: number[] = [];
  const values: FloatHistogram[] = [];
  let previous: { readonly timeMs: number; readonly histogram: FloatHistogram } | undefined;
  let nextFloat = 0;
  for (const { timeMs, histogram } of series) {
    while (nextFloat < floats.count && floats.timesMs[nextFloat]! < timeMs) {
      if (previous !== undefined && floats.timesMs[nextFloat]! > previous.timeMs) previous = undefined;
      nextFloat++;
    }
    if (histogram.isStale) {
      previous = undefined;
      continue;
    }
    const plain = floatHistogramOf(histogram);
    const isContinued = previous !== undefined && continues(histogram, plain, previous.histogram);
    if (timeMs >= fromMs) {
      timesMs.push(timeMs);
      values.push(plain.counterReset === 'gauge' || !isContinued ? plain : withCounterReset(plain, 'not_reset'));
    }
    previous = { timeMs, histogram: plain };
  }
  return values.length === 0 ? undefined : { timesMs: Float64Array.from(timesMs), values };
}

/** With the hint `unknown`, or `gauge`. */
export const floatHistogramOf = (histogram: NativeHistogram): FloatHistogram => ({
  counterReset: histogram.counterReset === 'gauge' ? 'gauge' : 'unknown',
  schema: histogram.schema,
  zeroThreshold: histogram.zeroThreshold,
  zeroCount: histogram.zeroCount,
  count: histogram.count,
  sum: histogram.sum,
  positive: bucketsOf(histogram.positive),
  negative: bucketsOf(histogram.negative),
  customBounds: histogram.customBounds,
});

/** Back again, for those that histograms are handed out to. */
export const nativeHistogramOf = (histogram: FloatHistogram): NativeHistogram => ({
  ...histogram,
  isFloat: true,
  isStale: false,
  positive: spannedBuckets(histogram.positive.indexes, histogram.positive.counts),
  negative: spannedBuckets(histogram.negative.indexes, histogram.negative.counts),
});

const bucketsOf = (buckets: SpannedBuckets): Buckets =>
  buckets.counts.length === 0 ? noBuckets : { indexes: bucketIndexes(buckets), counts: buckets.counts };

const continues = (sent: NativeHistogram, next: FloatHistogram, previous: FloatHistogram): boolean =>
  sent.counterReset !== 'reset' &&
  previous.counterReset !== 'gauge' &&
  next.schema === previous.schema &&
  next.zeroThreshold === previous.zeroThreshold &&
  haveSameBounds(next.customBounds, previous.customBounds) &&
  !isHistogramReset(next, previous);
