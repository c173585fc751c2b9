import assert from 'node:assert/strict';
import { test } from 'node:test';
import { staleMarkerHigh, staleMarkerLow } from '../../../src/model/sample-batch.js';
import { noRef } from '../../../src/model/series-ref.js';
import type { Row } from './store-model.js';
import {
  appendRows,
  arenaBytes,
  hourMs,
  loadRows,
  newStore,
  noisyRows,
  regularRows,
  row,
  rowsIn,
  runsOf,
  sealAll,
  startMs,
} from './store-model.js';

test('samples of several hours come back within (from, to], open and closed alike', () => {
  const store = newStore();
  const rows = regularRows(4, 700);
  appendRows(store, rows, 1);
  const within = (fromMs: number, toMs: number): Row[] =>
    rows.filter(({ timeMs }) => timeMs > fromMs && timeMs <= toMs);
  const check = (): void => {
    assert.deepEqual(rowsIn(store, 4), rows);
    for (const [from, to] of [
      [0, 10],
      [239, 240],
      [100, 500],
      [240, 240],
      [699, 900],
    ] as const) {
      const [fromMs, toMs] = [startMs + from * 15_000 + 4, startMs + to * 15_000 + 4];
      assert.deepEqual(rowsIn(store, 4, fromMs, toMs), within(fromMs, toMs));
    }
  };
  check();
  store.closeHours(startMs + 2 * hourMs);
  sealAll(store);
  const { openChunks, closedChunks, openSamples, closedSamples } = store.statistics();
  assert.deepEqual(
    { openChunks, closedChunks, openSamples, closedSamples },
    { openChunks: 1, closedChunks: 2, openSamples: 220, closedSamples: 480 },
  );
  check();
});

test('runs of series that were not admitted are passed over', () => {
  const store = newStore();
  appendRows(store, [row(1, 0, 1), row(noRef, 0, 7), row(noRef, 1, 7), row(2, 0, 2)], 1);
  assert.deepEqual([rowsIn(store, 1), rowsIn(store, 2)], [[row(1, 0, 1)], [row(2, 0, 2)]]);
  assert.equal(store.counters.appended, 2);
});

test('late samples are merged, repeated ones ignored, changed ones replaced, and each is counted', () => {
  for (const isClosed of [false, true]) {
    const store = newStore();
    appendRows(store, [row(1, 10, 1), row(1, 20, 2), row(1, 30, 3)], 1);
    if (isClosed) store.closeHours(startMs + hourMs);
    sealAll(store);
    appendRows(store, [row(1, 20, 2), row(1, 15, 1.5), row(1, 30, 9), row(1, 40, 4), row(1, 5, 0.5)], 2);
    assert.deepEqual(rowsIn(store, 1), [
      row(1, 5, 0.5),
      row(1, 10, 1),
      row(1, 15, 1.5),
      row(1, 20, 2),
      row(1, 30, 9),
      row(1, 40, 4),
    ]);
    assert.deepEqual({ ...store.counters }, { appended: 6, outOfOrder: 2, duplicates: 1, replaced: 1 });
  }
});

test('NaNs are told apart by their bits: the stale marker after NaN is a change, not a repeat', () => {
  const store = newStore();
  const stale: Row = { ...row(1, 10, 0), bits: [staleMarkerLow, staleMarkerHigh] };
  appendRows(store, [row(1, 10, Number.NaN)], 1);
  appendRows(store, [stale], 2);
  appendRows(store, [stale], 3);
  assert.deepEqual(rowsIn(store, 1), [stale]);
  assert.deepEqual({ ...store.counters }, { appended: 1, outOfOrder: 0, duplicates: 1, replaced: 1 });
});

test('a chunk of more samples than a segment takes at once is closed in pieces', () => {
  const store = newStore();
  const rows = noisyRows(3, 5_000, 700);
  appendRows(store, rows, 1);
  store.closeHours(startMs + hourMs);
  sealAll(store);
  assert.equal(store.statistics().closedChunks, 5);
  assert.deepEqual(rowsIn(store, 3), rows);
  appendRows(store, [row(3, 1, 1)], 2);
  sealAll(store);
  assert.deepEqual(rowsIn(store, 3), [rows[0]!, row(3, 1, 1), ...rows.slice(1)]);
  assert.equal(store.statistics().closedSamples, 5_001);
});

test('series with the same times share them once closed', () => {
  const bytesOf = (seriesCount: number): number => {
    const store = newStore();
    // Irregular times, a constant value: the times are nearly all there is.
    const times = Array.from({ length: 240 }, (_, i) => i * 15_000 + ((i * 7_919) % 47));
    for (let i = 0; i < seriesCount; i++)
      appendRows(
        store,
        times.map((atMs) => row(3 * i, atMs, 1)),
        1,
      );
    store.closeHours(startMs + hourMs);
    sealAll(store);
    assert.deepEqual(
      rowsIn(store, 0),
      times.map((atMs) => row(0, atMs, 1)),
    );
    return store.statistics().closedBytes;
  };
  assert.ok(bytesOf(100) < 12 * bytesOf(1), `${bytesOf(1)} and ${bytesOf(100)} bytes`);
});

test('over the budget, the least recently used closed hours that are stored go first, and no others', () => {
  const store = newStore(4 * arenaBytes);
  for (let ref = 0; ref < 3; ref++) appendRows(store, noisyRows(ref, 14_400, 500), 1);
  store.closeHours(startMs + 2 * hourMs);
  sealAll(store);
  const isWhole = (): boolean[] => [0, 1, 2].map((ref) => rowsIn(store, ref).length === 14_400);
  assert.deepEqual(isWhole(), [true, true, true]);
  assert.equal(store.statistics().evictions, 0);
  assert.ok(store.statistics().overBudgetBytes > 0, 'what is not stored stays, and the excess is told');

  store.setStoredUpTo(1);
  assert.ok(store.isResident(0, startMs) && store.isResident(0, startMs + hourMs), 'group 0 is the most recently used');
  for (let ref = 3; ref < 6; ref++)
    appendRows(
      store,
      noisyRows(ref, 7_000, 500).map((r) => ({ ...r, timeMs: r.timeMs + 3 * hourMs })),
      2,
    );
  const { evictions } = store.statistics();
  assert.ok(evictions > 0);
  assert.ok(!store.isResident(1, startMs), 'the first to go was the first that was closed');
  assert.deepEqual(rowsIn(store, 1, startMs - 1, startMs + hourMs - 1), []);
  for (let ref = 3; ref < 6; ref++)
    assert.equal(rowsIn(store, ref).filter(({ timeMs }) => timeMs >= startMs + 3 * hourMs).length, 7_000);
});

test('what is pinned stays over the budget, and may go once it is not', () => {
  const store = newStore(4 * arenaBytes);
  for (let ref = 0; ref < 3; ref++) appendRows(store, noisyRows(ref, 14_400, 500), 1);
  store.closeHours(startMs + 2 * hourMs);
  sealAll(store);
  store.setStoredUpTo(1);
  const unpin = store.pin([0, 1, 2], startMs, startMs + 2 * hourMs);
  const later = (ref: number): Row[] =>
    noisyRows(ref, 7_000, 500).map((r) => ({ ...r, timeMs: r.timeMs + 3 * hourMs }));
  appendRows(store, later(3), 2);
  assert.deepEqual(
    [0, 1, 2].map((ref) => rowsIn(store, ref).length),
    [14_400, 14_400, 14_400],
  );
  unpin();
  appendRows(store, later(4), 2);
  appendRows(store, later(5), 2);
  assert.ok(store.statistics().evictions > 0);
});

test('it is told how many samples a series has in an hour, open or closed, and that they are not all here', () => {
  const store = newStore(100 * arenaBytes, startMs + hourMs);
  const timeMs = startMs + hourMs;
  appendRows(store, [row(1, hourMs, 1), row(1, hourMs + 15_000, 2), row(1, hourMs + 30_000, 3)], 1);
  assert.equal(store.samplesPerSeries(1, timeMs), 3);
  store.closeHours(timeMs + hourMs);
  sealAll(store);
  assert.equal(store.samplesPerSeries(1, timeMs), 3);
  assert.equal(store.samplesPerSeries(1, startMs), -1);
  assert.equal(store.samplesPerSeries(0, timeMs + hourMs), 0);
  const { hits, misses } = store.statistics();
  assert.deepEqual({ hits, misses }, { hits: 0, misses: 0 });
});

test('a hit and a miss are counted, and hours before the first complete one are not resident until loaded', () => {
  const store = newStore(100 * arenaBytes, startMs + hourMs);
  appendRows(store, [row(1, 20, 2)], 1);
  assert.equal(store.isResident(1, startMs + hourMs), true);
  assert.equal(store.isResident(1, startMs), false);
  loadRows(store, 1, startMs, [row(1, 10, 1), row(1, 20, -2), row(4, 5, 4)]);
  assert.equal(store.isResident(1, startMs), true);
  assert.equal(store.isResident(0, startMs), false);
  assert.deepEqual(rowsIn(store, 1), [row(1, 10, 1), row(1, 20, 2)]);
  assert.deepEqual(rowsIn(store, 4), [row(4, 5, 4)]);
  const { hits, misses } = store.statistics();
  assert.deepEqual({ hits, misses }, { hits: 2, misses: 2 });
});

test('an abandoned load claims nothing', () => {
  const store = newStore(100 * arenaBytes, startMs + hourMs);
  store.beginLoad(1, startMs).abandon();
  assert.equal(store.isResident(1, startMs), false);
});

test('a dropped series is gone from open and closed hours, does not come back with a load under way, and its ref serves another', () => {
  const store = newStore(100 * arenaBytes, startMs + 4 * hourMs);
  appendRows(store, [...regularRows(1, 500), ...regularRows(4, 500)], 1);
  store.closeHours(startMs + hourMs);
  sealAll(store);
  const load = store.beginLoad(1, startMs);
  store.drop(Uint32Array.of(1));
  const { refs, runCount, sampleEnds, timesMs, values } = runsOf(regularRows(1, 100));
  load.add(refs, runCount, sampleEnds, timesMs, values);
  load.finish();
  assert.deepEqual(rowsIn(store, 1), []);
  assert.deepEqual(rowsIn(store, 4), regularRows(4, 500));
  appendRows(store, [row(1, 7, 7)], 2);
  assert.deepEqual(rowsIn(store, 1), [row(1, 7, 7)]);
});

test('a dropped range is gone from open and closed hours; what lies around it stays, and stays resident', () => {
  const store = newStore(100 * arenaBytes, startMs);
  const rows = regularRows(1, 1_000);
  appendRows(store, [...rows, ...regularRows(4, 1_000)], 1);
  store.closeHours(startMs + hourMs);
  sealAll(store);
  const fromMs = startMs + hourMs / 2;
  const toMs = startMs + 2 * hourMs + 7_000;
  store.dropRange(Uint32Array.of(1), fromMs, toMs);
  const left = rows.filter(({ timeMs }) => timeMs < fromMs || timeMs > toMs);
  assert.ok(left.length > 0 && left.length < rows.length);
  assert.deepEqual(rowsIn(store, 1), left);
  assert.deepEqual(rowsIn(store, 4), regularRows(4, 1_000));
  sealAll(store);
  assert.deepEqual(rowsIn(store, 1), left);
  assert.equal(store.isResident(1, startMs), true);
});

test('drops, evictions and released hours give all their memory back', () => {
  const store = newStore();
  const refs = Uint32Array.from({ length: 200 }, (_, ref) => ref);
  for (const ref of refs) appendRows(store, noisyRows(ref, 300, 24_000), 1);
  store.closeHours(startMs + 9 * hourMs);
  sealAll(store);
  store.drop(refs);
  assert.equal(store.statistics().usedBytes, 0);
});
