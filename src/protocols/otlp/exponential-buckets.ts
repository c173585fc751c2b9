/**
 * Exponential histograms as histograms with fixed bounds, which is how they are stored.
 *
 * An exponential histogram of scale s counts values by powers of 2^(2^-s): bucket i holds those in (2^(i/2^s), 2^((i+1)/2^s)], and mirrors
 * that for negative ones. A scale lower by one joins buckets two by two, so every bound of a scale is also one of each higher scale.
 * That is what makes the conversion faithful: counts at a bound are exact whatever scale they come from, a sender that lowers its scale
 * goes on counting at the bounds that remain, and delta points of different scales add up. What is given up is resolution: scales come
 * down to `scaleMax`, and further until the buckets of a sign are at most `bucketsMax`.
 * Source: OpenTelemetry specification, metrics/data-model.md, "ExponentialHistogram"; OTEP 149.
 */

/** Highest scale kept: bounds 9 % apart, so that an interpolated quantile is at most that far off. A choice: two steps finer doubles and redoubles the series. */
export const scaleMax = 3;
/** Most buckets of one sign. A choice: a thousandfold range at scale 3, and any that there is at scale -5. */
export const bucketsMax = 80;

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
 * one lie among the other's buckets, or one has a sum and the other none.
 */
export function merged(a: ExponentialHistogram, b: ExponentialHistogram): ExponentialHistogram | undefined {
  if (a.zeroThreshold !== b.zeroThreshold || a.hasSum !== b.hasSum) return undefined;
  const common = Math.min(a.scale, b.scale);
  const [first, second] = [rescaled(a, common), rescaled(b, common)];
  const scale = fittingScale(common, common, [
    [first.positive, second.positive],
    [first.negative, second.negative],
  ]);
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

export interface FixedBuckets {
  /** Ascending, finite. */
  readonly bounds: number[];
  /** Values up to each bound, it included (of negative bounds: up to it, it excluded, as exponential buckets have it). */
  readonly counts: number[];
}

/** The histogram's counts at all of its bounds, those below and above its values among them. */
export function fixedBuckets(histogram: ExponentialHistogram): FixedBuckets {
  const { negative, positive, scale } = histogram;
  const bounds: number[] = [];
  const counts: number[] = [];
  let count = 0;
  const add = (bound: number): void => {
    // Bounds past the range of doubles are no bounds, and buckets that the zero bucket overlaps end where it does.
    if (!Number.isFinite(bound) || bound <= (bounds.at(-1) ?? Number.NEGATIVE_INFINITY)) return;
    bounds.push(bound);
    counts.push(count);
  };
  for (let i = negative.counts.length; i >= 0; i--) {
    count += i === negative.counts.length ? 0 : negative.counts[i]!;
    const bound = boundOf(negative.offset + i, scale);
    if (bound > 0 && negative.counts.length > 0) add(-bound);
  }
  count += histogram.zeroCount;
  add(histogram.zeroThreshold);
  for (let i = 0; i <= positive.counts.length && positive.counts.length > 0; i++) {
    count += i === 0 ? 0 : positive.counts[i - 1]!;
    add(boundOf(positive.offset + i, scale));
  }
  return { bounds, counts };
}

/** 2^(j/8), correctly rounded: powers computed where they are needed could differ by a last digit from machine to machine, and a bound names a series. */
const roots = [
  1,
  1.0905077326652577,
  1.189207115002721,
  1.2968395546510096,
  Math.SQRT2,
  1.5422108254079407,
  1.681792830507429,
  1.8340080864093424,
] as const;

/** Lower bound of a bucket: 2^(index / 2^scale), for scales up to 3. */
function boundOf(index: number, scale: number): number {
  if (scale < 0) return 2 ** (index * powerOfTwo(-scale));
  const perPower = 2 ** scale;
  const power = Math.floor(index / perPower);
  return roots[((index - power * perPower) * roots.length) / perPower]! * 2 ** power;
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

function rescaled(histogram: ExponentialHistogram, scale: number): ExponentialHistogram {
  const shift = histogram.scale - scale;
  if (shift === 0) return histogram;
  const { negative, positive } = histogram;
  return { ...histogram, scale, positive: joined([positive], shift), negative: joined([negative], shift) };
}
