import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { encodeLabels, sortedLabels } from '../../../src/model/labels.js';
import { createSampleColumns } from '../../../src/series/chunk/sample-columns.js';
import type { ChunkStore } from '../../../src/series/chunk-store/chunk-store.js';
import { createChunkStore } from '../../../src/series/chunk-store/chunk-store.js';
import { createSeriesIndex, type SeriesIndex } from '../../../src/series/index/series-index.js';
import { restoreSnapshot, type SnapshotFile, snapshotIdentity } from '../../../src/series/snapshot/read-snapshot.js';
import { snapshotPieces } from '../../../src/series/snapshot/write-snapshot.js';

const startMs = Date.UTC(2026, 0, 1);
const hourMs = 3_600_000;
const identity = { logSequence: 2 ** 50 + 7, tables: 'e3b0c442' };

interface Memory {
  readonly index: SeriesIndex;
  readonly chunks: ChunkStore;
}

/** Series by name and number, in that order of refs. */
async function memoryOf(
  series: readonly (readonly [name: string, i: number])[],
  completeFromMs: number,
): Promise<Memory> {
  const index = await createSeriesIndex();
  for (const [name, i] of series) {
    const key = encodeLabels(
      sortedLabels([
        ['__name__', name],
        ['i', String(i)],
      ]),
    );
    index.add(key, 0, key.length);
  }
  const groupOf = (ref: number): number => index.metricOf(ref);
  return { index, chunks: createChunkStore({ budgetBytes: 2 ** 24, groupOf, completeFromMs, arenaBytes: 2 ** 16 }) };
}

const seriesBefore = Array.from({ length: 12 }, (_, i) => [`metric_${i % 3}`, i] as const);
const sampleValue = (i: number, sample: number): number => (sample % 7 === 0 ? Number.NaN : Math.sqrt(i + sample));

/** Two hours of samples, and what is written of them. */
async function written(bytesMax = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
  const memory = await memoryOf(seriesBefore, startMs);
  for (const ref of seriesBefore.keys()) {
    const timesMs = Float64Array.from({ length: 240 }, (_, sample) => startMs + sample * 30_000 + ref);
    const values = Float64Array.from({ length: 240 }, (_, sample) => sampleValue(ref, sample));
    memory.chunks.append(Uint32Array.of(ref), 1, Uint32Array.of(240), timesMs, values, 1);
  }
  memory.chunks.closeHours(Number.POSITIVE_INFINITY);
  while (memory.chunks.seal(1_000));
  return new Uint8Array(Buffer.concat(Array.from(snapshotPieces({ ...memory, identity, bytesMax })).flat()));
}

const fileOf = (bytes: Uint8Array): SnapshotFile => ({
  bytes: bytes.length,
  read: (at, length) => Promise.resolve(bytes.slice(at, at + length)),
});

/** A later process: series in another order, one of them gone and one new. */
const seriesAfter = [['metric_9', 9] as const, ...seriesBefore.slice(1).reverse()];
const later = (): Promise<Memory> => memoryOf(seriesAfter, startMs + 2 * hourMs);

async function readBack(bytes: Uint8Array) {
  const memory = await later();
  const restored = await restoreSnapshot(fileOf(bytes), { ...memory, signal: new AbortController().signal });
  return { ...memory, restored };
}

const isResident = ({ index, chunks }: Memory, hour: number): boolean[] =>
  Array.from({ length: index.metricLimit }, (_, metric) => metric)
    .filter((metric) => index.metricName(metric).startsWith('metric_'))
    .map((metric) => chunks.isResident(metric, startMs + hour * hourMs));

/** Whatever passes for resident has all samples, to the bit. */
function assertTrue({ index, chunks }: Memory): void {
  for (const [ref, [name, i]] of seriesAfter.entries())
    for (const hour of [0, 1]) {
      if (!chunks.isResident(index.metricOf(ref), startMs + hour * hourMs)) continue;
      const read = createSampleColumns();
      chunks.read(ref, startMs + hour * hourMs - 1, startMs + (hour + 1) * hourMs - 1, read);
      const samples = name === 'metric_9' ? [] : Array.from({ length: 120 }, (_, sample) => hour * 120 + sample);
      assert.deepEqual(
        Array.from(read.timesMs.subarray(0, read.length)),
        samples.map((sample) => startMs + sample * 30_000 + i),
      );
      assert.deepEqual(
        read.words.slice(0, 2 * read.length),
        new Uint32Array(Float64Array.from(samples, (sample) => sampleValue(i, sample)).buffer),
      );
    }
}

let bytes: Uint8Array;
/** Where sections begin, and the end. */
const places: number[] = [];
before(async () => {
  bytes = await written();
  const words = new Uint32Array(bytes.buffer);
  for (let at = 8; at < bytes.length; at += 12 + 4 * Math.ceil(words[at / 4 + 1]! / 4)) places.push(at);
  places.push(bytes.length);
});

test('a snapshot names what it belongs to, and comes back to the bit in a process that numbers series otherwise', async () => {
  assert.deepEqual(await snapshotIdentity(fileOf(bytes)), identity);
  const after = await readBack(bytes);
  assert.deepEqual(after.restored, { samples: 12 * 240 });
  assert.deepEqual([isResident(after, 0), isResident(after, 1)], [Array(4).fill(true), Array(4).fill(true)]);
  assertTrue(after);
});

test('a snapshot that ends too soon is known as such wherever it ends, and what it has is true', async () => {
  assert.equal(places.length, 1 + 1 + 1 + 1 + 6 + 1);
  for (const place of places.slice(0, -1))
    for (const end of [place, place + 3, place + 12, place + 20]) {
      const torn = bytes.slice(0, end);
      assert.equal(typeof (await snapshotIdentity(fileOf(torn))), 'string');
      const after = await readBack(torn);
      assert.notEqual(after.restored.problem, undefined);
      assertTrue(after);
    }
});

test('a snapshot with another byte anywhere is known as damaged or says nothing else', async () => {
  for (let at = 0; at < bytes.length; at += at < 400 || at > bytes.length - 60 ? 1 : 97) {
    const damaged = bytes.slice();
    damaged[at]! ^= 1 << (at % 8);
    const found = await snapshotIdentity(fileOf(damaged));
    const after = await readBack(damaged);
    const isPadding = typeof found !== 'string' && after.restored.problem === undefined;
    if (isPadding) assert.deepEqual([found, after.restored], [identity, { samples: 12 * 240 }], `byte ${at}`);
    assertTrue(after);
  }
});

test('a snapshot with bytes behind its end, without its middle or of another format is not whole', async () => {
  const without = (from: number, to: number): Uint8Array =>
    new Uint8Array(Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]));
  const otherFormat = bytes.slice();
  otherFormat[7] = 2;
  for (const wrong of [
    new Uint8Array([...bytes, 0, 0, 0, 0]),
    without(places[3]!, places[4]!),
    otherFormat,
    new Uint8Array(0),
  ])
    assert.equal(typeof (await snapshotIdentity(fileOf(wrong))), 'string');
});

test('a bound on its bytes leaves the oldest hours out', async () => {
  const half = await written(places[6]! + 40);
  assert.ok(half.length <= places[6]! + 40);
  assert.deepEqual(await snapshotIdentity(fileOf(half)), identity);
  const after = await readBack(half);
  assert.equal(after.restored.problem, undefined);
  // Of the metric that has no series before, the later hour is known to be empty.
  assert.deepEqual([isResident(after, 0), isResident(after, 1)], [Array(4).fill(false), Array(4).fill(true)]);
  assertTrue(after);
  const none = await written(1);
  assert.equal((await readBack(none)).restored.samples, 0);
});

test('a start that is stopped takes nothing more', async () => {
  const memory = await later();
  const restored = await restoreSnapshot(fileOf(bytes), { ...memory, signal: AbortSignal.abort() });
  assert.deepEqual(restored, { samples: 0, problem: 'the server stops' });
});
