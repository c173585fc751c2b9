/**
 * Counts ground truths that were tied to predictions, by model and version, in the engine; see `prediction-totals.ts`. The truth of a
 * request counts once, when one is tied for the first time: that it is sent again or revised, or that a replaced prediction hands it on, does
 * not count.
 */
import type { Engine } from '../../storage/engine.js';

export interface GroundTruthTotal {
  readonly model: string;
  readonly version: string;
  readonly groundTruths: number;
}

export async function readGroundTruthTotals(engine: Engine): Promise<GroundTruthTotal[]> {
  const rows = await engine.query<{ model: string; version: string; ground_truths: string }>({
    sql: 'SELECT model, version, ground_truths FROM ground_truth_totals FINAL',
  });
  return rows.map(({ model, version, ground_truths }) => ({ model, version, groundTruths: Number(ground_truths) }));
}

/** Adds the truths tied by rows above what the totals hold, up to and with `upToRowId`. To be called with rising row ids, and not twice at a time. */
export async function addGroundTruthTotals(engine: Engine, upToRowId: number): Promise<void> {
  await engine.command({ sql: addSql, params: { upTo: upToRowId } });
}

/** The row by which a truth was tied: its own, or that of the prediction that came after it. */
const tiedBy = 'greatest(truth_row_id, prediction_row_id)';
const isFresh = `${tiedBy} > counted AND ${tiedBy} <= {upTo:UInt64}`;

/**
 * Truths are told apart by their requests: a truth that was sent twice, because its acknowledgement was lost, and a later revision of it have rows
 * of their own. A request whose truth was tied by an earlier row is counted already.
 */
const addSql = `INSERT INTO ground_truth_totals
WITH
  (SELECT max(up_to_row_id) FROM ground_truth_totals) AS counted,
  requests AS (
    SELECT DISTINCT row_id, request_hash, request_check
    FROM ground_truth
    WHERE row_id GLOBAL IN (SELECT truth_row_id FROM prediction_outcomes WHERE ${isFresh})
  ),
  earlier AS (
    SELECT row_id, request_hash, request_check
    FROM ground_truth
    WHERE request_hash GLOBAL IN (SELECT request_hash FROM requests) AND row_id <= counted
  )
SELECT fresh.model, fresh.version, {upTo:UInt64}, old.ground_truths + fresh.ground_truths
FROM (
  SELECT place.1 AS model, place.2 AS version, count() AS ground_truths
  FROM (
    SELECT request_hash, request_check, argMin(tuple(model, version), ${tiedBy}) AS place
    FROM (SELECT * FROM prediction_outcomes WHERE ${isFresh}) AS tied
    GLOBAL INNER JOIN requests ON tied.truth_row_id = requests.row_id
    GROUP BY request_hash, request_check
  )
  WHERE (request_hash, request_check) GLOBAL NOT IN (
    SELECT request_hash, request_check
    FROM earlier
    WHERE row_id GLOBAL IN (
      SELECT truth_row_id
      FROM prediction_outcomes
      WHERE ${tiedBy} <= counted AND truth_row_id GLOBAL IN (SELECT row_id FROM earlier)
    )
  )
  GROUP BY model, version
) AS fresh
GLOBAL LEFT JOIN (SELECT * FROM ground_truth_totals FINAL) AS old
ON fresh.model = old.model AND fresh.version = old.version`;
