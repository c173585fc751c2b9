/**
 * Stores a run of ground-truth records: every revision as it came, and each tied to its prediction where that is known.
 * Truth that comes before its prediction is tied when the prediction is stored. Every step may be repeated.
 */
import { encodeBlock } from '../../storage/native/encode.js';
import { groundTruthLogTypes } from './event-columns.js';
import type { RecordOf } from './event-record.js';
import { eventRows } from './event-rows.js';
import type { StoreContext } from './store-context.js';
import { overAnyPartitions } from './weeks.js';

const types = { row_id: 'UInt64', arrived: "DateTime64(3, 'UTC')", ...groundTruthLogTypes } as const;
const names = Object.keys(types) as (keyof typeof types)[];

export async function storeGroundTruth(
  records: readonly RecordOf<'ground_truth'>[],
  context: StoreContext,
): Promise<void> {
  const { engine, knownIds, counters } = context;
  for (const { requestIds } of records) knownIds.add(requestIds);
  const rows = eventRows(records.map(({ sequence, arrivedMs, batch }) => ({ sequence, arrivedMs, batch: batch() })));
  await engine.insert({
    table: 'ground_truth',
    columns: names,
    blocks: [
      encodeBlock(
        names.map((name) => ({ name, type: types[name], data: rows.columns[name] })),
        rows.rowCount,
      ),
    ],
  });
  const ids = rows.columns.row_id.values;
  await engine.command({
    sql: `INSERT INTO prediction_outcomes
  (model, version, ts, prediction_row_id, truth_row_id, label_text, label_number, known_at, revision)
WITH fresh AS (
  SELECT
    request_hash, request_check, row_id AS truth_row_id, label_text, label_number,
    ifNull(ground_truth.ts, arrived) AS known_at, ifNull(ground_truth.revision, 0) AS revision
  FROM ground_truth
  WHERE row_id BETWEEN {first:UInt64} AND {last:UInt64}
)
SELECT
  prediction.place.1, prediction.place.2, prediction.place.3, prediction.place.4,
  fresh.truth_row_id, fresh.label_text, fresh.label_number, fresh.known_at, fresh.revision
FROM fresh
GLOBAL INNER JOIN (
  SELECT request_hash, request_check, argMax(tuple(model, version, ts, row_id), row_id) AS place
  FROM prediction_ids
  WHERE request_hash GLOBAL IN (SELECT request_hash FROM fresh)
  GROUP BY request_hash, request_check
) AS prediction
ON prediction.request_hash = fresh.request_hash AND prediction.request_check = fresh.request_check`,
    params: { first: ids[0]!, last: ids.at(-1)! },
    settings: overAnyPartitions,
  });
  counters.rowsStored('ground_truth', rows.rowCount);
}
