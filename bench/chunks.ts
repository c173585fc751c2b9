/**
 * The chunk codec on series of several shapes, an hour at 15 s each, single-threaded, best of several rounds:
 * `node dist/bench/chunks.js`. Bytes a sample, and samples a second encoded and decoded, against copying the same samples as
 * plain Float64Arrays in the same run. It fails where samples do not come back bit for bit, or a ratio is missed.
 */
import assert from 'node:assert/strict';
import { cpuUsage, stdout } from 'node:process';
import { valueWords } from '../src/model/sample-batch.js';
import type { SampleSource } from '../src/series/chunk/append-sample.js';
import { appendSamples, replaceChunk } from '../src/series/chunk/append-sample.js';
import { createArenas } from '../src/series/chunk/arenas.js';
import { copyTimeStream, copyValueStream } from '../src/series/chunk/copy-chunk.js';
import type { OpenChunks } from '../src/series/chunk/open-chunks.js';
import { createOpenChunks, releaseOpenChunks } from '../src/series/chunk/open-chunks.js';
import { createChunkReader, readOpenChunk, readStreams } from '../src/series/chunk/read-chunk.js';
import { addSample, createSampleColumns } from '../src/series/chunk/sample-columns.js';

const seriesCount = 2_000;
const samplesPerSeries = 240;
const sampleCount = seriesCount * samplesPerSeries;
const rounds = 7;
const startMs = Date.UTC(2026, 0, 1);

/** A generator of uniform numbers in [0, 1), the same in each run (mulberry32). */
function uniform(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = uniform(1);
/** About normal: mean 0, deviation 1. */
const normal = (): number => (random() + random() + random() + random() - 2) * Math.sqrt(3);

/** Makes one series' next value out of the one before; the first out of `start`. */
interface Shape {
  readonly name: string;
  readonly start: () => number;
  readonly next: (value: number, rate: number) => number;
  readonly jitterMs: number;
  /** What a sample may cost, and how many times as long as copying it decoding and encoding may take: twice what was measured. */
  readonly bytesMax: number;
  readonly decodeRatioMax: number;
  readonly encodeRatioMax: number;
}

const counterRate = (rate: number): number => Math.max(0, Math.round(rate + Math.sqrt(rate) * normal()));

const shapes: readonly Shape[] = [
  {
    name: 'constant',
    start: () => Math.floor(random() * 5),
    next: (value) => value,
    jitterMs: 0,
    bytesMax: 0.1,
    decodeRatioMax: 4,
    encodeRatioMax: 30,
  },
  {
    name: 'counter',
    start: () => Math.floor(random() * 1e7),
    next: (value, rate) => value + counterRate(rate),
    jitterMs: 0,
    bytesMax: 1.3,
    decodeRatioMax: 10,
    encodeRatioMax: 80,
  },
  {
    name: 'counter, jittered times',
    start: () => Math.floor(random() * 1e7),
    next: (value, rate) => value + counterRate(rate),
    jitterMs: 50,
    bytesMax: 2.6,
    decodeRatioMax: 16,
    encodeRatioMax: 140,
  },
  {
    name: 'gauge of whole numbers',
    start: () => Math.round(50 + 20 * normal()),
    next: (value) => Math.round(value + 4 * normal()),
    jitterMs: 0,
    bytesMax: 1.1,
    decodeRatioMax: 12,
    encodeRatioMax: 90,
  },
  {
    name: 'gauge of three decimals',
    start: () => Math.round(800 + 50 * normal()) / 1000,
    next: (value) => Math.round(value * 1000 + 10 * normal()) / 1000,
    jitterMs: 0,
    bytesMax: 1.2,
    decodeRatioMax: 12,
    encodeRatioMax: 90,
  },
  {
    name: 'gauge of full mantissa',
    start: random,
    next: (value) => value * 0.9 + 0.1 * random(),
    jitterMs: 0,
    bytesMax: 8.1,
    decodeRatioMax: 25,
    encodeRatioMax: 110,
  },
];

/** Series after series. */
function columnsOf({ start, next, jitterMs }: Shape): SampleSource {
  const timesMs = new Float64Array(sampleCount);
  const values = new Float64Array(sampleCount);
  for (let series = 0; series < seriesCount; series++) {
    const phase = Math.floor(random() * (15_000 - jitterMs));
    const rate = Math.exp(random() * 7);
    let value = start();
    for (let i = 0; i < samplesPerSeries; i++) {
      timesMs[series * samplesPerSeries + i] = startMs + phase + i * 15_000 + Math.floor(random() * jitterMs);
      values[series * samplesPerSeries + i] = value;
      value = next(value, rate);
    }
  }
  return { timesMs, values, words: valueWords(values) };
}

const reader = createChunkReader();
const columns = createSampleColumns();

/** Sample after sample, as they arrive. */
function encode(chunks: OpenChunks, source: SampleSource): void {
  for (let i = 0; i < sampleCount; i++) {
    const ref = Math.floor(i / samplesPerSeries);
    if (appendSamples(chunks, ref, source, i, i + 1) > i) continue;
    columns.length = 0;
    readOpenChunk(reader, chunks, ref, columns);
    addSample(columns, source.timesMs[i]!, source.words[2 * i]!, source.words[2 * i + 1]!);
    replaceChunk(chunks, ref, columns, columns.length);
  }
}

interface Streams {
  readonly bytes: Uint8Array;
  readonly valueStarts: Uint32Array;
  readonly timeStarts: Uint32Array;
}

/** The chunks' streams one behind another. */
function streamsOf(chunks: OpenChunks): Streams {
  const bytes = new Uint8Array(16 * sampleCount);
  const valueStarts = new Uint32Array(seriesCount);
  const timeStarts = new Uint32Array(seriesCount);
  let end = 0;
  for (let ref = 0; ref < seriesCount; ref++) {
    copyValueStream(chunks, ref, reader.valueCopy);
    copyTimeStream(chunks, ref, reader.timeCopy);
    for (const [starts, copy] of [
      [valueStarts, reader.valueCopy],
      [timeStarts, reader.timeCopy],
    ] as const) {
      starts[ref] = end;
      bytes.set(copy.bytes.subarray(copy.start, copy.end), end);
      end += copy.end - copy.start;
    }
  }
  return { bytes: bytes.slice(0, end), valueStarts, timeStarts };
}

function decodeSeries({ bytes, valueStarts, timeStarts }: Streams, ref: number): void {
  columns.length = 0;
  readStreams(reader.header, bytes, valueStarts[ref]!, bytes, timeStarts[ref]!, startMs, columns);
}

function assertSame(streams: Streams, { timesMs, words }: SampleSource): void {
  for (let ref = 0; ref < seriesCount; ref++) {
    decodeSeries(streams, ref);
    assert.equal(columns.length, samplesPerSeries);
    for (let i = 0; i < samplesPerSeries; i++) {
      const from = ref * samplesPerSeries + i;
      const isSame =
        columns.timesMs[i] === timesMs[from] &&
        columns.words[2 * i] === words[2 * from] &&
        columns.words[2 * i + 1] === words[2 * from + 1];
      assert.ok(isSame, `series ${ref}, sample ${i}`);
    }
  }
}

/** Nanoseconds of the processor a sample that the quickest round took: other processes may compete for it. */
function bestNs(work: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const started = cpuUsage();
    work();
    const { user, system } = cpuUsage(started);
    best = Math.min(best, ((user + system) * 1_000) / sampleCount);
  }
  return best;
}

/** What a store of plain arrays would do: each series' two columns into the same two arrays. */
function copyPlain({ timesMs, values }: SampleSource): void {
  for (let from = 0; from < sampleCount; from += samplesPerSeries) {
    columns.timesMs.set(timesMs.subarray(from, from + samplesPerSeries));
    columns.values.set(values.subarray(from, from + samplesPerSeries));
  }
}

function measure(shape: Shape): void {
  const source = columnsOf(shape);
  const arenas = createArenas({ arenaBytes: 2 ** 24, makeRoom: () => false });
  const chunks = createOpenChunks(arenas, startMs);
  encode(chunks, source);
  const openBytes = arenas.usedBytes / sampleCount;
  const streams = streamsOf(chunks);
  releaseOpenChunks(chunks);
  assertSame(streams, source);
  const encodeNs = bestNs(() => {
    encode(chunks, source);
    releaseOpenChunks(chunks);
  });
  const decodeNs = bestNs(() => {
    for (let ref = 0; ref < seriesCount; ref++) decodeSeries(streams, ref);
  });
  const copyNs = bestNs(() => copyPlain(source));
  const bytes = streams.bytes.length / sampleCount;
  const ratio = decodeNs / copyNs;
  const millions = (ns: number): string => (1_000 / ns).toFixed(1).padStart(7);
  stdout.write(
    `${shape.name.padEnd(26)}${bytes.toFixed(3).padStart(8)}${openBytes.toFixed(2).padStart(8)}` +
      `${millions(encodeNs)}${millions(decodeNs)}${millions(copyNs)}${ratio.toFixed(1).padStart(7)}${(encodeNs / copyNs).toFixed(1).padStart(8)}\n`,
  );
  assert.ok(bytes <= shape.bytesMax, `${shape.name}: ${bytes} bytes a sample`);
  const encodeRatio = encodeNs / copyNs;
  assert.ok(
    encodeRatio <= shape.encodeRatioMax,
    `${shape.name}: encoding takes ${encodeRatio} times as long as copying`,
  );
  assert.ok(ratio <= shape.decodeRatioMax, `${shape.name}: decoding takes ${ratio} times as long as copying`);
}

stdout.write(
  '                             bytes    open encode decode copied  decode  encode  (millions of samples/s; times a copy)\n',
);
for (const shape of shapes) measure(shape);
