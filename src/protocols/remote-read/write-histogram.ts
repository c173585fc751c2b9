/**
 * Writes native histograms into a TimeSeries, always as float histograms: what was read is what queries compute with, and that is doubles.
 * Source: prometheus prompb/types.proto, message Histogram.
 */
import { counterResetHints, type NativeHistogram, type SpannedBuckets } from '../../model/native-histogram.js';
import type { MessageWriter } from '../protobuf/message-writer.js';

const histogramField = 4;
const negativeFields = { spans: 8, counts: 10 } as const;
const positiveFields = { spans: 11, counts: 13 } as const;

export function writeHistogram(out: MessageWriter, timeMs: number, histogram: NativeHistogram): void {
  const message = out.beginMessage(histogramField);
  out.double(2, histogram.count);
  out.double(3, histogram.sum);
  writeSint32(out, 4, histogram.schema);
  out.double(5, histogram.zeroThreshold);
  out.double(7, histogram.zeroCount);
  writeBuckets(out, negativeFields, histogram.negative);
  writeBuckets(out, positiveFields, histogram.positive);
  out.varint(14, 0, counterResetHints.indexOf(histogram.counterReset));
  out.varint(15, Math.floor(timeMs / 2 ** 32) >>> 0, timeMs >>> 0);
  if (histogram.customBounds.length > 0) writeDoubles(out, 16, histogram.customBounds);
  out.endMessage(message);
}

function writeBuckets(
  out: MessageWriter,
  fields: typeof negativeFields | typeof positiveFields,
  { offsets, lengths, counts }: SpannedBuckets,
): void {
  offsets.forEach((offset, i) => {
    const span = out.beginMessage(fields.spans);
    writeSint32(out, 1, offset);
    out.varint(2, 0, lengths[i]!);
    out.endMessage(span);
  });
  if (counts.length > 0) writeDoubles(out, fields.counts, counts);
}

const writeSint32 = (out: MessageWriter, field: number, value: number): void =>
  out.varint(field, 0, ((value << 1) ^ (value >> 31)) >>> 0);

function writeDoubles(out: MessageWriter, field: number, values: readonly number[]): void {
  const bytes = new Uint8Array(8 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => void view.setFloat64(8 * i, value, true));
  out.bytes(field, bytes);
}
