/** Native histograms of every kind, all of them sound. */
import fc from 'fast-check';
import {
  type CounterReset,
  counterResetHints,
  customBoundsSchema,
  type NativeHistogram,
  noSpans,
  type SpannedBuckets,
  staleHistogram,
} from '../../src/model/native-histogram.js';

const integer = fc.oneof({ weight: 8, arbitrary: fc.nat({ max: 1000 }) }, fc.nat({ max: 2 ** 40 }));
const double = fc.oneof(
  fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, 0.1, 1e300, Number.POSITIVE_INFINITY),
);

const buckets = (count: fc.Arbitrary<number>, firstMin: number): fc.Arbitrary<SpannedBuckets> =>
  fc
    .array(fc.tuple(fc.nat({ max: 4 }), fc.integer({ min: 1, max: 3 })), { maxLength: 4 })
    .chain((spans) =>
      fc.tuple(
        fc.constant(spans),
        fc.integer({ min: firstMin, max: 50 }),
        fc.array(count, {
          minLength: spans.reduce((sum, [, length]) => sum + length, 0),
          maxLength: spans.reduce((sum, [, length]) => sum + length, 0),
        }),
      ),
    )
    .map(([spans, first, counts]) =>
      spans.length === 0
        ? noSpans
        : {
            offsets: spans.map(([gap], i) => (i === 0 ? first : gap)),
            lengths: spans.map(([, length]) => length),
            counts,
          },
    );

const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);
const hint: fc.Arbitrary<CounterReset> = fc.constantFrom(...counterResetHints);
const sum = fc.oneof({ weight: 8, arbitrary: fc.double({ noNaN: true }) }, fc.constant(Number.NaN));

const exponential = (isFloat: boolean): fc.Arbitrary<NativeHistogram> => {
  const count = isFloat ? double : integer;
  return fc
    .record({
      counterReset: hint,
      schema: fc.integer({ min: -4, max: 8 }),
      zeroThreshold: fc.constantFrom(0, 1e-128, 0.001, 2),
      zeroCount: count,
      sum,
      positive: buckets(count, -500),
      negative: buckets(count, -500),
    })
    .map((parts) => ({
      ...parts,
      isFloat,
      isStale: false,
      count: parts.zeroCount + sumOf(parts.positive.counts) + sumOf(parts.negative.counts),
      customBounds: [],
    }));
};

const custom = (isFloat: boolean): fc.Arbitrary<NativeHistogram> =>
  fc.record({ counterReset: hint, sum, positive: buckets(isFloat ? double : integer, 0) }).map((parts) => ({
    ...parts,
    isFloat,
    isStale: false,
    schema: customBoundsSchema,
    zeroThreshold: 0,
    zeroCount: 0,
    count: sumOf(parts.positive.counts),
    negative: noSpans,
    customBounds: Array.from({ length: 80 }, (_, i) => i * 0.5 - 3),
  }));

/** Any sound histogram, stale ones among them. */
export const nativeHistogram: fc.Arbitrary<NativeHistogram> = fc.oneof(
  { weight: 4, arbitrary: exponential(false) },
  { weight: 4, arbitrary: exponential(true) },
  { weight: 2, arbitrary: custom(false) },
  { weight: 2, arbitrary: custom(true) },
  fc.constant(staleHistogram),
);

/** A small integer histogram, in the middle of what senders send. */
export const latency: NativeHistogram = {
  counterReset: 'unknown',
  isFloat: false,
  isStale: false,
  schema: 0,
  zeroThreshold: 0.001,
  zeroCount: 2,
  count: 12,
  sum: 18.4,
  positive: { offsets: [0, 1], lengths: [2, 2], counts: [2, 3, 1, 4] },
  negative: noSpans,
  customBounds: [],
};
