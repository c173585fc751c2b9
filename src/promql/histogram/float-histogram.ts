/**
 * A native histogram as PromQL computes with it: all counts are doubles, since rates and averages make fractions. Values are
 * never changed in place. Buckets are sparse lists by index instead of Prometheus' spans, which are a form of storage; an index
 * means what it means there. Source: Prometheus, model/histogram, `FloatHistogram`.
 */
import { histogramBytes } from '../../model/native-histogram.js';

/**
 * What is known of a reset between a histogram and the one before: nothing, that there was one, that there was none, or that the
 * histogram is a gauge, which knows no resets.
 */
export type CounterResetHint = 'unknown' | 'reset' | 'not_reset' | 'gauge';

/** Observations by bucket: `counts[i]` lie in the bucket with index `indexes[i]`. Ascending; a count may be 0. */
export interface Buckets {
  readonly indexes: readonly number[];
  readonly counts: readonly number[];
}

export interface FloatHistogram {
  readonly counterReset: CounterResetHint;
  /** -4 to 8: exponential, bounds at powers of 2^(2^-schema). -53: bounds of its own. */
  readonly schema: number;
  /** The zero bucket reaches from minus this to this. */
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  readonly count: number;
  readonly sum: number;
  readonly positive: Buckets;
  readonly negative: Buckets;
  /** Upper bounds of buckets 0, 1, …, ascending; the last bucket reaches to infinity. Empty where the schema is exponential. */
  readonly customBounds: readonly number[];
}

export const customSchema = -53;

export const noBuckets: Buckets = Object.freeze({ indexes: [], counts: [] });

export const usesCustomBounds = ({ schema }: FloatHistogram): boolean => schema === customSchema;

export const emptyHistogram: FloatHistogram = Object.freeze({
  counterReset: 'unknown',
  schema: 0,
  zeroThreshold: 0,
  zeroCount: 0,
  count: 0,
  sum: 0,
  positive: noBuckets,
  negative: noBuckets,
  customBounds: [],
});

export const withCounterReset = (histogram: FloatHistogram, counterReset: CounterResetHint): FloatHistogram =>
  histogram.counterReset === counterReset ? histogram : { ...histogram, counterReset };

const mapCounts = ({ indexes, counts }: Buckets, change: (count: number) => number): Buckets => ({
  indexes,
  counts: counts.map(change),
});

/** All counts and the sum times a factor. A negative factor makes a gauge. */
export function multiplyHistogram(histogram: FloatHistogram, factor: number): FloatHistogram {
  const multiply = (count: number): number => count * factor;
  return {
    ...histogram,
    counterReset: factor < 0 ? 'gauge' : histogram.counterReset,
    zeroCount: histogram.zeroCount * factor,
    count: histogram.count * factor,
    sum: histogram.sum * factor,
    positive: mapCounts(histogram.positive, multiply),
    negative: mapCounts(histogram.negative, multiply),
  };
}

/** As `multiplyHistogram`; a divisor of zero removes all buckets. */
export function divideHistogram(histogram: FloatHistogram, divisor: number): FloatHistogram {
  const divide = (count: number): number => count / divisor;
  return {
    ...histogram,
    counterReset: divisor < 0 ? 'gauge' : histogram.counterReset,
    zeroCount: histogram.zeroCount / divisor,
    count: histogram.count / divisor,
    sum: histogram.sum / divisor,
    positive: divisor === 0 ? noBuckets : mapCounts(histogram.positive, divide),
    negative: divisor === 0 ? noBuckets : mapCounts(histogram.negative, divide),
  };
}

/** What a histogram takes of a query's budget, in samples of 16 bytes, as Prometheus counts it. */
export function histogramSampleCount({ positive, negative, customBounds }: FloatHistogram): number {
  const { fixed, perNumber, perSample } = histogramBytes;
  const bytes = fixed + perNumber * (positive.counts.length + negative.counts.length + customBounds.length);
  return Math.floor(bytes / perSample);
}
