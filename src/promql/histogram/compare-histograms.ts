/** Whether two histograms hold the same data: every number bit for bit, empty buckets aside. */
import { haveSameBounds } from './add-histograms.js';
import { compactBuckets } from './bucket-bounds.js';
import type { Buckets, FloatHistogram } from './float-histogram.js';

export const areHistogramsEqual = (a: FloatHistogram, b: FloatHistogram): boolean =>
  a === b ||
  (a.schema === b.schema &&
    Object.is(a.count, b.count) &&
    Object.is(a.sum, b.sum) &&
    a.zeroThreshold === b.zeroThreshold &&
    Object.is(a.zeroCount, b.zeroCount) &&
    haveSameBounds(a.customBounds, b.customBounds) &&
    areBucketsEqual(a.positive, b.positive) &&
    areBucketsEqual(a.negative, b.negative));

function areBucketsEqual(a: Buckets, b: Buckets): boolean {
  const left = compactBuckets(a);
  const right = compactBuckets(b);
  return (
    left.indexes.length === right.indexes.length &&
    left.indexes.every((index, i) => index === right.indexes[i] && Object.is(left.counts[i], right.counts[i]))
  );
}
