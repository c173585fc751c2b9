/**
 * Counts ground truths that were tied to predictions, by model and version, in the engine; see `prediction-totals.ts`. A truth counts once, when
 * it is tied for the first time: that a replaced prediction hands it on does not count.
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

const addSql = `INSERT INTO ground_truth_totals
WITH (SELECT max(up_to_row_id) FROM ground_truth_totals) AS counted
SELECT fresh.model, fresh.version, {upTo:UInt64}, old.ground_truths + fresh.ground_truths
FROM (
  SELECT place.1 AS model, place.2 AS version, count() AS ground_truths
  FROM (
    SELECT truth_row_id, argMin(tuple(model, version), ${tiedBy}) AS place
    FROM prediction_outcomes
    WHERE ${isFresh} AND truth_row_id GLOBAL NOT IN (
      SELECT truth_row_id FROM prediction_outcomes
      WHERE ${tiedBy} <= counted
        AND truth_row_id GLOBAL IN (SELECT truth_row_id FROM prediction_outcomes WHERE ${isFresh} AND truth_row_id <= counted)
    )
    GROUP BY truth_row_id
  )
  GROUP BY model, version
) AS fresh
GLOBAL LEFT JOIN (SELECT * FROM ground_truth_totals FINAL) AS old
ON fresh.model = old.model AND fresh.version = old.version`;
