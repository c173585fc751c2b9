import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  bucketsMax,
  type ExponentialBuckets,
  type ExponentialHistogram,
  fixedBuckets,
  limited,
  merged,
  scaleMax,
} from '../../../src/protocols/otlp/exponential-buckets.js';

/** Counts sizes as an SDK does: bucket i holds those in (base^i, base^(i + 1)], by logarithm, which is exact enough away from bounds. */
function bucketsOf(sizes: readonly number[], scale: number): ExponentialBuckets {
  const indexes = sizes.map((size) => Math.ceil(Math.log2(size) * 2 ** scale) - 1);
  if (indexes.length === 0) return { offset: 0, counts: [] };
  const offset = Math.min(...indexes);
  const counts = new Array<number>(Math.max(...indexes) - offset + 1).fill(0);
  for (const index of indexes) counts[index - offset]! += 1;
  return { offset, counts };
}

const histogramOf = (values: readonly number[], scale: number): ExponentialHistogram => ({
  scale,
  count: values.length,
  sum: values.reduce((sum, value) => sum + value, 0),
  hasSum: true,
  zeroThreshold: 0,
  zeroCount: values.filter((value) => value === 0).length,
  positive: bucketsOf(
    values.filter((value) => value > 0),
    scale,
  ),
  negative: bucketsOf(
    values.filter((value) => value < 0).map((value) => -value),
    scale,
  ),
});

/** Values that are no power of any base here, so that rounding cannot put them into another bucket: odd numbers that three does not divide, over three. */
const value = fc
  .tuple(fc.integer({ min: -100_000, max: 100_000 }), fc.integer({ min: -20, max: 20 }))
  .map(([n, power]) => (n === 0 ? 0 : ((6 * n + 1) / 3) * 2 ** power));
const values = fc.array(value, { maxLength: 100 });

function assertCounts(histogram: ExponentialHistogram, sent: readonly number[]): void {
  const { bounds, counts } = fixedBuckets(histogram);
  bounds.forEach((bound, i) => {
    assert.equal(counts[i], sent.filter((one) => one <= bound).length, `up to ${bound}`);
    if (i > 0) assert.ok(bound > bounds[i - 1]!, `${bound} after ${bounds[i - 1]}`);
  });
  if (sent.length > 0) assert.equal(counts.at(-1), sent.length);
}

describe('exponential histograms', () => {
  it('count at every bound exactly the values up to it, whatever their scale', () => {
    fc.assert(
      fc.property(values, fc.integer({ min: -4, max: 8 }), (sent, scale) => {
        const histogram = limited(histogramOf(sent, scale));
        assert.ok(histogram.scale <= Math.min(scale, scaleMax));
        assert.ok(histogram.positive.counts.length <= bucketsMax && histogram.negative.counts.length <= bucketsMax);
        assertCounts(histogram, sent);
      }),
    );
  });

  it('added up count the values of both', () => {
    const scale = fc.integer({ min: -4, max: 8 });
    fc.assert(
      fc.property(values, values, scale, scale, (a, b, scaleA, scaleB) => {
        const both = merged(limited(histogramOf(a, scaleA)), limited(histogramOf(b, scaleB)));
        assert.equal(both?.count, a.length + b.length);
        assertCounts(both!, [...a, ...b]);
      }),
    );
  });

  it('have among the bounds of a scale all those of the scales below', () => {
    const sent = [0.3, 1.7, 5.1, 900];
    const boundsAt = (scale: number): number[] =>
      fixedBuckets(histogramOf(sent, scale)).bounds.filter((bound) => bound > 0.4 && bound < 800);
    for (let scale = scaleMax; scale > -2; scale--) {
      const finer = new Set(boundsAt(scale));
      assert.deepEqual(
        boundsAt(scale - 1).filter((bound) => !finer.has(bound)),
        [],
      );
    }
  });

  it('have bounds that are powers of two and their roots, to the last digit', () => {
    const { bounds } = fixedBuckets({
      ...histogramOf([], 3),
      positive: { offset: -8, counts: new Array<number>(16).fill(1) },
    });
    assert.deepEqual(
      [bounds[1], bounds[5], bounds[9], bounds[10], bounds[13], bounds[17]],
      [0.5, Math.SQRT1_2, 1, 1.0905077326652577, Math.SQRT2, 2],
    );
  });

  it('of scales and offsets beyond all doubles keep their counts', () => {
    for (const scale of [-(2 ** 31), -20, 0, 20, 2 ** 31 - 1])
      for (const offset of [-(2 ** 31), -1, 0, 2 ** 31 - 1]) {
        const histogram = limited({
          ...histogramOf([], scale),
          count: 600,
          positive: { offset, counts: new Array<number>(300).fill(2) },
        });
        const { bounds, counts } = fixedBuckets(histogram);
        assert.equal(
          Array.from(histogram.positive.counts).reduce((sum, count) => sum + count),
          600,
          `${scale}, ${offset}`,
        );
        assert.ok(bounds.every(Number.isFinite) && bounds.length <= bucketsMax + 2);
        assert.ok(counts.every((count, i) => i === 0 || count >= counts[i - 1]!));
      }
  });

  it('do not add up where their zero buckets differ', () => {
    const a = histogramOf([1.1], 0);
    assert.equal(merged(a, { ...a, zeroThreshold: 1 }), undefined);
    assert.equal(merged(a, { ...a, hasSum: false }), undefined);
  });
});
