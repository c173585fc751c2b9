/** Writes the Histogram message of remote write by hand, for tests. Source: prometheus prompb/types.proto. */
import { counterResetHints, type NativeHistogram, type SpannedBuckets } from '../../../src/model/native-histogram.js';
import { bitsOf, bytesField, fixed64Field, varint, varintField } from '../protobuf/wire-writer.js';

const staleBits = 0x7ff0000000000002n;
const zigzag = (value: number): bigint => (value < 0 ? -2n * BigInt(value) - 1n : 2n * BigInt(value));
const doubleBytes = (value: number): Buffer => fixed64Field(1, bitsOf(value)).subarray(1);

/** Fields of the message; integer histograms give differences. */
export function histogramFields(histogram: NativeHistogram, timeMs: number): Buffer[] {
  const { isFloat, isStale, count, zeroCount, sum, schema, zeroThreshold, customBounds, counterReset } = histogram;
  if (isStale) return [fixed64Field(3, staleBits), varintField(15, timeMs)];
  return [
    isFloat ? fixed64Field(2, bitsOf(count)) : varintField(1, count),
    fixed64Field(3, bitsOf(sum)),
    varintField(4, zigzag(schema)),
    fixed64Field(5, bitsOf(zeroThreshold)),
    isFloat ? fixed64Field(7, bitsOf(zeroCount)) : varintField(6, zeroCount),
    ...bucketFields(histogram.negative, isFloat, 8),
    ...bucketFields(histogram.positive, isFloat, 11),
    varintField(14, counterResetHints.indexOf(counterReset)),
    varintField(15, timeMs),
    ...(customBounds.length === 0 ? [] : [bytesField(16, customBounds.map(doubleBytes))]),
  ];
}

function bucketFields({ offsets, lengths, counts }: SpannedBuckets, isFloat: boolean, field: number): Buffer[] {
  const spans = offsets.map((offset, i) =>
    bytesField(field, [varintField(1, zigzag(offset)), varintField(2, lengths[i]!)]),
  );
  if (counts.length === 0) return spans;
  if (isFloat) return [...spans, bytesField(field + 2, counts.map(doubleBytes))];
  return [
    ...spans,
    bytesField(
      field + 1,
      counts.map((count, i) => varint(zigzag(count - (counts[i - 1] ?? 0)))),
    ),
  ];
}
