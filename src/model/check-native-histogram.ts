/**
 * Whether the parts of a native histogram fit together. Source: prometheus model/histogram, `Histogram.Validate` and
 * `FloatHistogram.Validate`, with bounds of our own: indexes of 32 bits, and integers that doubles hold.
 */
import {
  customBoundsSchema,
  type NativeHistogram,
  type SpannedBuckets,
  schemaMax,
  schemaMin,
  schemaReservedMax,
  withKnownSchema,
} from './native-histogram.js';

/** A histogram as it is stored, or what is wrong with it, in words. Linear in its buckets. */
export const soundHistogram = (histogram: NativeHistogram): NativeHistogram | string =>
  histogramProblem(histogram) ?? withKnownSchema(histogram);

function histogramProblem(histogram: NativeHistogram): string | undefined {
  const { isStale, schema, positive } = histogram;
  if (isStale) return undefined;
  const isCustom = schema === customBoundsSchema;
  if (!isCustom && (schema < schemaMin || schema > schemaReservedMax))
    return `schema: got ${schema}, wanted ${schemaMin} to ${schemaMax}, or ${customBoundsSchema} for custom bounds`;
  return (
    totalsProblem(histogram) ??
    (isCustom ? customProblem(histogram) : exponentialProblem(histogram)) ??
    prefixed('positive buckets', countsProblem(positive)) ??
    countProblem(histogram)
  );
}

const prefixed = (what: string, problem: string | undefined): string | undefined =>
  problem === undefined ? undefined : `${what}: ${problem}`;

function totalsProblem({ isFloat, count, zeroCount, zeroThreshold }: NativeHistogram): string | undefined {
  if (!(zeroThreshold >= 0 && Number.isFinite(zeroThreshold)))
    return `zero threshold: got ${zeroThreshold}, wanted a number from 0 up`;
  // Floats may be NaN, as Prometheus has it.
  if (zeroCount < 0) return `zero bucket: got a count of ${zeroCount}, wanted 0 or more`;
  if (count < 0) return `count: got ${count}, wanted 0 or more`;
  if (!isFloat && count > Number.MAX_SAFE_INTEGER) return `count: got ${count}, wanted less than 2^53`;
  return undefined;
}

function exponentialProblem({ positive, negative, customBounds }: NativeHistogram): string | undefined {
  if (customBounds.length > 0) return `got ${customBounds.length} custom bounds in an exponential schema`;
  return (
    prefixed('positive buckets', spansProblem(positive)) ??
    prefixed('negative buckets', spansProblem(negative) ?? countsProblem(negative))
  );
}

function customProblem({ positive, negative, customBounds, ...zero }: NativeHistogram): string | undefined {
  if (zero.zeroCount !== 0 || zero.zeroThreshold !== 0)
    return 'custom bounds: got a zero bucket, which they have none of';
  if (negative.offsets.length > 0 || negative.counts.length > 0)
    return 'custom bounds: got negative buckets, which they have none of';
  for (const [i, bound] of customBounds.entries())
    if (Number.isNaN(bound) || bound === Number.POSITIVE_INFINITY || (i > 0 && bound <= customBounds[i - 1]!))
      return `custom bounds: got ${bound} as number ${i + 1}, wanted bounds that ascend and end before infinity`;
  const problem = spansProblem(positive);
  if (problem !== undefined) return `positive buckets: ${problem}`;
  const end = sum(positive.offsets) + sum(positive.lengths);
  if ((positive.offsets[0] ?? 0) < 0 || end > customBounds.length + 1)
    return `custom bounds: ${customBounds.length} of them do not cover the spans, which begin at ${positive.offsets[0]} and end before ${end}`;
  return undefined;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

/** Indexes are 32-bit numbers in every schema and in the table. */
const indexMax = 2 ** 31 - 1;

function spansProblem({ offsets, lengths, counts }: SpannedBuckets): string | undefined {
  let buckets = 0;
  let index = 0;
  for (const [i, offset] of offsets.entries()) {
    if (i > 0 && offset < 0) return `span ${i + 1} has the offset ${offset}, wanted 0 or more`;
    index += offset + lengths[i]!;
    buckets += lengths[i]!;
    if (Math.abs(index) > indexMax) return `span ${i + 1} ends at the index ${index}, past 32 bits`;
  }
  return buckets === counts.length ? undefined : `spans of ${buckets} buckets, got counts for ${counts.length}`;
}

function countsProblem({ counts }: SpannedBuckets): string | undefined {
  const wrong = counts.findIndex((count) => count < 0);
  return wrong < 0 ? undefined : `bucket ${wrong + 1} has the count ${counts[wrong]}, wanted 0 or more`;
}

/** Of floats, sums are rounded, so they are not compared. Where values were NaN, they are counted and in no bucket. */
function countProblem({
  isFloat,
  count,
  sum: total,
  zeroCount,
  positive,
  negative,
}: NativeHistogram): string | undefined {
  if (isFloat) return undefined;
  const inBuckets = zeroCount + sum(positive.counts) + sum(negative.counts);
  if (Number.isNaN(total) ? inBuckets <= count : inBuckets === count) return undefined;
  return `the buckets hold ${inBuckets} observations, and the count is ${count}`;
}
