import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  bucketsMax,
  type ExponentialBuckets,
  type ExponentialHistogram,
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

/** How many values lie in each bucket, by its index at the histogram's scale. */
const countsOf = ({ offset, counts }: ExponentialBuckets): Map<number, number> =>
  new Map(Array.from(counts, (count, i): [number, number] => [offset + i, count]).filter(([, count]) => count > 0));

function assertCounts(histogram: ExponentialHistogram, sent: readonly number[]): void {
  const wanted = histogramOf(sent, histogram.scale);
  assert.deepEqual(countsOf(histogram.positive), countsOf(wanted.positive));
  assert.deepEqual(countsOf(histogram.negative), countsOf(wanted.negative));
  assert.equal(histogram.zeroCount, wanted.zeroCount);
}

describe('exponential histograms', () => {
  it('at a lower scale count what they would have counted there', () => {
    fc.assert(
      fc.property(values, fc.integer({ min: -4, max: 12 }), (sent, scale) => {
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

  it('of scales and offsets beyond all doubles keep their counts', () => {
    for (const scale of [-(2 ** 31), -20, 0, 20, 2 ** 31 - 1])
      for (const offset of [-(2 ** 31), -1, 0, 2 ** 31 - 1]) {
        const histogram = limited({
          ...histogramOf([], scale),
          count: 600,
          positive: { offset, counts: new Array<number>(300).fill(2) },
        });
        const total = Array.from(histogram.positive.counts).reduce((sum, count) => sum + count);
        assert.equal(total, 600, `${scale}, ${offset}`);
        assert.ok(histogram.positive.counts.length <= bucketsMax);
      }
  });

  it('do not add up where their zero buckets differ, or where nothing is coarse enough for both', () => {
    const a = histogramOf([1.1], 0);
    assert.equal(merged(a, { ...a, zeroThreshold: 1 }), undefined);
    assert.equal(merged(a, { ...a, hasSum: false }), undefined);
    assert.equal(merged(a, { ...a, positive: { offset: 2 ** 30, counts: [1] } }), undefined);
  });
});
