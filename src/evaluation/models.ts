/** Which models and versions have been seen, and how much of what they said is known to be right or wrong. */
import type { Engine } from '../storage/engine.js';

export interface ModelSummary {
  readonly model: string;
  readonly version: string;
  /** Time of the first and last prediction, epoch ms. */
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly predictions: number;
  readonly withTruth: number;
}

/** Models listed at most. */
const modelsMax = 10_000;

export async function listModels(engine: Engine, signal?: AbortSignal): Promise<ModelSummary[]> {
  const rows = await engine.query<
    Record<'model' | 'version' | 'first_ms' | 'last_ms' | 'predictions' | 'with_truth', string>
  >({
    sql: `WITH seen AS (
  SELECT model, version, min(ts) AS first, max(ts) AS last, count() AS predictions
  FROM predictions
  GROUP BY model, version
), known AS (
  SELECT model, version, count() AS with_truth
  FROM (
    SELECT model, version
    FROM prediction_outcomes
    WHERE prediction_row_id GLOBAL NOT IN (SELECT row_id FROM superseded_predictions)
    GROUP BY model, version, ts, prediction_row_id
    SETTINGS optimize_aggregation_in_order = 1
  )
  GROUP BY model, version
)
SELECT
  seen.model AS model, seen.version AS version, predictions, with_truth,
  toUnixTimestamp64Milli(first) AS first_ms, toUnixTimestamp64Milli(last) AS last_ms
FROM seen
GLOBAL LEFT JOIN known ON seen.model = known.model AND seen.version = known.version
ORDER BY model, version
LIMIT {modelsMax:UInt32}`,
    params: { modelsMax },
    ...(signal && { signal }),
  });
  return rows.map((row) => ({
    model: row.model,
    version: row.version,
    firstSeenMs: Number(row.first_ms),
    lastSeenMs: Number(row.last_ms),
    predictions: Number(row.predictions),
    withTruth: Number(row.with_truth),
  }));
}
