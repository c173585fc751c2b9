/**
 * What remote read answers: one message with all samples, or a stream of frames, each a series with its chunks. A frame is the message's
 * length as a varint, its CRC-32C in four bytes, big-endian, and the message. Source: Prometheus, prompb/remote.proto and types.proto,
 * and storage/remote/chunked.go.
 */
import { crc32c } from '../../base/crc32c.js';
import type { Labels } from '../../model/labels.js';
import type { NativeHistogram } from '../../model/native-histogram.js';
import { valueWords } from '../../model/sample-batch.js';
import { MessageWriter } from '../protobuf/message-writer.js';
import { writeHistogram } from './write-histogram.js';
import { encodeXorChunk, xorChunkSamplesMax } from './xor-chunk.js';

export interface ReadSeries {
  readonly labels: Labels;
  /** Whole epoch milliseconds, ascending. */
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
  /** In the order of time. */
  readonly histograms?: readonly { readonly timeMs: number; readonly histogram: NativeHistogram }[];
}

/** A `ReadResponse`: for each query its series. */
export function encodeSamplesAnswer(results: readonly (readonly ReadSeries[])[]): Uint8Array {
  const out = new MessageWriter(65_536);
  for (const series of results) {
    const result = out.beginMessage(1);
    for (const each of series) {
      const message = out.beginMessage(1);
      writeLabels(out, each.labels);
      writeSamples(out, each);
      for (const { timeMs, histogram } of each.histograms ?? []) writeHistogram(out, timeMs, histogram);
      out.endMessage(message);
    }
    out.endMessage(result);
  }
  return out.finish();
}

function writeLabels(out: MessageWriter, labels: Labels): void {
  for (const [name, value] of labels) {
    const label = out.beginMessage(1);
    out.bytes(1, Buffer.from(name));
    out.bytes(2, Buffer.from(value));
    out.endMessage(label);
  }
}

function writeSamples(out: MessageWriter, { timesMs, values }: ReadSeries): void {
  const words = valueWords(values);
  for (let i = 0; i < timesMs.length; i++) {
    const sample = out.beginMessage(2);
    out.fixed64(1, words[2 * i + 1]!, words[2 * i]!);
    writeInt64(out, 2, timesMs[i]!);
    out.endMessage(sample);
  }
}

function writeInt64(out: MessageWriter, field: number, value: number): void {
  out.varint(field, Math.floor(value / 2 ** 32) >>> 0, value >>> 0);
}

/** `Chunk.Encoding.XOR`. */
const xorEncoding = 1;

/**
 * Frames of a series' floats; its histograms have no place in them. It is one as a rule: Prometheus' client takes each frame for a series of its own. Past `frameSamplesMax` there are
 * several, since clients refuse frames of more than 50 MB.
 */
export function* encodeSeriesFrames(series: ReadSeries, queryIndex: number): Generator<Uint8Array> {
  const { timesMs, values } = series;
  for (let from = 0; from < timesMs.length; from += frameSamplesMax) {
    const to = Math.min(from + frameSamplesMax, timesMs.length);
    yield frameOf(chunkedMessage(series.labels, timesMs.subarray(from, to), values.subarray(from, to), queryIndex));
  }
}

/** With 19 bytes a sample at worst, 38 MB. */
const frameSamplesMax = 2_000_000;

/** A `ChunkedReadResponse`. */
function chunkedMessage(labels: Labels, timesMs: Float64Array, values: Float64Array, queryIndex: number): Uint8Array {
  const out = new MessageWriter(4_096);
  const series = out.beginMessage(1);
  writeLabels(out, labels);
  for (let from = 0; from < timesMs.length; from += xorChunkSamplesMax) {
    const to = Math.min(from + xorChunkSamplesMax, timesMs.length);
    const chunk = out.beginMessage(2);
    writeInt64(out, 1, timesMs[from]!);
    writeInt64(out, 2, timesMs[to - 1]!);
    out.varint(3, 0, xorEncoding);
    out.bytes(4, encodeXorChunk(timesMs, values, from, to));
    out.endMessage(chunk);
  }
  out.endMessage(series);
  if (queryIndex > 0) out.varint(2, 0, queryIndex);
  return out.finish();
}

function frameOf(message: Uint8Array): Uint8Array {
  const head: number[] = [];
  let rest = message.length;
  for (; rest > 127; rest >>>= 7) head.push((rest & 127) | 128);
  head.push(rest);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32c(message));
  return Buffer.concat([Buffer.from(head), checksum, message]);
}
