import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { soundHistogram } from '../../src/model/check-native-histogram.js';
import { bucketIndexes, type NativeHistogram, spannedBuckets } from '../../src/model/native-histogram.js';
import { HistogramWriter, histogramBytesAt, readHistogramBytes } from '../../src/model/native-histogram-bytes.js';
import { latency, nativeHistogram } from './histogram-arbitraries.js';

describe('native histograms', () => {
  it('come back from their bytes as they were', () => {
    fc.assert(
      fc.property(fc.array(nativeHistogram, { maxLength: 5 }), (histograms) => {
        const writer = new HistogramWriter();
        histograms.forEach((each, i) => void assert.equal(writer.add(each), i));
        const written = writer.finish();
        histograms.forEach((each, i) => {
          assert.deepEqual(readHistogramBytes(histogramBytesAt(written, i)), each);
        });
      }),
    );
  });

  it('of known schemas are sound as they are', () => {
    fc.assert(fc.property(nativeHistogram, (histogram) => assert.equal(soundHistogram(histogram), histogram)));
  });

  it('have the same spans for the same indexes', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: -1000, max: 1000 })), (list) => {
        const indexes = list.sort((a, b) => a - b);
        assert.deepEqual(bucketIndexes(spannedBuckets(indexes, indexes)), indexes);
      }),
    );
  });

  it('of schemas past 8 get coarser, and keep every count', () => {
    const fine = {
      ...latency,
      schema: 10,
      positive: { offsets: [-3, 0], lengths: [8, 2], counts: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1] },
    };
    const sound = soundHistogram(fine) as NativeHistogram;
    assert.equal(sound.schema, 8);
    // Buckets -3 to 0 become bucket 0, 1 to 4 bucket 1, 5 and 6 bucket 2.
    assert.deepEqual(sound.positive, { offsets: [0], lengths: [3], counts: [4, 4, 2] });
  });
});

describe('native histograms that are not sound', () => {
  const twice = { offsets: [0], lengths: [1], counts: [1] };
  const refused: readonly (readonly [title: string, histogram: Partial<NativeHistogram>, message: RegExp])[] = [
    ['of a schema below -4', { schema: -5 }, /schema: got -5/],
    ['of a schema past those reserved', { schema: 53 }, /schema: got 53/],
    [
      'whose spans and counts differ',
      { positive: { ...twice, lengths: [2] } },
      /positive buckets: spans of 2 buckets, got counts for 1/,
    ],
    [
      'whose spans overlap',
      { positive: { offsets: [0, -1], lengths: [1, 1], counts: [1, 1] } },
      /span 2 has the offset -1/,
    ],
    [
      'whose indexes are past 32 bits',
      { positive: { offsets: [2 ** 31 - 1], lengths: [1], counts: [1] } },
      /past 32 bits/,
    ],
    [
      'with a negative bucket count',
      { positive: { ...twice, counts: [-1] } },
      /positive buckets: bucket 1 has the count -1/,
    ],
    ['whose count is not that of the buckets', { count: 13 }, /hold 12 observations, and the count is 13/],
    [
      'whose count is too small, the sum being NaN',
      { count: 11, sum: Number.NaN },
      /hold 12 observations, and the count is 11/,
    ],
    ['with a negative count', { isFloat: true, count: -1 }, /count: got -1/],
    ['of integers past 2^53', { count: 2 ** 60 }, /wanted less than 2\^53/],
    ['with a zero bucket that is no number', { zeroThreshold: Number.NaN }, /zero threshold: got NaN/],
    ['of custom bounds in an exponential schema', { customBounds: [1] }, /1 custom bounds in an exponential schema/],
    ['of custom bounds with a zero bucket', { schema: -53 }, /zero bucket/],
    ['of custom bounds with negative buckets', { ...custom(), negative: twice }, /negative buckets/],
    ['of custom bounds that do not ascend', { ...custom(), customBounds: [1, 1] }, /bounds that ascend/],
    [
      'of custom bounds that are infinite',
      { ...custom(), customBounds: [Number.POSITIVE_INFINITY] },
      /end before infinity/,
    ],
    [
      'with too few custom bounds',
      { ...custom(), customBounds: [1], positive: { offsets: [2], lengths: [1], counts: [1] } },
      /do not cover/,
    ],
  ];
  for (const [title, parts, message] of refused)
    it(`${title} are refused`, () => {
      assert.match(String(soundHistogram({ ...latency, ...parts })), message);
    });

  it('are sound where their sum is NaN and observations are in no bucket, as NaNs are', () => {
    assert.equal(typeof soundHistogram({ ...latency, count: 14, sum: Number.NaN }), 'object');
  });

  it('of floats need not add up, since their sums are rounded', () => {
    assert.equal(typeof soundHistogram({ ...latency, isFloat: true, count: 12.5 }), 'object');
  });
});

function custom(): Partial<NativeHistogram> {
  return {
    schema: -53,
    zeroThreshold: 0,
    zeroCount: 0,
    count: 1,
    positive: { offsets: [0], lengths: [1], counts: [1] },
  };
}
