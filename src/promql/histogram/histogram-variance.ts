/** Estimated variance of a histogram's observations, each taken to lie in the middle of its bucket. Source: Prometheus, functions.go. */
import { allBuckets, type Bucket } from './bucket-bounds.js';
import { compensatedAdd } from './compensated-add.js';
import { type FloatHistogram, usesCustomBounds } from './float-histogram.js';

export function histogramVariance(histogram: FloatHistogram): number {
  const mean = histogram.sum / histogram.count;
  const squares = { total: 0, carry: 0 };
  for (const bucket of allBuckets(histogram)) {
    if (bucket.count === 0) continue;
    const delta = middleOf(bucket, usesCustomBounds(histogram)) - mean;
    compensatedAdd(squares, bucket.count * delta * delta);
  }
  return (squares.total + squares.carry) / histogram.count;
}

/** The middle on the buckets' scale: arithmetic for custom bounds, geometric for exponential ones, zero for the zero bucket. */
function middleOf({ lower, upper }: Bucket, isLinear: boolean): number {
  if (isLinear) return (upper + lower) / 2;
  if (lower <= 0 && upper >= 0) return 0;
  const middle = Math.sqrt(upper * lower);
  return upper < 0 ? -middle : middle;
}
