/**
 * The value below which a part of a histogram's observations lie. Within a bucket, observations are taken to be spread evenly on
 * the scale of the buckets: logarithmic for exponential ones, linear for custom bounds and the zero bucket.
 * Source: Prometheus, promql/quantile.go, `HistogramQuantile`.
 */
import { allBuckets, type Bucket } from './bucket-bounds.js';
import { type FloatHistogram, usesCustomBounds } from './float-histogram.js';

export interface HistogramQuantile {
  readonly value: number;
  /**
   * What observations of NaN did to the answer: they lie above all buckets, so that it is skewed to higher values, or lies among
   * them and is NaN itself.
   */
  readonly nanEffect: 'none' | 'result' | 'skew';
}

const exactly = (value: number): HistogramQuantile => ({ value, nanEffect: 'none' });

interface Found {
  readonly bucket: Bucket;
  /** Observations in the bucket and all those walked through before. */
  readonly count: number;
}

export function histogramQuantile(q: number, histogram: FloatHistogram): HistogramQuantile {
  if (q < 0) return exactly(Number.NEGATIVE_INFINITY);
  if (q > 1) return exactly(Number.POSITIVE_INFINITY);
  if (histogram.count === 0 || Number.isNaN(q)) return exactly(Number.NaN);
  const hasNaN = Number.isNaN(histogram.sum);
  // From the nearer end, for precision; with NaNs, which lie above all buckets, always from below.
  const isForward = hasNaN || q < 0.5;
  const rank = (isForward ? q : 1 - q) * histogram.count;
  const buckets = allBuckets(histogram);
  const found = findBucket(isForward ? buckets : buckets.toReversed(), rank);
  const bucket = withNaturalEnd(found.bucket, histogram);
  if (usesCustomBounds(histogram)) {
    if (bucket.lower === Number.NEGATIVE_INFINITY) return exactly(bucket.upper);
    if (bucket.upper === Number.POSITIVE_INFINITY) return exactly(bucket.lower);
  }
  const count = Math.min(found.count, histogram.count);
  if (count < rank) return hasNaN ? { value: Number.NaN, nanEffect: 'result' } : exactly(bucket.upper);
  const observed = buckets.reduce((sum, each) => sum + each.count, 0);
  const fraction = (isForward ? rank - (count - bucket.count) : count - rank) / bucket.count;
  return {
    value: valueAt(bucket, fraction, usesCustomBounds(histogram)),
    nanEffect: hasNaN && observed < histogram.count ? 'skew' : 'none',
  };
}

function findBucket(buckets: readonly Bucket[], rank: number): Found {
  let count = 0;
  let bucket: Bucket = { lower: 0, upper: 0, count: 0 };
  for (const each of buckets) {
    bucket = each;
    count += each.count;
    if (each.count !== 0 && count >= rank) break;
  }
  return { bucket, count };
}

/** A histogram with observations on one side of zero only is taken to begin or end at zero. */
function withNaturalEnd(bucket: Bucket, { positive, negative, ...histogram }: FloatHistogram): Bucket {
  const { lower, upper } = bucket;
  if (histogram.customBounds.length > 0 || lower === Number.NEGATIVE_INFINITY)
    return lower === Number.NEGATIVE_INFINITY && upper > 0 ? { ...bucket, lower: 0 } : bucket;
  if (!(lower < 0 && upper > 0)) return bucket;
  if (negative.counts.length === 0 && positive.counts.length > 0) return { ...bucket, lower: 0 };
  if (positive.counts.length === 0 && negative.counts.length > 0) return { ...bucket, upper: 0 };
  return bucket;
}

function valueAt({ lower, upper }: Bucket, fraction: number, isLinear: boolean): number {
  if (isLinear || (lower <= 0 && upper >= 0)) return lower + (upper - lower) * fraction;
  const logLower = Math.log2(Math.abs(lower));
  const logUpper = Math.log2(Math.abs(upper));
  if (lower > 0) return 2 ** (logLower + (logUpper - logLower) * fraction);
  return -(2 ** (logUpper + (logLower - logUpper) * (1 - fraction)));
}
