import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { addHistograms, subtractHistograms } from '../../../src/promql/histogram/add-histograms.js';
import {
  allBuckets,
  coarserHistogram,
  compactHistogram,
  exponentialBound,
} from '../../../src/promql/histogram/bucket-bounds.js';
import { areHistogramsEqual } from '../../../src/promql/histogram/compare-histograms.js';
import { isHistogramReset } from '../../../src/promql/histogram/detect-reset.js';
import { customSchema, emptyHistogram, type FloatHistogram } from '../../../src/promql/histogram/float-histogram.js';
import { histogramFraction } from '../../../src/promql/histogram/histogram-fraction.js';
import { histogramQuantile } from '../../../src/promql/histogram/histogram-quantile.js';
import { addToHistogramSum, histogramTotal, startHistogramSum } from '../../../src/promql/histogram/histogram-sum.js';

const counts = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 8 });

/** Exponential histograms with whole counts, so that sums are exact; zero thresholds lie on bounds of all schemas. */
const histograms: fc.Arbitrary<FloatHistogram> = fc
  .record({
    schema: fc.integer({ min: -2, max: 3 }),
    zeroThreshold: fc.constantFrom(0, 2 ** -20, 2 ** -16),
    zeroCount: fc.integer({ min: 0, max: 9 }),
    positive: counts,
    negative: counts,
    offset: fc.integer({ min: -6, max: 6 }),
  })
  .map(({ schema, zeroThreshold, zeroCount, positive, negative, offset }) => ({
    ...emptyHistogram,
    schema,
    zeroThreshold,
    zeroCount,
    count: [...positive, ...negative].reduce((a, b) => a + b, zeroCount),
    sum: positive.length - negative.length,
    positive: { indexes: positive.map((_, i) => offset + i), counts: positive },
    negative: { indexes: negative.map((_, i) => offset + i), counts: negative },
  }));

const customHistogram = (bounds: readonly number[], each: readonly number[]): FloatHistogram => ({
  ...emptyHistogram,
  schema: customSchema,
  count: each.reduce((a, b) => a + b, 0),
  sum: 1,
  positive: { indexes: each.map((_, i) => i), counts: each },
  customBounds: bounds,
});

const observations = (histogram: FloatHistogram): number =>
  allBuckets(histogram).reduce((sum, { count }) => sum + count, 0);

describe('native histograms', () => {
  it('lose and make up no observation when they are added, whatever their schemas and zero buckets', () => {
    fc.assert(
      fc.property(histograms, histograms, (a, b) => {
        const sum = addHistograms(a, b)!.histogram;
        assert.equal(sum.count, a.count + b.count);
        assert.equal(observations(sum), observations(a) + observations(b));
        assert.equal(sum.schema, Math.min(a.schema, b.schema));
      }),
    );
  });

  it('are the same in sum, whichever comes first', () => {
    fc.assert(
      fc.property(histograms, histograms, (a, b) => {
        assert.ok(areHistogramsEqual(addHistograms(a, b)!.histogram, addHistograms(b, a)!.histogram));
      }),
    );
  });

  it('grow by what was added: subtracting it gives the coarser first back', () => {
    fc.assert(
      fc.property(histograms, histograms, (a, b) => {
        const sameZero = { ...b, zeroThreshold: a.zeroThreshold };
        const sum = addHistograms(a, sameZero)!.histogram;
        const back = subtractHistograms(sum, sameZero)!.histogram;
        assert.ok(areHistogramsEqual(compactHistogram(back), coarserHistogram(a, sum.schema)));
      }),
    );
  });

  it('are no reset after something was added to them, but are one where a bucket fell', () => {
    fc.assert(
      fc.property(histograms, histograms, (a, b) => {
        const added = { ...b, schema: a.schema, zeroThreshold: a.zeroThreshold };
        const sum = addHistograms(a, added)!.histogram;
        assert.equal(isHistogramReset(sum, a), false);
        if (added.count > 0) assert.equal(isHistogramReset(a, sum), true);
      }),
    );
  });

  it('sum up with carried errors to the plain sum where all counts are whole', () => {
    fc.assert(
      fc.property(fc.array(histograms, { minLength: 2, maxLength: 5 }), ([first, ...rest]) => {
        let sum = startHistogramSum(first!);
        let plain = first!;
        for (const each of rest) {
          sum = addToHistogramSum(sum, each)!;
          plain = addHistograms(plain, each)!.histogram;
        }
        assert.ok(areHistogramsEqual(compactHistogram(histogramTotal(sum)), compactHistogram(plain)));
      }),
    );
  });

  it('find a quantile again as the fraction below it', () => {
    fc.assert(
      fc.property(histograms, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (histogram, q) => {
        fc.pre(histogram.count > 0);
        const { value } = histogramQuantile(q, histogram);
        // Buckets that lie within the zero bucket, which no client makes, and a zero bucket without a width have no fraction below them.
        fc.pre(Math.abs(value) > histogram.zeroThreshold);
        const { value: fraction } = histogramFraction(Number.NEGATIVE_INFINITY, value, histogram);
        assert.ok(Math.abs(fraction - q) < 1e-6, `${q} lies at ${value}, below which are ${fraction}`);
      }),
    );
  });

  it('with custom bounds that differ keep the bounds that both have', () => {
    const sum = addHistograms(customHistogram([1, 2, 5], [1, 2, 3, 4]), customHistogram([2, 3, 5], [10, 20, 30, 40]))!;
    assert.deepEqual(sum.histogram.customBounds, [2, 5]);
    assert.deepEqual(sum.histogram.positive.counts, [13, 53, 44]);
    assert.equal(sum.isReconciled, true);
  });

  it('with custom bounds do not add to exponential ones', () => {
    assert.equal(addHistograms(customHistogram([1], [1]), emptyHistogram), undefined);
  });

  // Prometheus 3.14, model/histogram/generic_test.go, TestGetBound.
  for (const [index, schema, bound] of [
    [-1, -1, 0.25],
    [0, -1, 1],
    [1, -1, 4],
    [512, -1, Number.MAX_VALUE],
    [513, -1, Number.POSITIVE_INFINITY],
    [-1, 0, 0.5],
    [1024, 0, Number.MAX_VALUE],
    [1025, 0, Number.POSITIVE_INFINITY],
    [-1, 2, 0.8408964152537144],
    [1, 2, 1.189207115002721],
    [2, 2, Math.SQRT2],
    [4096, 2, Number.MAX_VALUE],
    [4097, 2, Number.POSITIVE_INFINITY],
  ] as const)
    it(`have the bound ${bound} at index ${index} of schema ${schema}`, () => {
      assert.ok(
        Math.abs(exponentialBound(index, schema) / bound - 1) < 1e-15 || exponentialBound(index, schema) === bound,
      );
    });
});
