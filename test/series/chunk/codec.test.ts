import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { staleMarkerHigh, staleMarkerLow } from '../../../src/model/sample-batch.js';
import { appendSamples, replaceChunk, stops } from '../../../src/series/chunk/append-sample.js';
import { createArenas } from '../../../src/series/chunk/arenas.js';
import { copyTimeStream, copyValueStream, createStreamCopy } from '../../../src/series/chunk/copy-chunk.js';
import { xorMode } from '../../../src/series/chunk/decode-chunk.js';
import { createOpenChunks, openSampleCount, releaseOpenChunks } from '../../../src/series/chunk/open-chunks.js';
import { createChunkReader, readOpenChunk } from '../../../src/series/chunk/read-chunk.js';
import type { SampleColumns } from '../../../src/series/chunk/sample-columns.js';
import { addSample, createSampleColumns } from '../../../src/series/chunk/sample-columns.js';

const hourMs = 3_600_000;
const startMs = Date.UTC(2026, 0, 1);

type Bits = readonly [low: number, high: number];
type Sample = readonly [time: number, ...bits: Bits];

const double = new Float64Array(1);
const doubleWords = new Uint32Array(double.buffer);
const bitsOf = (value: number): Bits => {
  double[0] = value;
  return [doubleWords[0]!, doubleWords[1]!];
};
const staleMarker: Bits = [staleMarkerLow, staleMarkerHigh];

function newChunks() {
  return createOpenChunks(createArenas({ arenaBytes: 65_536, makeRoom: () => false }), startMs);
}

type Chunks = ReturnType<typeof newChunks>;

const samplesOf = ({ timesMs, words, length }: SampleColumns): Sample[] =>
  Array.from({ length }, (_, i) => [timesMs[i]! - startMs, words[2 * i]!, words[2 * i + 1]!]);

function samplesIn(chunks: Chunks, ref: number): Sample[] {
  const columns = createSampleColumns(1);
  if (openSampleCount(chunks, ref) > 0) readOpenChunk(createChunkReader(), chunks, ref, columns);
  return samplesOf(columns);
}

/** Appends as the store does: what does not fit has its chunk encoded anew. Returns why it stopped where it did. */
function append(chunks: Chunks, ref: number, [time, low, high]: Sample): number {
  const sample = createSampleColumns(1);
  addSample(sample, startMs + time, low, high);
  appendSamples(chunks, ref, sample, 0, 1);
  if (chunks.stop !== stops.unfit) return chunks.stop;
  const columns = createSampleColumns();
  readOpenChunk(createChunkReader(), chunks, ref, columns);
  addSample(columns, startMs + time, low, high);
  replaceChunk(chunks, ref, columns, columns.length);
  return stops.none;
}

const regular = (values: readonly number[]): Sample[] =>
  values.map((value, i) => [1_234 + i * 15_000, ...bitsOf(value)]);

/** Bytes of the stream of values, and its mode. */
function valueStreamOf(samples: readonly Sample[]): { readonly bytes: number; readonly mode: number } {
  const chunks = newChunks();
  for (const sample of samples) append(chunks, 0, sample);
  assert.deepEqual(samplesIn(chunks, 0), samples);
  const copy = createStreamCopy();
  copyValueStream(chunks, 0, copy);
  const lengths = samples.length > 127 ? 2 : 1;
  const isLong = copy.end - copy.start > 130 + lengths;
  return { bytes: copy.end - copy.start, mode: copy.bytes[copy.start + lengths + (isLong ? 2 : 1)]! };
}

const anyBits = fc.tuple(fc.nat(0xffff_ffff), fc.nat(0xffff_ffff));
const specialBits = fc.constantFrom<Bits>(
  staleMarker,
  ...[0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 5e-324, Number.MAX_VALUE].map(bitsOf),
  ...[2 ** 50, 2 ** 50 - 1, 1 - 2 ** 50, 2 ** 53, 0.1 + 0.2, 1e-12, 1e-13].map(bitsOf),
  [1, 0x7ff80000],
  [0xffff_ffff, 0xffff_ffff],
  [1, 0xfff00000],
);
const decimal = fc
  .tuple(fc.integer({ min: -(10 ** 9), max: 10 ** 9 }), fc.nat(12))
  .map(([mantissa, scale]): Bits => bitsOf(mantissa / 10 ** scale));
const whole = fc.maxSafeInteger().map(bitsOf);
const small = fc.integer({ min: -3, max: 3 }).map(bitsOf);
const anyValue = fc.oneof(
  { weight: 2, arbitrary: small },
  { weight: 2, arbitrary: decimal },
  { weight: 1, arbitrary: whole },
  { weight: 1, arbitrary: specialBits },
  { weight: 1, arbitrary: anyBits },
);
/** Values of one kind, now and then interrupted by others, as chunks in one mode meet them. */
const values = fc.constantFrom(small, decimal, whole, anyBits, anyValue).chain((usual) =>
  fc.array(fc.oneof({ weight: 15, arbitrary: usual as fc.Arbitrary<Bits> }, { weight: 1, arbitrary: anyValue }), {
    minLength: 1,
    maxLength: 300,
    size: 'max',
  }),
);
const delta = fc.oneof(
  { weight: 6, arbitrary: fc.constant(1_000) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 20_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: hourMs }) },
);
const chunkOf = fc
  .tuple(values, fc.nat(hourMs - 1), fc.array(delta, { minLength: 300, maxLength: 300 }), fc.boolean())
  .map(([bits, first, deltas, isRegular]) => {
    const samples: Sample[] = [];
    let time = isRegular ? first % 1_000 : first;
    for (let i = 0; i < bits.length && time < hourMs; i++) {
      samples.push([time, ...bits[i]!]);
      time += isRegular ? 1_000 : deltas[i]!;
    }
    return samples;
  });

test('any samples of an hour come back bit for bit', () => {
  fc.assert(
    fc.property(chunkOf, (samples) => {
      const chunks = newChunks();
      for (const sample of samples) assert.equal(append(chunks, 70, sample), stops.none);
      assert.deepEqual(samplesIn(chunks, 70), samples);
    }),
    { numRuns: 400 },
  );
});

test('chunks of several series do not touch one another, and what one gives back another may take', () => {
  fc.assert(
    fc.property(fc.array(chunkOf, { minLength: 2, maxLength: 4 }), (series) => {
      const chunks = newChunks();
      const lengthMax = Math.max(...series.map((samples) => samples.length));
      for (let i = 0; i < lengthMax; i++) {
        for (const [ref, samples] of series.entries()) if (i < samples.length) append(chunks, ref * 63, samples[i]!);
      }
      for (const [ref, samples] of series.entries()) assert.deepEqual(samplesIn(chunks, ref * 63), samples);
      assert.equal(chunks.chunkCount, series.length);
      assert.equal(chunks.sampleCount, series.flat().length);
      releaseOpenChunks(chunks);
      assert.equal(chunks.arenas.usedBytes, 0);
    }),
    { numRuns: 60 },
  );
});

test('a sample not later than the last one, or of another hour, is left to the caller', () => {
  const chunks = newChunks();
  append(chunks, 0, [10, ...bitsOf(1)]);
  assert.equal(append(chunks, 0, [10, ...bitsOf(1)]), stops.late);
  assert.equal(append(chunks, 0, [9, ...bitsOf(1)]), stops.late);
  assert.equal(append(chunks, 0, [-1, ...bitsOf(1)]), stops.outside);
  assert.equal(append(chunks, 0, [hourMs, ...bitsOf(1)]), stops.outside);
  assert.deepEqual(samplesIn(chunks, 0), [[10, ...bitsOf(1)]]);
});

test('a constant sampled regularly costs its first value and one run', () => {
  const { bytes, mode } = valueStreamOf(regular(Array<number>(240).fill(1)));
  assert.deepEqual({ bytes, mode }, { bytes: 2 + 1 + 1 + 1 + 3, mode: 0 });
});

test('a counter that rises by about a thousand costs one byte a sample, because the rise is foreseen', () => {
  const counts = Array.from({ length: 240 }, (_, i) => i * 1_000 + ((i * 37) % 50));
  const { bytes } = valueStreamOf(regular(counts));
  assert.ok(bytes < 240 * 1.2, `${bytes} bytes`);
});

test('three decimals cost as many bytes as their mantissas', () => {
  const gauge = Array.from({ length: 240 }, (_, i) => (900 + ((i * 7) % 31)) / 1_000);
  const { bytes, mode } = valueStreamOf(regular(gauge));
  assert.equal(mode, 3);
  assert.ok(bytes < 240 * 1.05, `${bytes} bytes`);
});

test('one stale marker among whole numbers leaves the chunk decimal', () => {
  const samples = regular(Array.from({ length: 240 }, (_, i) => i));
  samples[100] = [samples[100]![0], ...staleMarker];
  const { bytes, mode } = valueStreamOf(samples);
  assert.equal(mode, 0);
  assert.ok(bytes < 260, `${bytes} bytes`);
});

test('values of full mantissa turn a chunk into exclusive ors, from any beginning', () => {
  for (const begin of [0, 3, 20, 120]) {
    const samples = regular(Array.from({ length: 240 }, (_, i) => (i < begin ? i : Math.sqrt(i + 1.1))));
    assert.equal(valueStreamOf(samples).mode, xorMode, `begin ${begin}`);
  }
});

test('a regular stream of times costs the same for any number of samples below a run’s next length byte', () => {
  const chunks = newChunks();
  const copy = createStreamCopy();
  const lengths = new Set<number>();
  for (let i = 0; i < 130; i++) {
    append(chunks, 0, [i * 15_000 + 7, ...bitsOf(i)]);
    if (i >= 20) {
      copyTimeStream(chunks, 0, copy);
      lengths.add(copy.end - copy.start);
    }
  }
  // Length, first time, first delta in 2 bytes, a run's code and its length.
  assert.deepEqual([...lengths], [1 + 1 + 2 + 2]);
});
