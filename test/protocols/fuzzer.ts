/**
 * Feeds decoders of metrics with mutated and random bodies. A decoder may give a result, or fail with a BarographError; anything else is
 * a defect, and so is a result that does not hold together or is larger than its body explains.
 */
import assert from 'node:assert/strict';
import { isBarographError } from '../../src/base/errors.js';
import { soundHistogram } from '../../src/model/check-native-histogram.js';
import { checkCanonical } from '../../src/model/label-check.js';
import { createLabelWriter } from '../../src/model/label-writer.js';
import { histogramBytesAt, readHistogramBytes } from '../../src/model/native-histogram-bytes.js';
import type { DecodedMetrics, HistogramBatch, SampleBatch } from '../../src/model/sample-batch.js';
import { rejectionsMax } from '../../src/model/sample-batch.js';
import { canonicalLabels } from '../../src/protocols/remote-write/label-section.js';

export interface FuzzTarget {
  readonly name: string;
  /** Sound bodies, which the mutations begin with. Small ones: a few hundred bytes reach deepest. */
  readonly seeds: readonly Uint8Array[];
  readonly decode: (body: Uint8Array) => DecodedMetrics;
}

export interface FuzzCounts {
  readonly inputs: number;
  /** Bodies that gave a result, if only of rejections. */
  readonly decoded: number;
  readonly samples: number;
  readonly rejected: number;
  readonly failedByCode: ReadonlyMap<string, number>;
}

/** A generator of whole numbers from 0 below `bound`, the same in each run (mulberry32). */
type Random = (bound: number) => number;

function randomOf(seed: number): Random {
  return (bound) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
  };
}

/** Bytes that decoders treat in ways of their own: ends of ranges, tags, lengths, and the marks of text formats. */
const telling = Buffer.from([
  0, 1, 2, 7, 9, 10, 13, 16, 18, 26, 32, 34, 35, 44, 45, 58, 61, 91, 92, 93, 123, 125, 127, 128, 255,
]);

type Mutation = (body: Buffer, random: Random, other: Uint8Array) => Buffer;

const mutations: readonly Mutation[] = [
  (body, random) => body.subarray(0, random(body.length + 1)),
  (body, random) => {
    body[random(body.length)] = telling[random(telling.length)]!;
    return body;
  },
  (body, random) => {
    const at = random(body.length);
    body[at] = (body[at] ?? 0) ^ (1 << random(8));
    return body;
  },
  (body, random) => {
    body[random(body.length)] = random(256);
    return body;
  },
  (body, random) => {
    const at = random(body.length);
    const end = at + random(Math.min(32, body.length - at + 1));
    return Buffer.concat([body.subarray(0, end), body.subarray(at)]);
  },
  (body, random) => {
    const at = random(body.length);
    return Buffer.concat([body.subarray(0, at), body.subarray(at + 1 + random(8))]);
  },
  (body, random) => {
    const at = random(body.length + 1);
    const added = Buffer.from(Array.from({ length: 1 + random(6) }, () => telling[random(telling.length)]!));
    return Buffer.concat([body.subarray(0, at), added, body.subarray(at)]);
  },
  (body, random, other) =>
    Buffer.concat([body.subarray(0, random(body.length + 1)), Buffer.from(other).subarray(random(other.length + 1))]),
];

const bodyBytesMax = 4096;

/** A body of random bytes now and then, else a seed with one to four mutations. */
function nextBody(seeds: readonly Uint8Array[], random: Random): Buffer {
  if (random(50) === 0) return Buffer.from(Array.from({ length: random(64) }, () => random(256)));
  let body: Buffer = Buffer.from(seeds[random(seeds.length)]!);
  for (let i = 1 + random(4); i > 0 && body.length > 0; i--)
    body = mutations[random(mutations.length)]!(body, random, seeds[random(seeds.length)]!);
  return body.subarray(0, bodyBytesMax);
}

/** Runs `inputs` bodies through the decoder; throws with the body at hand at the first defect. */
export function fuzz(target: FuzzTarget, inputs: number, seed: number): FuzzCounts {
  const random = randomOf(seed);
  const failedByCode = new Map<string, number>();
  let decoded = 0;
  let samples = 0;
  let rejected = 0;
  for (let i = 0; i < inputs; i++) {
    const body = nextBody(target.seeds, random);
    try {
      const result = target.decode(body);
      assertSound(result, body.length);
      decoded++;
      samples += result.batch.sampleCount;
      rejected += result.rejected;
    } catch (error) {
      if (!isBarographError(error)) throw defect(target, i, seed, body, error);
      failedByCode.set(error.code, (failedByCode.get(error.code) ?? 0) + 1);
    }
  }
  return { inputs, decoded, samples, rejected, failedByCode };
}

const defect = ({ name }: FuzzTarget, input: number, seed: number, body: Buffer, cause: unknown): Error =>
  new Error(`${name}: input ${input} of seed ${seed} is a defect: ${body.toString('base64')}`, { cause });

/** Samples that a byte of a body may stand for at most, and bytes of keys; quadratic formats stay under it, since bodies are small. */
const samplesPerByteMax = 1;
const keyBytesPerByteMax = 1024;

function assertSound(decoded: DecodedMetrics, bodyBytes: number): void {
  const { batch, exemplars, histograms, metadata, rejected, rejectedByCode, rejections } = decoded;
  assert.ok(batch.sampleCount <= bodyBytes * samplesPerByteMax, `${batch.sampleCount} samples of ${bodyBytes} bytes`);
  assert.ok(exemplars.length + metadata.length + rejected <= 4 * bodyBytes + 1);
  assert.ok(rejections.length <= rejectionsMax);
  let counted = 0;
  for (const count of rejectedByCode.values()) counted += count;
  assert.equal(counted, rejected, 'rejections by code');
  assertRuns(batch, bodyBytes);
  if (histograms !== undefined) assertHistograms(histograms, bodyBytes);
}

/** Bytes that a histogram takes for each byte of its body: one that is empty takes 20 times its own, and a difference of one byte a count of eight. */
const histogramBytesPerByteMax = 20;

function assertHistograms({ runs, histograms }: HistogramBatch, bodyBytes: number): void {
  assertRuns(runs, bodyBytes);
  assert.ok(
    histograms.bytes.length <= histogramBytesPerByteMax * bodyBytes,
    `${histograms.bytes.length} bytes of ${bodyBytes}`,
  );
  for (let i = 0; i < runs.sampleCount; i++) {
    const histogram = readHistogramBytes(histogramBytesAt(histograms, runs.values[i]!));
    assert.equal(typeof soundHistogram(histogram), 'object', 'histograms that are taken are sound');
  }
}

const writer = createLabelWriter();

function assertRuns(batch: SampleBatch, bodyBytes: number): void {
  let sampleStart = 0;
  let keyBytes = 0;
  for (let run = 0; run < batch.runCount; run++) {
    const start = batch.keyStarts[run]!;
    const end = batch.keyEnds[run]!;
    assert.ok(start <= end && end <= batch.keys.length, 'a key lies within the keys');
    assert.ok(batch.sampleEnds[run]! > sampleStart, 'a run has samples');
    sampleStart = batch.sampleEnds[run]!;
    keyBytes += end - start;
    // Either sound labels or a typed problem, never an exception.
    if (batch.keyForm === 'canonical') checkCanonical(batch.keys, start, end);
    else canonicalLabels(batch.keys, start, end, writer);
  }
  assert.equal(sampleStart, batch.sampleCount, 'every sample belongs to a run');
  assert.ok(keyBytes <= bodyBytes * keyBytesPerByteMax, `${keyBytes} bytes of keys of ${bodyBytes}`);
  for (let i = 0; i < batch.sampleCount; i++) assert.ok(Number.isInteger(batch.timesMs[i]), 'times are whole numbers');
}
