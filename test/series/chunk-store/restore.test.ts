import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { staleMarkerHigh, staleMarkerLow } from '../../../src/model/sample-batch.js';
import { noRef } from '../../../src/model/series-ref.js';
import type { ChunkStore } from '../../../src/series/chunk-store/chunk-store.js';
import type { ChunkPart } from '../../../src/series/chunk-store/dump.js';
import type { Bits, Row } from './store-model.js';
import {
  appendRows,
  arenaBytes,
  bitsOf,
  columnRows,
  columns,
  hourMs,
  isSameAs,
  loadRows,
  newStore,
  noisyRows,
  regularRows,
  row,
  rowsIn,
  SampleModel,
  sealAll,
  startMs,
} from './store-model.js';

const seriesCount = 7;
const startHour = startMs / hourMs;
/** Groups are refs modulo 3: a series keeps its group, and the order of refs turns round. */
const refAfter = (ref: number): number => (ref % 3) + 3 * (9 - Math.floor(ref / 3));
const refsAfter = Uint32Array.from({ length: seriesCount }, (_, ref) => refAfter(ref));
const moved = (rows: readonly Row[]): Row[] => rows.map((each) => ({ ...each, ref: refAfter(each.ref) }));

function partsOf(store: ChunkStore): { parts: ChunkPart[]; completeFromHour: number } {
  store.closeHours(Number.POSITIVE_INFINITY);
  sealAll(store);
  const { parts, completeFromHour } = store.dump();
  return { parts: Array.from(parts, (part) => ({ ...part, bytes: part.bytes.slice() })), completeFromHour };
}

/** A later process: everything up to the end of the fifth hour is in the engine. */
const laterStore = (budgetBytes?: number): ChunkStore => newStore(budgetBytes, startMs + 5 * hourMs);

function restored(parts: readonly ChunkPart[], completeFromHour: number, store = laterStore()): ChunkStore {
  const restore = store.beginRestore(refsAfter);
  for (const part of parts) assert.equal(restore.add(part), true);
  restore.finish(completeFromHour);
  return store;
}

const bits = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: -2, max: 50 }).map(bitsOf) },
  { weight: 2, arbitrary: fc.double({ noNaN: true }).map(bitsOf) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Bits>(
      [staleMarkerLow, staleMarkerHigh],
      [1, 0x7ff80000],
      bitsOf(Number.NaN),
      bitsOf(-0),
    ),
  },
);
/** Regular, jittered and falling times in any of five hours. */
const runs = fc
  .array(
    fc.tuple(
      fc.nat(seriesCount - 1),
      fc.nat(5 * 240 - 40),
      fc.constantFrom(1, 1, 1, -1),
      fc.nat(400),
      fc.array(bits, { minLength: 1, maxLength: 40 }),
    ),
    { maxLength: 12 },
  )
  .map((all): Row[] =>
    all.flatMap(([ref, first, step, jitterMs, values]) =>
      values.map((value, i) => ({
        ref,
        timeMs: startMs + Math.max(0, first + i * step) * 15_000 + ((i * 7919) % (jitterMs + 1)),
        bits: value,
      })),
    ),
  );

interface Trial {
  readonly before: readonly Row[];
  readonly sealedAt: number;
  readonly late: readonly Row[];
  readonly completeFrom: number;
  /** What happens between two parts: later samples, a load of rows, a seal, a deletion. */
  readonly between: readonly { readonly part: number; readonly what: number; readonly rows: readonly Row[] }[];
}

const trials: fc.Arbitrary<Trial> = fc.record({
  before: runs,
  sealedAt: fc.nat(6),
  late: runs,
  completeFrom: fc.nat(4),
  between: fc.array(fc.record({ part: fc.nat(15), what: fc.nat(9), rows: runs }), { maxLength: 3 }),
});

test('what was dumped and restored reads as before, whatever comes in, is loaded or deleted meanwhile', () => {
  let restoredHours = 0;
  fc.assert(
    fc.property(trials, ({ before, sealedAt, late, completeFrom, between }) => {
      const first = newStore(undefined, startMs + completeFrom * hourMs);
      const engine = new SampleModel();
      const take = (rows: readonly Row[]): void => {
        appendRows(first, rows, 1);
        for (const each of rows) engine.put(each);
      };
      take(before);
      first.closeHours(startMs + sealedAt * hourMs);
      sealAll(first);
      take(late);
      const { parts, completeFromHour } = partsOf(first);

      const store = laterStore();
      const stored = new SampleModel();
      for (let ref = 0; ref < seriesCount; ref++)
        for (const each of moved(engine.rows(ref, -Infinity, Infinity))) stored.put(each);
      const all = stored.copy();
      const restore = store.beginRestore(refsAfter);
      const load = (group: number, hour: number): void => {
        const fromMs = startMs + hour * hourMs - 1;
        const rows = Array.from(refsAfter)
          .filter((ref) => ref % 3 === group)
          .flatMap((ref) => stored.rows(ref, fromMs, fromMs + hourMs));
        loadRows(store, group, fromMs + 1, rows);
      };
      parts.forEach((part, i) => {
        for (const { rows, what } of between.filter((each) => each.part === i)) {
          appendRows(store, moved(rows), 1);
          for (const each of moved(rows)) all.put(each);
          if (what < 3) load(what, what + 1);
          else if (what < 6) {
            store.closeHours(startMs + (what - 2) * hourMs);
            sealAll(store);
          } else if (what === 9) {
            store.drop(Uint32Array.of(refAfter(0)));
            stored.series.delete(refAfter(0));
            all.series.delete(refAfter(0));
          }
        }
        restore.add(part);
      });
      restore.finish(completeFromHour);
      for (let hour = 0; hour < 5; hour++)
        for (let group = 0; group < 3; group++) {
          if (store.isResident(group, startMs + hour * hourMs)) restoredHours++;
          else load(group, hour);
        }
      for (const ref of refsAfter) {
        columns.length = 0;
        store.read(ref, -Infinity, Infinity, columns);
        const expected = all.rows(ref, -Infinity, Infinity);
        if (!isSameAs(expected)) assert.deepEqual(columnRows(ref), expected);
      }
    }),
    { numRuns: 300 },
  );
  assert.ok(restoredHours > 0, 'no trial restored anything');
});

test('series of more samples than a chunk may have, and of several segments, come back in order', () => {
  const first = newStore(2 ** 26, startMs);
  const rows = noisyRows(1, 30_000, 100);
  appendRows(first, rows, 1);
  const { parts, completeFromHour } = partsOf(first);
  assert.ok(parts.length > 1);
  const store = restored(parts, completeFromHour, newStore(2 ** 26, startMs + 5 * hourMs));
  assert.deepEqual(rowsIn(store, refAfter(1)), moved(rows));
  const [more] = moved([row(1, 3_000_001, 5)]);
  appendRows(store, [more!], 2);
  assert.equal(rowsIn(store, refAfter(1)).length, rows.length + 1);
});

test('an hour without samples of a group is known to be empty', () => {
  const first = newStore(undefined, startMs);
  appendRows(first, regularRows(0, 10), 1);
  appendRows(first, [row(0, 3 * hourMs, 1)], 1);
  const { parts, completeFromHour } = partsOf(first);
  const store = restored(parts, completeFromHour);
  for (let hour = 0; hour < 4; hour++)
    for (const group of [0, 1]) assert.equal(store.isResident(group, startMs + hour * hourMs), true);
});

test('a group’s hour of which a part is missing is not resident', () => {
  const first = newStore(2 ** 26, startMs);
  appendRows(first, noisyRows(1, 30_000, 100), 1);
  const { parts } = partsOf(first);
  const store = laterStore(2 ** 26);
  const restore = store.beginRestore(refsAfter);
  for (const part of parts.slice(0, -1)) restore.add(part);
  restore.abandon();
  assert.equal(store.isResident(1, startMs), false);
});

test('series that are not there any more stay away, and take no memory', () => {
  const first = newStore(undefined, startMs);
  appendRows(first, [...regularRows(0, 100), ...regularRows(3, 100)], 1);
  const { parts, completeFromHour } = partsOf(first);
  const store = laterStore();
  const restore = store.beginRestore(Uint32Array.of(4, noRef, noRef, noRef));
  for (const part of parts) restore.add({ ...part, group: 1 });
  restore.finish(completeFromHour);
  assert.equal(rowsIn(store, 4).length, 100);
  assert.deepEqual([store.statistics().closedChunks, store.statistics().closedSamples], [1, 100]);
});

test('what does not fit is left out, the oldest hours first, and nothing is evicted for it', () => {
  const first = newStore(2 ** 26, startMs);
  for (let hour = 0; hour < 4; hour++)
    appendRows(
      first,
      noisyRows(1, 3_000, 1_000).map((each) => ({ ...each, timeMs: each.timeMs + hour * hourMs })),
      1,
    );
  const { parts } = partsOf(first);
  const store = laterStore(arenaBytes);
  const restore = store.beginRestore(refsAfter);
  const taken = parts.map((part) => restore.add(part));
  restore.finish(0);
  assert.deepEqual(
    [0, 1, 2, 3].map((hour) => store.isResident(1, startMs + hour * hourMs)),
    [0, 1, 2, 3].map((hour) => parts.some((part, i) => part.hour === startHour + hour && part.isLast && taken[i])),
  );
  assert.ok(taken.includes(true) && taken.includes(false));
  assert.equal(store.statistics().evictions, 0);
});

test('the newest hours are the last to be evicted', () => {
  const first = newStore(2 ** 26, startMs);
  for (let hour = 0; hour < 3; hour++)
    appendRows(
      first,
      noisyRows(1, 1_500, 2_000).map((each) => ({ ...each, timeMs: each.timeMs + hour * hourMs })),
      1,
    );
  const { parts, completeFromHour } = partsOf(first);
  const store = restored(parts, completeFromHour, newStore(2 * arenaBytes, startMs + 5 * hourMs));
  store.closeHours(startMs + 5 * hourMs);
  for (let i = 0; store.statistics().evictions === 0; i++)
    appendRows(store, [row(2, 6 * hourMs + i * 100, Math.sqrt(i + 1.5))], 2);
  assert.deepEqual(
    [0, 1, 2].map((hour) => store.isResident(1, startMs + hour * hourMs)),
    [0, 1, 2].map((hour) => hour >= store.statistics().evictions),
  );
});

test('after a deletion nothing more is taken', () => {
  const first = newStore(undefined, startMs);
  appendRows(first, [...regularRows(0, 500), ...regularRows(1, 500)], 1);
  const { parts } = partsOf(first);
  const store = laterStore();
  const restore = store.beginRestore(refsAfter);
  assert.equal(restore.add(parts[0]!), true);
  store.dropRange(Uint32Array.of(refAfter(1)), startMs, startMs + 60_000);
  assert.deepEqual(
    parts.slice(1).map((part) => restore.add(part)),
    parts.slice(1).map(() => false),
  );
});
