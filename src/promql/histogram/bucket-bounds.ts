/** Where a histogram's buckets begin and end. Source: Prometheus, model/histogram/generic.go, `getBound`. */
import { assert } from '../../base/assert.js';
import { type Buckets, customSchema, type FloatHistogram, usesCustomBounds } from './float-histogram.js';

/** A bucket with its bounds and count; which bounds it includes only matters where it is printed. */
export interface Bucket {
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
}

/** Upper bound of the bucket with an index in an exponential schema, as an absolute value. */
export function exponentialBound(index: number, schema: number): number {
  // The bound after the largest double is that double, so that a further bucket is left for infinity.
  if (schema < 0) {
    const exponent = index * 2 ** -schema;
    return exponent === 1024 ? Number.MAX_VALUE : 2 ** exponent;
  }
  const parts = 2 ** schema;
  const whole = Math.floor(index / parts);
  const part = index - whole * parts;
  if (part === 0) return whole === 1024 ? Number.MAX_VALUE : 2 ** whole;
  return 2 ** (part / parts) * 2 ** whole;
}

/** Upper bound of a bucket; its lower bound is that of the index before. */
export function bucketBound(index: number, schema: number, customBounds: readonly number[]): number {
  if (schema !== customSchema) return exponentialBound(index, schema);
  assert(index >= -1 && index <= customBounds.length, `bucket ${index} of ${customBounds.length} custom bounds`);
  if (index === customBounds.length) return Number.POSITIVE_INFINITY;
  return index === -1 ? Number.NEGATIVE_INFINITY : customBounds[index]!;
}

/** The positive buckets, from the zero bucket outwards. */
export const positiveBuckets = ({ positive, schema, customBounds }: FloatHistogram): Bucket[] =>
  positive.indexes.map((index, i) => ({
    lower: bucketBound(index - 1, schema, customBounds),
    upper: bucketBound(index, schema, customBounds),
    count: positive.counts[i]!,
  }));

/** The negative buckets, from the zero bucket outwards. */
export const negativeBuckets = ({ negative, schema }: FloatHistogram): Bucket[] =>
  negative.indexes.map((index, i) => ({
    lower: -exponentialBound(index, schema),
    upper: -exponentialBound(index - 1, schema),
    count: negative.counts[i]!,
  }));

export const zeroBucket = ({ zeroThreshold, zeroCount }: FloatHistogram): Bucket => ({
  lower: -zeroThreshold,
  upper: zeroThreshold,
  count: zeroCount,
});

/** All buckets from the lowest to the highest; those next to a populated zero bucket end where it begins. */
export function allBuckets(histogram: FloatHistogram): Bucket[] {
  const { zeroThreshold } = histogram;
  const below = negativeBuckets(histogram)
    .reverse()
    .map((bucket) =>
      bucket.upper < 0 && bucket.upper > -zeroThreshold ? { ...bucket, upper: -zeroThreshold } : bucket,
    );
  const above = positiveBuckets(histogram).map((bucket) =>
    bucket.lower > 0 && bucket.lower < zeroThreshold ? { ...bucket, lower: zeroThreshold } : bucket,
  );
  const hasZero = !usesCustomBounds(histogram) && histogram.zeroCount > 0;
  return hasZero ? [...below, zeroBucket(histogram), ...above] : [...below, ...above];
}

/** The index of a bucket in a coarser exponential schema. */
export const coarserIndex = (index: number, schema: number, coarser: number): number =>
  Math.floor((index - 1) / 2 ** (schema - coarser)) + 1;

/** Buckets merged into those of a coarser exponential schema. */
export function coarserBuckets(buckets: Buckets, schema: number, coarser: number): Buckets {
  if (schema === coarser || buckets.indexes.length === 0) return buckets;
  const indexes: number[] = [];
  const counts: number[] = [];
  buckets.indexes.forEach((index, i) => {
    const target = coarserIndex(index, schema, coarser);
    if (indexes.at(-1) === target) counts[counts.length - 1]! += buckets.counts[i]!;
    else {
      indexes.push(target);
      counts.push(buckets.counts[i]!);
    }
  });
  return { indexes, counts };
}

/** Without empty buckets. */
export function compactBuckets(buckets: Buckets): Buckets {
  if (!buckets.counts.includes(0)) return buckets;
  const isPopulated = (_: number, i: number): boolean => buckets.counts[i] !== 0;
  return { indexes: buckets.indexes.filter(isPopulated), counts: buckets.counts.filter((count) => count !== 0) };
}

export const compactHistogram = (histogram: FloatHistogram): FloatHistogram => ({
  ...histogram,
  positive: compactBuckets(histogram.positive),
  negative: compactBuckets(histogram.negative),
});

/** Part of a bucket's width at or below a value inside it: on a linear scale, or on the logarithmic one of exponential buckets. */
export function fractionBelow({ lower, upper }: Bucket, value: number, isLinear: boolean): number {
  if (isLinear) return (value - lower) / (upper - lower);
  const logLower = Math.log2(Math.abs(lower));
  const logUpper = Math.log2(Math.abs(upper));
  const logValue = Math.log2(Math.abs(value));
  return value > 0 ? (logValue - logLower) / (logUpper - logLower) : 1 - (logValue - logUpper) / (logLower - logUpper);
}

/** The histogram in a coarser exponential schema; itself where that is its own. */
export const coarserHistogram = (histogram: FloatHistogram, schema: number): FloatHistogram =>
  histogram.schema === schema
    ? histogram
    : {
        ...histogram,
        schema,
        positive: coarserBuckets(histogram.positive, histogram.schema, schema),
        negative: coarserBuckets(histogram.negative, histogram.schema, schema),
      };
