/**
 * Histograms with zero buckets of different width are brought to one that holds both and cuts through no populated bucket.
 * Source: Prometheus, model/histogram/float_histogram.go, `reconcileZeroBuckets`.
 */
import { compactHistogram, exponentialBound, negativeBuckets, positiveBuckets } from './bucket-bounds.js';
import type { Buckets, FloatHistogram } from './float-histogram.js';

/**
 * What the zero count would be with a larger threshold. Where that lies within a populated bucket, the whole bucket is taken in,
 * and the threshold moves to its end.
 */
export function zeroCountUpTo(
  histogram: FloatHistogram,
  threshold: number,
): { readonly zeroCount: number; readonly threshold: number } {
  if (threshold === histogram.zeroThreshold) return { zeroCount: histogram.zeroCount, threshold };
  const inside = { zeroCount: histogram.zeroCount, threshold };
  for (const { lower, upper, count } of positiveBuckets(histogram)) {
    if (lower >= inside.threshold) break;
    inside.zeroCount += count;
    if (upper > inside.threshold) {
      if (count !== 0) inside.threshold = upper;
      break;
    }
  }
  for (const { lower, upper, count } of negativeBuckets(histogram)) {
    if (upper <= -inside.threshold) break;
    // The positive buckets have to be looked at again with the wider threshold.
    if (lower < -inside.threshold && count !== 0) return zeroCountUpTo(histogram, -lower);
    inside.zeroCount += count;
    if (lower < -inside.threshold) break;
  }
  return inside;
}

/** The histogram with a zero bucket at least as wide as `threshold`. */
export function widenZeroBucket(histogram: FloatHistogram, threshold: number): FloatHistogram {
  const wide = zeroCountUpTo(histogram, threshold);
  const outside = ({ indexes, counts }: Buckets): Buckets => {
    const isOutside = (index: number): boolean => exponentialBound(index - 1, histogram.schema) >= wide.threshold;
    return { indexes: indexes.filter(isOutside), counts: counts.filter((_, i) => isOutside(indexes[i]!)) };
  };
  return compactHistogram({
    ...histogram,
    zeroThreshold: wide.threshold,
    zeroCount: wide.zeroCount,
    positive: outside(histogram.positive),
    negative: outside(histogram.negative),
  });
}

/** Both histograms, neither with custom bounds, with the same zero threshold. */
export function reconcileZeroBuckets(a: FloatHistogram, b: FloatHistogram): readonly [FloatHistogram, FloatHistogram] {
  while (a.zeroThreshold !== b.zeroThreshold) {
    if (a.zeroThreshold > b.zeroThreshold) b = widenZeroBucket(b, a.zeroThreshold);
    else a = widenZeroBucket(a, b.zeroThreshold);
  }
  return [a, b];
}
