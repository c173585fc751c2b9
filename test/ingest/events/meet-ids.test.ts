import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPrecedence } from '../../../src/base/precedence.js';
import type { KnownIds, KnownPrediction } from '../../../src/ingest/events/known-ids.js';
import { meetIds, type PredictionRecord } from '../../../src/ingest/events/meet-ids.js';
import { IdSet } from '../../../src/kernel/id-set.js';
import { Kernel } from '../../../src/kernel/kernel.js';
import { textColumnOf } from '../../../src/model/columns.js';

const record = (sequence: number, ids: readonly string[]): PredictionRecord =>
  ({
    kind: 'prediction',
    sequence,
    rowCount: ids.length,
    requestIds: textColumnOf(ids),
  }) as unknown as PredictionRecord;

const ids = new IdSet(new Kernel(), 0, 1 << 20);
ids.add(textColumnOf(['seen-truth', 'seen-prediction']));
/** Ids that begin with `seen-prediction` have one. */
const knownIds = {
  beginRecords: (records, count) => ids.beginRuns(records, count),
  meet: (requestIds, record) => ids.meet(requestIds, record, false),
  hasRepeats: (record) => ids.hasRepeats(record),
  add: () => {},
  predictionsOf: async (requestIds) =>
    new Map(requestIds.filter((id) => id.startsWith('seen-prediction')).map((id) => [id, {} as KnownPrediction])),
  loaded: Promise.resolve(),
  filterBytes: 0,
} satisfies KnownIds;

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
    { knownIds, precedence: createPrecedence() },
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
