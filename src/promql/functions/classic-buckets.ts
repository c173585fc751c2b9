/**
 * Quantiles and fractions of classic histograms, which are one counter per bucket with the bucket's upper bound in the label `le`.
 * Source: Prometheus, promql/quantile.go, `BucketQuantile` and `BucketFraction`.
 */

/** Buckets of one histogram at one step, as two columns of `count` elements, ordered by bound. Counts are cumulative. */
export interface ClassicBuckets {
  readonly bounds: Float64Array;
  readonly counts: Float64Array;
  count: number;
}

/** What was changed so that counts do not fall from bucket to bucket. */
export interface MonotonicityFix {
  isForced: boolean;
  lowestBucket: number;
  highestBucket: number;
  differenceMax: number;
}

export const noFix = (): MonotonicityFix => ({
  isForced: false,
  lowestBucket: Number.POSITIVE_INFINITY,
  highestBucket: Number.NEGATIVE_INFINITY,
  differenceMax: 0,
});

/** Relative difference between neighbouring counts that is put down to the precision of doubles. Prometheus' own. */
const smallDeltaMax = 1e-12;

const smallestNormal = 2 ** -1022;

/** Buckets with the same bound become one. */
export function coalesce({ bounds, counts, count }: ClassicBuckets): number {
  let kept = 0;
  for (let i = 1; i < count; i++) {
    if (bounds[i] === bounds[kept]) counts[kept]! += counts[i]!;
    else {
      kept++;
      bounds[kept] = bounds[i]!;
      counts[kept] = counts[i]!;
    }
  }
  return count === 0 ? 0 : kept + 1;
}

/** Counts that fall are raised to the one before. */
export function forceMonotonicity({ bounds, counts, count }: ClassicBuckets, fix: MonotonicityFix): void {
  let before = counts[0]!;
  for (let i = 1; i < count; i++) {
    const current = counts[i]!;
    if (current === before) continue;
    if (isAlmostEqual(before, current)) {
      counts[i] = before;
    } else if (current < before) {
      counts[i] = before;
      fix.isForced = true;
      fix.lowestBucket = Math.min(fix.lowestBucket, bounds[i]!);
      fix.highestBucket = Math.max(fix.highestBucket, bounds[i]!);
      fix.differenceMax = Math.max(fix.differenceMax, before - current);
    } else {
      before = current;
    }
  }
}

function isAlmostEqual(a: number, b: number): boolean {
  if (Number.isNaN(a) && Number.isNaN(b)) return true;
  const sum = Math.abs(a) + Math.abs(b);
  const difference = Math.abs(a - b);
  if (a === 0 || b === 0 || sum < smallestNormal) return difference < smallDeltaMax * smallestNormal;
  return difference < smallDeltaMax * Math.min(sum, Number.MAX_VALUE);
}

/**
 * The value below which a part `q` of the observations lie, on a line within its bucket. The lowest bucket begins at 0 unless it
 * ends at or below 0; in the highest, which has no end, the bound before is given. NaN without observations or a bucket up to
 * infinity. Changes the buckets.
 */
export function bucketQuantile(q: number, buckets: ClassicBuckets, fix: MonotonicityFix): number {
  if (Number.isNaN(q)) return Number.NaN;
  if (q < 0) return Number.NEGATIVE_INFINITY;
  if (q > 1) return Number.POSITIVE_INFINITY;
  const { bounds, counts } = buckets;
  if (bounds[buckets.count - 1] !== Number.POSITIVE_INFINITY) return Number.NaN;
  buckets.count = coalesce(buckets);
  forceMonotonicity(buckets, fix);
  const last = buckets.count - 1;
  if (last < 1 || counts[last] === 0) return Number.NaN;
  const rank = q * counts[last]!;
  const at = firstReaching(counts, last, rank);
  if (at === last) return bounds[last - 1]!;
  const end = bounds[at]!;
  if (at === 0) return end <= 0 ? end : end * (rank / counts[0]!);
  const start = bounds[at - 1]!;
  const below = counts[at - 1]!;
  return start + (end - start) * ((rank - below) / (counts[at]! - below));
}

/** First of counts[0, end) that is at least `rank`; `end` where none is. */
function firstReaching(counts: Float64Array, end: number, rank: number): number {
  let low = 0;
  let high = end;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (counts[middle]! >= rank) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The part of the observations between two values. NaN as `bucketQuantile`. Changes the buckets. */
export function bucketFraction(lower: number, upper: number, buckets: ClassicBuckets): number {
  if (buckets.bounds[buckets.count - 1] !== Number.POSITIVE_INFINITY) return Number.NaN;
  buckets.count = coalesce(buckets);
  const total = buckets.counts[buckets.count - 1]!;
  if (total === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return Number.NaN;
  if (lower >= upper) return 0;
  return (countUpTo(upper, buckets, total) - countUpTo(lower, buckets, total)) / total;
}

/** Observations at or below a value, on a line within its bucket. */
function countUpTo(value: number, { bounds, counts, count }: ClassicBuckets, total: number): number {
  let start = bounds[0]! <= 0 ? Number.NEGATIVE_INFINITY : 0;
  let below = 0;
  for (let i = 0; i < count; i++) {
    const end = bounds[i]!;
    if (start >= value) return Math.min(below, total);
    if (end > value) {
      // Nothing is known of how observations spread down to minus infinity: they count as all below.
      const inside =
        start === Number.NEGATIVE_INFINITY
          ? counts[i]!
          : below + ((counts[i]! - below) * (value - start)) / (end - start);
      return Math.min(inside, total);
    }
    below = counts[i]!;
    start = end;
  }
  return total;
}
