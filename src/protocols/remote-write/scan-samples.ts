/** Samples of remote write, which both versions write the same: field 2 of a TimeSeries, of a double value (1) and an int64 time in ms (2). */
import type { SampleColumns } from '../../model/sample-columns.js';
import type { WireReader } from '../protobuf/wire-reader.js';

/** Number of the field that holds a sample, in the TimeSeries of both versions. */
export const sampleField = 2;

// First three bytes, as a little-endian number, of the two forms in which senders write a sample of our times (1971 to 2109, six bytes):
// field 2, 16 bytes long, value; and field 2, 7 bytes long, time, where the value is 0 and so left out.
const valueForm = 0x091012;
const zeroForm = 0x100712;
const valueFormBytes = 18;
const zeroFormBytes = 9;
const timeTag = 0x10;

/**
 * Adds the samples that stand at `at` in one of the two common forms, and answers where the first byte of anything else is. Nothing from
 * `end` on is read. This is the hot path: it looks at whole words, and never at a byte twice.
 */
export function scanSamples(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  end: number,
  columns: SampleColumns,
): number {
  for (;;) {
    if (at + zeroFormBytes > end) return at;
    const form = view.getInt32(at, true) & 0xffffff;
    if (form === valueForm && at + valueFormBytes <= end && bytes[at + 11] === timeTag) {
      const low = view.getInt32(at + 12, true);
      const high = view.getUint16(at + 16, true);
      if (!isSixByteVarint(low, high)) return at;
      columns.addBits(sixByteVarint(low, high), view.getUint32(at + 3, true), view.getUint32(at + 7, true));
      at += valueFormBytes;
    } else if (form === zeroForm) {
      const low = view.getInt32(at + 3, true);
      const high = view.getUint16(at + 7, true);
      if (!isSixByteVarint(low, high)) return at;
      columns.addBits(sixByteVarint(low, high), 0, 0);
      at += zeroFormBytes;
    } else return at;
  }
}

/** Whether four bytes and two more are a number of variable length: all but the last byte go on. */
const isSixByteVarint = (low: number, high: number): boolean =>
  (low & 0x80808080) === (0x80808080 | 0) && (high & 0x8080) === 0x0080;

function sixByteVarint(low: number, high: number): number {
  const low28 = (low & 0x7f) | ((low >>> 1) & 0x3f80) | ((low >>> 2) & 0x1fc000) | ((low >>> 3) & 0xfe00000);
  const high14 = (high & 0x7f) | ((high >>> 1) & 0x3f80);
  return high14 * 0x10000000 + low28;
}

/** Adds the sample that `reader` is at, in whatever form. A start time (field 3 in version 2) is passed over. */
export function readSample(reader: WireReader, columns: SampleColumns): void {
  let timeMs = 0;
  let low = 0;
  let high = 0;
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.field === 1) {
      reader.double();
      low = reader.low;
      high = reader.high;
    } else if (reader.field === 2) timeMs = reader.int64();
    else reader.skip();
  }
  reader.leave(outer);
  columns.addBits(timeMs, low, high);
}
