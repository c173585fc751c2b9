import assert from 'node:assert/strict';
import { test } from 'node:test';
import xxhash from 'xxhash-wasm';
import { createIdTable } from '../../../src/ingest/events/id-table.js';
import type { KnownIds, KnownPrediction } from '../../../src/ingest/events/known-ids.js';
import { meetIds, type PredictionRecord } from '../../../src/ingest/events/meet-ids.js';
import { textAt, textColumnOf } from '../../../src/model/columns.js';

const { h64 } = await xxhash();

const record = (sequence: number, ids: readonly string[]): PredictionRecord =>
  ({
    kind: 'prediction',
    sequence,
    rowCount: ids.length,
    requestIds: textColumnOf(ids),
  }) as unknown as PredictionRecord;

/** Ids that begin with `seen` may be known, and those that begin with `seen-prediction` have one. */
const knownIds = {
  hashesOf: (column) =>
    new Uint32Array(
      BigUint64Array.from({ length: column.offsets.length - 1 }, (_, row) => h64(textAt(column, row))).buffer,
    ),
  mayKnowThenAdd: (low, high) => seenHashes.has((BigInt(high) << 32n) | BigInt(low)),
  add: () => {},
  predictionsOf: async (ids) =>
    new Map(ids.filter((id) => id.startsWith('seen-prediction')).map((id) => [id, {} as KnownPrediction])),
  loaded: Promise.resolve(),
  filterBytes: 0,
} satisfies KnownIds;
const seenHashes = new Set(['seen-truth', 'seen-prediction'].map((id) => h64(id)));

test('only records with an id that is known, or that comes twice, are left out of the new ones', async () => {
  const met = await meetIds(
    [
      record(1, ['a', 'b', 'seen-truth']),
      record(10, ['c', 'twice']),
      record(20, ['seen-prediction', 'd']),
      record(30, ['e', 'e']),
      record(40, ['twice', 'f']),
      record(50, ['g']),
    ],
    knownIds,
  );
  assert.deepEqual(
    met.fresh.map(({ record: { sequence }, rowsPerhapsKnown }) => [sequence, rowsPerhapsKnown]),
    [
      [1, [2]],
      [50, []],
    ],
  );
  assert.deepEqual(
    met.others.map(({ sequence }) => sequence),
    [10, 20, 30, 40],
  );
  assert.deepEqual([...met.perhapsKnown], ['seen-truth', 'seen-prediction']);
  assert.deepEqual([...met.known.keys()], ['seen-prediction']);
});

test('a table of ids finds exactly the hashes that were added before', () => {
  const count = 20_000;
  const table = createIdTable(2 * count);
  for (let i = 0; i < count; i++) {
    assert.equal(table.add(i % 100, i, i), i);
    assert.equal(table.repeated, false);
  }
  for (let i = 0; i < count; i++) {
    assert.equal(table.add(i % 100, i, 7), i);
    assert.equal(table.repeated, true);
  }
});
