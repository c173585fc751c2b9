/**
 * Native histograms as bytes, as they lie in the log and in memory until they are in their table. `docs/formats/metric-record.md` has the grammar.
 */
import {
  counterResetHints,
  type NativeHistogram,
  noSpans,
  type SpannedBuckets,
  staleHistogram,
} from './native-histogram.js';

/** Histograms in bytes: number i is bytes[ends[i - 1], ends[i]), the first from 0. */
export interface HistogramBytes {
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
}

const hintBits = 3;
const floatFlag = 4;
const staleFlag = 8;

/** Bytes of a histogram without its buckets and bounds, at most; of a span; of a number. */
const fixedBytesMax = 2 + 4 * 8 + 5 * 5;
const spanBytesMax = 10;
const numberBytes = 8;

/** A guess: a scrape's worth. */
const firstBytes = 4_096;
const firstEnds = 64;

/** Grows by one histogram after the other. */
export class HistogramWriter {
  count = 0;
  private bytes = new Uint8Array(firstBytes);
  private view = new DataView(this.bytes.buffer);
  private ends = new Uint32Array(firstEnds);
  private at = 0;

  /** Appends a histogram; answers its number. */
  add(histogram: NativeHistogram): number {
    this.reserve(histogram);
    this.byte(
      counterResetHints.indexOf(histogram.counterReset) |
        (histogram.isFloat ? floatFlag : 0) |
        (histogram.isStale ? staleFlag : 0),
    );
    if (!histogram.isStale) this.body(histogram);
    this.ends[this.count] = this.at;
    return this.count++;
  }

  /** Appends bytes that a writer wrote for one histogram. */
  addBytes(source: Uint8Array): void {
    this.grow(source.length);
    this.bytes.set(source, this.at);
    this.at += source.length;
    this.ends[this.count++] = this.at;
  }

  /** What was written; the writer must not be used afterwards. */
  finish(): HistogramBytes {
    return { bytes: this.bytes.subarray(0, this.at), ends: this.ends.subarray(0, this.count) };
  }

  private body({ isFloat, schema, zeroThreshold, sum, count, zeroCount, ...buckets }: NativeHistogram): void {
    this.byte(schema & 255);
    this.double(zeroThreshold);
    this.double(sum);
    this.number(count, isFloat);
    this.number(zeroCount, isFloat);
    this.side(buckets.positive, isFloat);
    this.side(buckets.negative, isFloat);
    this.varint(buckets.customBounds.length);
    for (const bound of buckets.customBounds) this.double(bound);
  }

  private side({ offsets, lengths, counts }: SpannedBuckets, isFloat: boolean): void {
    this.varint(offsets.length);
    offsets.forEach((offset, i) => {
      this.varint(offset < 0 ? -2 * offset - 1 : 2 * offset);
      this.varint(lengths[i]!);
    });
    for (const count of counts) this.number(count, isFloat);
  }

  private number(value: number, isFloat: boolean): void {
    if (isFloat) this.double(value);
    else this.varint(value);
  }

  private byte(value: number): void {
    this.bytes[this.at++] = value;
  }

  private double(value: number): void {
    this.view.setFloat64(this.at, value, true);
    this.at += 8;
  }

  /** A whole number below 2^53. */
  private varint(value: number): void {
    while (value > 127) {
      this.bytes[this.at++] = (value % 128) | 128;
      value = Math.floor(value / 128);
    }
    this.bytes[this.at++] = value;
  }

  private reserve({ positive, negative, customBounds }: NativeHistogram): void {
    const spans = positive.offsets.length + negative.offsets.length;
    const numbers = positive.counts.length + negative.counts.length + customBounds.length;
    this.grow(fixedBytesMax + spanBytesMax * spans + numberBytes * numbers);
  }

  private grow(wanted: number): void {
    if (this.count === this.ends.length) {
      const ends = new Uint32Array(2 * this.count);
      ends.set(this.ends);
      this.ends = ends;
    }
    if (this.at + wanted <= this.bytes.length) return;
    const bytes = new Uint8Array(Math.max(2 * this.bytes.length, this.at + wanted));
    bytes.set(this.bytes.subarray(0, this.at));
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }
}

/** The bytes of number `i`, as a view. */
export const histogramBytesAt = ({ bytes, ends }: HistogramBytes, i: number): Uint8Array =>
  bytes.subarray(i === 0 ? 0 : ends[i - 1]!, ends[i]!);

/** The histogram whose bytes these are. */
export function readHistogramBytes(bytes: Uint8Array): NativeHistogram {
  const flags = bytes[0]!;
  if ((flags & staleFlag) !== 0) return staleHistogram;
  const reader = new Reader(bytes);
  const isFloat = (flags & floatFlag) !== 0;
  return {
    counterReset: counterResetHints[flags & hintBits]!,
    isFloat,
    isStale: false,
    schema: reader.signedByte(),
    zeroThreshold: reader.double(),
    sum: reader.double(),
    count: reader.number(isFloat),
    zeroCount: reader.number(isFloat),
    positive: reader.side(isFloat),
    negative: reader.side(isFloat),
    customBounds: Array.from({ length: reader.varint() }, () => reader.double()),
  };
}

class Reader {
  private readonly view: DataView;
  private at = 1;

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  signedByte(): number {
    return this.view.getInt8(this.at++);
  }

  double(): number {
    this.at += 8;
    return this.view.getFloat64(this.at - 8, true);
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.bytes[this.at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  number(isFloat: boolean): number {
    return isFloat ? this.double() : this.varint();
  }

  side(isFloat: boolean): SpannedBuckets {
    const spans = this.varint();
    if (spans === 0) return noSpans;
    const offsets: number[] = [];
    const lengths: number[] = [];
    let buckets = 0;
    for (let i = 0; i < spans; i++) {
      const zigzag = this.varint();
      offsets.push(zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2);
      buckets += lengths[lengths.push(this.varint()) - 1]!;
    }
    return { offsets, lengths, counts: Array.from({ length: buckets }, () => this.number(isFloat)) };
  }
}
