/** Reads what remote read answers, for tests, by the formats' descriptions and with bigints: as unlike the encoders as it can be. */
import assert from 'node:assert/strict';
import type { Label } from '../../../src/model/labels.js';
import { WireReader } from '../../../src/protocols/protobuf/wire-reader.js';

export interface DecodedSample {
  readonly timeMs: bigint;
  readonly bits: bigint;
}

export interface DecodedSeries {
  readonly labels: Label[];
  readonly samples: DecodedSample[];
}

const signed = (value: bigint, bits: number): bigint => BigInt.asIntN(bits, value);

/** A bit stream as one long text of zeros and ones. */
class Bits {
  private at = 0;
  private readonly text: string;

  constructor(bytes: Uint8Array) {
    this.text = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');
  }

  take(count: number): bigint {
    assert.ok(this.at + count <= this.text.length, 'the chunk is long enough');
    this.at += count;
    return count === 0 ? 0n : BigInt(`0b${this.text.slice(this.at - count, this.at)}`);
  }

  /** Ones before the next zero, at most `most`. */
  ones(most: number): number {
    for (let count = 0; count < most; count++) if (this.take(1) === 0n) return count;
    return most;
  }

  varint(): bigint {
    for (let value = 0n, shift = 0n; ; shift += 7n) {
      const byte = this.take(8);
      value |= (byte & 127n) << shift;
      if (byte < 128n) return value;
    }
  }
}

/** The samples of a chunk in the XOR encoding. */
export function decodeXorChunk(bytes: Uint8Array): DecodedSample[] {
  const bits = new Bits(bytes);
  const count = Number(bits.take(16));
  const samples: DecodedSample[] = [];
  let [time, distance, value, leading, length] = [0n, 0n, 0n, 0, 0];
  for (let i = 0; i < count; i++) {
    if (i === 0) {
      const zigzag = bits.varint();
      time = (zigzag >> 1n) ^ -(zigzag & 1n);
      value = bits.take(64);
    } else {
      if (i === 1) distance = bits.varint();
      else {
        const size = [0, 14, 17, 20, 64][bits.ones(4)]!;
        const change = bits.take(size);
        // The largest number of a size is positive: there the sign bit stands alone.
        distance += size > 0 && size < 64 && change === 1n << BigInt(size - 1) ? change : signed(change, size);
      }
      time += distance;
      if (bits.take(1) === 1n) {
        if (bits.take(1) === 1n) {
          leading = Number(bits.take(5));
          length = Number(bits.take(6)) || 64;
        }
        value ^= bits.take(length) << BigInt(64 - leading - length);
      }
    }
    samples.push({ timeMs: time, bits: value });
  }
  return samples;
}

const slow32 = 0x82f63b78;
function crcBitByBit(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) * slow32);
  }
  return ~crc >>> 0;
}

/** The messages in a stream of frames, their checksums verified. */
export function splitFrames(bytes: Uint8Array): Uint8Array[] {
  const messages: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      length += (byte & 127) * 2 ** shift;
      if (byte < 128) break;
    }
    const message = bytes.subarray(at + 4, at + 4 + length);
    assert.equal(message.length, length, 'the frame is whole');
    assert.equal(Buffer.from(bytes).readUInt32BE(at), crcBitByBit(message), 'the checksum is right');
    messages.push(message);
    at += 4 + length;
  }
  return messages;
}

function readLabel(reader: WireReader): Label {
  const label = ['', ''] as [string, string];
  const outer = reader.enter();
  while (reader.next()) label[reader.field - 1] = reader.text();
  reader.leave(outer);
  return label;
}

function readSeries(reader: WireReader, readPart: (samples: DecodedSample[]) => void): DecodedSeries {
  const labels: Label[] = [];
  const samples: DecodedSample[] = [];
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.field === 1) labels.push(readLabel(reader));
    else readPart(samples);
  }
  reader.leave(outer);
  return { labels, samples };
}

/** A `ChunkedReadResponse`. */
export function decodeChunkedAnswer(message: Uint8Array): { series: DecodedSeries; queryIndex: number } {
  const reader = new WireReader(message);
  let series: DecodedSeries | undefined;
  let queryIndex = 0;
  while (reader.next()) {
    if (reader.field === 1) series = readSeries(reader, (samples) => samples.push(...readChunk(reader)));
    else queryIndex = reader.uint32();
  }
  return { series: series!, queryIndex };
}

/** The chunks of a `ChunkedReadResponse` as they lie in it. */
export function chunksOf(message: Uint8Array): Uint8Array[] {
  const reader = new WireReader(message);
  const chunks: Uint8Array[] = [];
  const walk = (path: readonly number[]): void => {
    while (reader.next()) {
      if (reader.field !== path[0]) reader.skip();
      else if (path.length > 1) {
        const outer = reader.enter();
        walk(path.slice(1));
        reader.leave(outer);
      } else {
        reader.range();
        chunks.push(reader.bytes.subarray(reader.start, reader.stop));
      }
    }
  };
  // ChunkedReadResponse.chunked_series, ChunkedSeries.chunks, Chunk.data.
  walk([1, 2, 4]);
  return chunks;
}

function readChunk(reader: WireReader): DecodedSample[] {
  let samples: DecodedSample[] = [];
  let [least, most, type] = [0, 0, 0];
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.field === 1) least = reader.int64();
    else if (reader.field === 2) most = reader.int64();
    else if (reader.field === 3) type = reader.uint32();
    else {
      reader.range();
      samples = decodeXorChunk(reader.bytes.subarray(reader.start, reader.stop));
    }
  }
  reader.leave(outer);
  assert.equal(type, 1, 'XOR');
  assert.deepEqual([samples[0]!.timeMs, samples.at(-1)!.timeMs], [BigInt(least), BigInt(most)]);
  return samples;
}

/** A `ReadResponse`: series by query. */
export function decodeSamplesAnswer(message: Uint8Array): DecodedSeries[][] {
  const reader = new WireReader(message);
  const results: DecodedSeries[][] = [];
  while (reader.next()) {
    const series: DecodedSeries[] = [];
    const outer = reader.enter();
    while (reader.next()) series.push(readSeries(reader, (samples) => samples.push(readSample(reader))));
    reader.leave(outer);
    results.push(series);
  }
  return results;
}

function readSample(reader: WireReader): DecodedSample {
  let bits = 0n;
  let timeMs = 0n;
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.field === 1) {
      reader.double();
      bits = (BigInt(reader.high) << 32n) | BigInt(reader.low);
    } else timeMs = BigInt(reader.int64());
  }
  reader.leave(outer);
  return { timeMs, bits };
}
