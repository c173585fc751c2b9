/** The part of a histogram's observations between two values. Source: Prometheus, promql/quantile.go, `HistogramFraction`. */
import { allBuckets, type Bucket, fractionBelow } from './bucket-bounds.js';
import { type FloatHistogram, usesCustomBounds } from './float-histogram.js';

export interface HistogramFraction {
  readonly value: number;
  /** Observations of NaN count as observations, and lie in no interval. */
  readonly hasNaN: boolean;
}

/** NaN where there are no observations or a bound is NaN; 0 where `lower` is not below `upper`. */
export function histogramFraction(lower: number, upper: number, histogram: FloatHistogram): HistogramFraction {
  if (histogram.count === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return { value: Number.NaN, hasNaN: false };
  if (lower >= upper) return { value: 0, hasNaN: false };
  const buckets = allBuckets(histogram).map((bucket) => withNaturalEnd(bucket, histogram));
  const observed = buckets.reduce((sum, { count }) => sum + count, 0);
  const hasNaN = Number.isNaN(histogram.sum) && observed < histogram.count;
  const total = Number.isNaN(histogram.sum) ? observed : histogram.count;
  const isLinear = usesCustomBounds(histogram);
  const upTo = (value: number): number => Math.min(countBelow(buckets, value, isLinear) ?? total, total);
  return { value: (upTo(upper) - upTo(lower)) / histogram.count, hasNaN };
}

/** Observations at or below a value; undefined where it lies above all buckets. */
function countBelow(buckets: readonly Bucket[], value: number, isLinear: boolean): number | undefined {
  let rank = 0;
  for (const bucket of buckets) {
    if (bucket.lower >= value) return rank;
    if (bucket.upper > value) {
      // Nothing is known of how observations spread down to minus infinity: they count as all below.
      if (isLinear && bucket.lower === Number.NEGATIVE_INFINITY) return bucket.count;
      const isZeroBucket = bucket.lower <= 0 && bucket.upper >= 0;
      return rank + bucket.count * fractionBelow(bucket, value, isLinear || isZeroBucket);
    }
    rank += bucket.count;
  }
  return undefined;
}

/** With observations on one side of zero only, the bucket around zero begins or ends there. */
function withNaturalEnd(bucket: Bucket, { positive, negative }: FloatHistogram): Bucket {
  if (bucket.lower > 0 || bucket.upper < 0) return bucket;
  if (negative.counts.length === 0 && positive.counts.length > 0) return { ...bucket, lower: 0 };
  if (positive.counts.length === 0 && negative.counts.length > 0) return { ...bucket, upper: 0 };
  return bucket;
}
