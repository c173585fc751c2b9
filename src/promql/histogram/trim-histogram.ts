/**
 * A histogram without the observations above (`</`) or below (`>/`) a value. The sum of what is left is estimated from the middles
 * of the buckets. Source: Prometheus, float_histogram.go, `TrimBuckets`.
 */
import {
  type Bucket,
  compactHistogram,
  fractionBelow,
  negativeBuckets,
  positiveBuckets,
  zeroBucket,
} from './bucket-bounds.js';
import { type FloatHistogram, usesCustomBounds } from './float-histogram.js';

/** Which observations stay: those below the value, or those above. */
export type KeptSide = 'below' | 'above';

/** What stays of a bucket, and where its observations are taken to lie. */
interface Kept {
  readonly count: number;
  readonly middle: number;
}

interface Trim {
  readonly value: number;
  readonly side: KeptSide;
  readonly isLinear: boolean;
}

export function trimHistogram(histogram: FloatHistogram, value: number, side: KeptSide): FloatHistogram {
  const trim: Trim = { value, side, isLinear: usesCustomBounds(histogram) };
  const positive = positiveBuckets(histogram).map((bucket) => keptOf(bucket, trim, true));
  const negative = negativeBuckets(histogram).map((bucket) => keptOf(bucket, trim, false));
  const isPopulated = ({ counts }: { readonly counts: readonly number[] }): boolean =>
    counts.some((each) => each !== 0);
  const zero =
    histogram.zeroCount > 0
      ? keptOfZero(zeroBucket(histogram), trim, isPopulated(histogram.negative), isPopulated(histogram.positive))
      : { count: histogram.zeroCount, middle: 0 };
  const differs = (kept: readonly Kept[], counts: readonly number[]): boolean =>
    kept.some(({ count }, i) => count !== counts[i]);
  const isTrimmed =
    differs(positive, histogram.positive.counts) ||
    differs(negative, histogram.negative.counts) ||
    zero.count !== histogram.zeroCount;
  if (!isTrimmed) return histogram;
  const all = [...positive, ...negative, zero].filter(({ count }) => count !== 0);
  return compactHistogram({
    ...histogram,
    zeroCount: zero.count,
    count: all.reduce((sum, { count }) => sum + count, 0),
    sum: all.reduce((sum, { count, middle }) => sum + count * middle, 0),
    positive: { indexes: histogram.positive.indexes, counts: positive.map(({ count }) => count) },
    negative: { indexes: histogram.negative.indexes, counts: negative.map(({ count }) => count) },
  });
}

function keptOf(bucket: Bucket, trim: Trim, isPositive: boolean): Kept {
  const { lower, upper, count } = bucket;
  const { value, side, isLinear } = trim;
  if (count === 0) return { count, middle: 0 };
  if (side === 'below' ? upper <= value : lower >= value)
    return { count, middle: middleOf(lower, upper, isPositive, isLinear) };
  if (side === 'below' ? lower >= value : upper <= value) return { count: 0, middle: 0 };
  if (lower === Number.NEGATIVE_INFINITY) return keptOfLowest(bucket, trim);
  if (upper === Number.POSITIVE_INFINITY) return keptOfHighest(bucket, trim);
  const below = count * fractionBelow(bucket, value, isLinear);
  return side === 'below'
    ? { count: below, middle: middleOf(lower, value, isPositive, isLinear) }
    : { count: count - below, middle: middleOf(value, upper, isPositive, isLinear) };
}

/** The bucket down to minus infinity: with a positive end it is taken to begin at 0, else nothing is known of its spread. */
function keptOfLowest({ upper, count }: Bucket, { value, side }: Trim): Kept {
  const beginsAtZero = upper > 0 && upper !== Number.POSITIVE_INFINITY;
  if (side === 'below') {
    if (value > 0 && beginsAtZero) return { count: (count * value) / upper, middle: value / 2 };
    return upper <= 0 ? { count, middle: value } : { count: 0, middle: 0 };
  }
  if (value >= 0 && beginsAtZero) return { count: count * (1 - value / upper), middle: (value + upper) / 2 };
  return { count: 0, middle: 0 };
}

/** The bucket up to infinity, with the value inside: nothing of it is known to lie below, all of it may lie above. */
const keptOfHighest = ({ count }: Bucket, { value, side }: Trim): Kept =>
  side === 'below' ? { count: 0, middle: 0 } : { count, middle: value };

function keptOfZero(bucket: Bucket, { value, side }: Trim, hasNegative: boolean, hasPositive: boolean): Kept {
  const lower = hasPositive && !hasNegative ? 0 : bucket.lower;
  const upper = hasNegative && !hasPositive ? 0 : bucket.upper;
  const all: Kept = { count: bucket.count, middle: (lower + upper) / 2 };
  const none: Kept = { count: 0, middle: 0 };
  if (value <= lower) return side === 'below' ? none : all;
  if (value >= upper) return side === 'below' ? all : none;
  return side === 'below'
    ? { count: (bucket.count * (value - lower)) / (upper - lower), middle: (lower + value) / 2 }
    : { count: (bucket.count * (upper - value)) / (upper - lower), middle: (value + upper) / 2 };
}

function middleOf(lower: number, upper: number, isPositive: boolean, isLinear: boolean): number {
  const isEndless = (bound: number): boolean => Math.abs(bound) === Number.POSITIVE_INFINITY;
  if (isEndless(lower)) {
    if (isEndless(upper)) return 0;
    return upper > 0 ? upper / 2 : upper;
  }
  if (isEndless(upper)) return lower;
  if (isLinear) return (lower + upper) / 2;
  const middle = Math.sqrt(Math.abs(lower * upper));
  return isPositive ? middle : -middle;
}
