/**
 * Counts predictions by model, version, endpoint, region and status, and how their latency, confidence and score are spread, in the engine.
 * What was counted is kept beside the row up to which it was, in one insert; so each row of the table counts once, through retries,
 * crashes and restarts. A row that took another's place counts not again: it is the same event.
 */
import type { Engine } from '../../storage/engine.js';
import type { HistogramBounds } from './histogram-bounds.js';

export interface Histogram {
  /** Upper bounds, ascending. */
  readonly bounds: readonly number[];
  /** Cumulative: how many values are at most the bound. */
  readonly buckets: readonly number[];
  readonly sum: number;
  readonly count: number;
}

export interface PredictionTotal {
  readonly model: string;
  readonly version: string;
  readonly endpoint: string;
  readonly region: string;
  readonly status: string;
  readonly predictions: number;
  /** Seconds. */
  readonly latency: Histogram;
  readonly confidence: Histogram;
  readonly score: Histogram;
}

const keys = ['model', 'version', 'endpoint', 'region', 'status'] as const;
const histograms = ['latency', 'confidence', 'score'] as const;
/** The column of `prediction_rows` that a histogram is about. */
const sources = { latency: 'latency_ms / 1000', confidence: 'confidence', score: 'score' } as const;

type TotalRow = Record<(typeof keys)[number], string> & {
  readonly up_to_row_id: string;
  readonly predictions: string;
} & Record<`${(typeof histograms)[number]}_bounds`, number[]> &
  Record<`${(typeof histograms)[number]}_buckets`, string[]> &
  Record<`${(typeof histograms)[number]}_sum`, number> &
  Record<`${(typeof histograms)[number]}_count`, string>;

const histogramOf = (row: TotalRow, name: (typeof histograms)[number]): Histogram => ({
  bounds: row[`${name}_bounds`],
  buckets: row[`${name}_buckets`].map(Number),
  sum: row[`${name}_sum`],
  count: Number(row[`${name}_count`]),
});

/** All totals as they were last kept. */
export async function readPredictionTotals(engine: Engine): Promise<PredictionTotal[]> {
  const rows = await engine.query<TotalRow>({ sql: 'SELECT * FROM prediction_totals FINAL' });
  return rows.map((row) => ({
    model: row.model,
    version: row.version,
    endpoint: row.endpoint,
    region: row.region,
    status: row.status,
    predictions: Number(row.predictions),
    latency: histogramOf(row, 'latency'),
    confidence: histogramOf(row, 'confidence'),
    score: histogramOf(row, 'score'),
  }));
}

/**
 * Adds the predictions of a model whose rows lie above what its totals hold, up to and with `upToRowId`. Histograms whose bounds are others than
 * before begin anew. To be called with rising row ids, and not twice at a time.
 */
export async function addPredictionTotals(
  engine: Engine,
  model: string,
  upToRowId: number,
  bounds: HistogramBounds,
): Promise<void> {
  await engine.command({
    sql: addSql,
    params: {
      model,
      upTo: upToRowId,
      latency: bounds.latency,
      confidence: bounds.confidence,
      score: bounds.score,
    },
  });
}

/** Of a histogram: what is fresh, and what it makes of what was. */
const fresh = (name: (typeof histograms)[number]): string => {
  const value = `ifNull(${sources[name]}, nan)`;
  return `sumForEach(arrayMap(bound -> toUInt64(${value} <= bound), {${name}:Array(Float64)})) AS ${name}_fresh_buckets,
    sumIf(${value}, NOT isNaN(${value})) AS ${name}_fresh_sum,
    countIf(NOT isNaN(${value})) AS ${name}_fresh_count`;
};
const total = (name: (typeof histograms)[number]): string => {
  const isSame = `old.${name}_bounds = {${name}:Array(Float64)}`;
  return `{${name}:Array(Float64)},
  if(${isSame}, arrayMap((a, b) -> a + b, old.${name}_buckets, ${name}_fresh_buckets), ${name}_fresh_buckets),
  if(${isSame}, old.${name}_sum, 0) + ${name}_fresh_sum,
  if(${isSame}, old.${name}_count, 0) + ${name}_fresh_count`;
};

const addSql = `INSERT INTO prediction_totals
WITH
  (SELECT max(up_to_row_id) FROM prediction_totals WHERE model = {model:String}) AS counted
SELECT
  fresh.model, fresh.version, fresh.endpoint, fresh.region, fresh.status,
  {upTo:UInt64}, old.predictions + fresh.predictions,
  ${histograms.map(total).join(',\n  ')}
FROM (
  SELECT
    ${keys.join(', ')},
    count() AS predictions,
    ${histograms.map(fresh).join(',\n    ')}
  FROM prediction_rows
  WHERE model = {model:String} AND row_id > counted AND row_id <= {upTo:UInt64}
    AND row_id GLOBAL NOT IN (
      SELECT by_row_id FROM superseded_predictions WHERE by_row_id > counted AND by_row_id <= {upTo:UInt64}
    )
  GROUP BY ${keys.join(', ')}
) AS fresh
GLOBAL LEFT JOIN (SELECT * FROM prediction_totals FINAL WHERE model = {model:String}) AS old
ON ${keys.map((key) => `fresh.${key} = old.${key}`).join(' AND ')}`;
