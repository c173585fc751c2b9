/**
 * Sums of exponential histograms, which deltas need to become cumulative.
 *
 * An exponential histogram of scale s counts values by powers of 2^(2^-s): bucket i holds those in (2^(i/2^s), 2^((i+1)/2^s)], and mirrors
 * that for negative ones. A scale lower by one joins buckets two by two, so every bound of a scale is also one of each higher scale: delta points of
 * different scales add up exactly at the lower one. Totals come down in scale until the buckets of a sign are at most `bucketsMax`.
 * Source: OpenTelemetry specification, metrics/data-model.md, "ExponentialHistogram"; OTEP 149.
 */
import { schemaMax, schemaMin } from '../../model/native-histogram.js';

/** Highest scale kept: native histograms have none finer. */
export const scaleMax = schemaMax;
/** Most buckets of one sign of a total. What SDKs keep by default, so that one sender's total fits where its points do. */
export const bucketsMax = 160;

/** Buckets of one sign: counts[i] is that of the bucket `offset` + i. */
export interface ExponentialBuckets {
  readonly offset: number;
  readonly counts: ArrayLike<number>;
}

export interface ExponentialHistogram {
  readonly scale: number;
  readonly count: number;
  readonly sum: number;
  readonly hasSum: boolean;
  /** Values whose size is at most this are counted in `zeroCount`. */
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  readonly positive: ExponentialBuckets;
  readonly negative: ExponentialBuckets;
}

/** The histogram at the highest scale within the limits above. */
export function limited(histogram: ExponentialHistogram): ExponentialHistogram {
  const { negative, positive, scale } = histogram;
  return rescaled(histogram, fittingScale(scale, scale, [[positive], [negative]]));
}

/**
 * The values of two histograms within the limits in one, within them too. Undefined where they do not add up: their zero buckets differ, so that the zeros of
 * one lie among the other's buckets, one has a sum and the other none, or no native histogram is coarse enough for both.
 */
export function merged(a: ExponentialHistogram, b: ExponentialHistogram): ExponentialHistogram | undefined {
  if (a.zeroThreshold !== b.zeroThreshold || a.hasSum !== b.hasSum) return undefined;
  const common = Math.min(a.scale, b.scale);
  const [first, second] = [rescaled(a, common), rescaled(b, common)];
  const scale = fittingScale(common, common, [
    [first.positive, second.positive],
    [first.negative, second.negative],
  ]);
  if (scale < schemaMin) return undefined;
  return {
    scale,
    count: a.count + b.count,
    sum: a.sum + b.sum,
    hasSum: a.hasSum,
    zeroThreshold: a.zeroThreshold,
    zeroCount: a.zeroCount + b.zeroCount,
    positive: joined([first.positive, second.positive], common - scale),
    negative: joined([first.negative, second.negative], common - scale),
  };
}

/**
 * The highest scale up to `scale` at which the buckets that lie in each list, given at `scaleOf`, are few enough. The buckets of an
 * honest sender fit at every scale from -5 down; others come to one bucket in the end.
 */
function fittingScale(scaleOf: number, scale: number, lists: readonly (readonly ExponentialBuckets[])[]): number {
  for (let fitting = Math.min(scale, scaleMax); ; fitting--) {
    const shift = scaleOf - fitting;
    if (lists.every((list) => rangeOf(list, shift).length <= bucketsMax)) return fitting;
  }
}

/** The buckets that lie in any of the lists once each scale step of `shift` has joined two into one. */
function rangeOf(list: readonly ExponentialBuckets[], shift: number): { offset: number; length: number } {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const { counts, offset } of list) {
    if (counts.length === 0) continue;
    first = Math.min(first, shifted(offset, shift));
    last = Math.max(last, shifted(offset + counts.length - 1, shift));
  }
  return first > last ? { offset: 0, length: 0 } : { offset: first, length: last - first + 1 };
}

/** No bit operation: offsets and their sums with lengths need more than 32 bits. */
const shifted = (index: number, shift: number): number => Math.floor(index / powerOfTwo(shift));

/** 2^shift up to 2^64, which is more than any index: whatever is greater shifts alike, and would end as infinity. */
const powerOfTwo = (shift: number): number => 2 ** Math.min(shift, 64);

function joined(list: readonly ExponentialBuckets[], shift: number): ExponentialBuckets {
  const { length, offset } = rangeOf(list, shift);
  const into = new Float64Array(length);
  for (const { counts, offset: first } of list)
    for (let i = 0; i < counts.length; i++) into[shifted(first + i, shift) - offset]! += counts[i]!;
  return { offset, counts: into };
}

/** The histogram at a scale that is its own or lower. */
export function rescaled(histogram: ExponentialHistogram, scale: number): ExponentialHistogram {
  const shift = histogram.scale - scale;
  if (shift === 0) return histogram;
  const { negative, positive } = histogram;
  return { ...histogram, scale, positive: joined([positive], shift), negative: joined([negative], shift) };
}
