/**
 * Bodies of remote write 1.0 for the same series again and again: one sample a series. Everything but values and times
 * stays as it is from tick to tick, so a body is patched and compressed, never encoded anew. Source of the form: Prometheus'
 * prompb/remote.proto and types.proto.
 */
import { compressSync } from 'snappy';
import type { Label, Labels } from '../../src/model/labels.js';

export interface WriteRequest {
  readonly seriesCount: number;
  /** Sets the sample of series i. Times are epoch milliseconds of the years 2004 to 2109, which take six bytes. */
  set(i: number, timeMs: number, value: number): void;
  /** The body, compressed, with the series in this order; in the order they were given in where there is none. */
  body(order?: Uint32Array): Buffer;
}

/** Bytes of a Sample message: a tag and a double, a tag and a varint of six bytes. */
const sampleBytes = 1 + 8 + 1 + 6;
const timeBytes = 6;

export function createWriteRequest(series: readonly Labels[]): WriteRequest {
  const records = series.map(encodeTimeSeries);
  const ends = new Uint32Array(records.length);
  let length = 0;
  for (const [i, record] of records.entries()) ends[i] = length += record.length;
  const plain = Buffer.concat(records, length);
  const view = new DataView(plain.buffer, plain.byteOffset, length);
  let moved: Buffer | undefined;
  return {
    seriesCount: series.length,
    set(i, timeMs, value) {
      const at = ends[i]! - sampleBytes + 1;
      view.setFloat64(at, value, true);
      writeVarint(plain, at + 9, timeMs);
    },
    body(order) {
      if (order === undefined) return compress(plain);
      moved ??= Buffer.alloc(length);
      let at = 0;
      for (const i of order) at += plain.copy(moved, at, i === 0 ? 0 : ends[i - 1]!, ends[i]!);
      return compress(moved);
    },
  };
}

/** In memory of its own size: snappy's result keeps as much as the worst case would have taken. */
const compress = (bytes: Buffer): Buffer => Buffer.from(compressSync(bytes));

/** A varint of exactly six bytes. */
function writeVarint(bytes: Buffer, at: number, value: number): void {
  const high = Math.floor(value / 2 ** 28);
  for (let i = 0; i < 4; i++) bytes[at + i] = ((value >>> (7 * i)) & 127) | 128;
  bytes[at + 4] = (high & 127) | 128;
  bytes[at + timeBytes - 1] = high >>> 7;
}

/** A TimeSeries as field 1 of a WriteRequest, with one empty sample at its end. */
function encodeTimeSeries(labels: Labels): Buffer {
  const parts = labels.map(encodeLabel);
  const length = parts.reduce((sum, part) => sum + part.length, 0) + emptySample.length;
  return Buffer.concat([tag(1, length), ...parts, emptySample]);
}

/** Series of a pod share most of their labels, as the very same pairs: a million series are encoded in seconds. */
const encodedLabels = new WeakMap<Label, Buffer>();

function encodeLabel(label: Label): Buffer {
  const known = encodedLabels.get(label);
  if (known !== undefined) return known;
  const [name, value] = label.map((text) => Buffer.from(text)) as [Buffer, Buffer];
  const encoded = field(1, Buffer.concat([field(1, name), field(2, value)]));
  encodedLabels.set(label, encoded);
  return encoded;
}

const field = (number: number, content: Buffer): Buffer => Buffer.concat([tag(number, content.length), content]);

/** What stands before `length` bytes: the field's number with the wire type of bytes, and the length as a varint. */
function tag(number: number, length: number): Buffer {
  const bytes = [number * 8 + 2];
  for (; length > 127; length >>>= 7) bytes.push((length & 127) | 128);
  return Buffer.from([...bytes, length]);
}

const emptySample = field(2, emptySampleMessage());

function emptySampleMessage(): Buffer {
  const message = Buffer.alloc(sampleBytes);
  message[0] = 0x09;
  message[9] = 0x10;
  writeVarint(message, 10, 2 ** 40);
  return message;
}
