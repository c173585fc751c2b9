/**
 * The event plane's tables, as migration 1 made them. `docs/decisions/request-ids.md` says why they are shaped so.
 * A definition that has been released is never edited: a later migration alters the table.
 */
import { column, onCluster, qualified, type TableDefinition, type Topology } from './table.js';

const text = 'LowCardinality(String)';
const time = "DateTime64(3, 'UTC')";
const ascending = 'CODEC(Delta, ZSTD(1))';

/** A request id as a key: 64 bits that sort and find it, 32 bits of another hash that tell strangers apart. */
const requestKey = [
  column('request_hash', 'UInt64', 'DEFAULT xxHash64(request_id)'),
  column('request_check', 'UInt32', 'DEFAULT toUInt32(bitAnd(sipHash64(request_id), 4294967295))'),
];

/** Point look-ups by a random key read one granule an id; small granules and blocks make that 3 times cheaper. */
const pointLookup = {
  index_granularity: 256,
  index_granularity_bytes: 0,
  min_bytes_for_wide_part: 0,
  min_compress_block_size: 2048,
  max_compress_block_size: 2048,
};

/** Finds what the last flush wrote: new rows have the highest ids, so older granules are passed over. */
const rowIdRange = ['row_id_range row_id TYPE minmax GRANULARITY 16'];

export const predictionRows: TableDefinition = {
  name: 'prediction_rows',
  comment: 'Every prediction as it arrived, replaced ones included. Ask the view predictions.',
  columns: [
    column('row_id', 'UInt64', ascending),
    column('request_id', 'String', 'CODEC(ZSTD(1))'),
    column('model', text),
    column('version', text),
    column('ts', time, ascending),
    column('arrived', time, ascending),
    column('endpoint', text),
    column('region', text),
    column('segment', text),
    column('status', text),
    column('prediction_text', text),
    column('prediction_number', 'Nullable(Float64)', 'CODEC(ZSTD(1))'),
    column('score', 'Nullable(Float64)', 'CODEC(ZSTD(1))'),
    column('scores', `Map(${text}, Float64)`, 'CODEC(ZSTD(1))'),
    column('confidence', 'Nullable(Float64)', 'CODEC(ZSTD(1))'),
    column('latency_ms', 'Nullable(Float64)', 'CODEC(ZSTD(1))'),
    column('features_number', `Map(${text}, Float64)`, 'CODEC(ZSTD(1))'),
    column('features_text', `Map(${text}, String)`, 'CODEC(ZSTD(1))'),
    column('features_flag', `Map(${text}, Bool)`, 'CODEC(ZSTD(1))'),
    column('features_null', `Array(${text})`, 'CODEC(ZSTD(1))'),
    column('embedding', 'Array(Float32)', 'CODEC(ZSTD(1))'),
    column('experiment_id', text),
    column('variant', text),
    column('unit_id', 'String', 'CODEC(ZSTD(1))'),
    column('trace_id', 'String', 'CODEC(ZSTD(1))'),
    column('input_hash', 'String', 'CODEC(ZSTD(1))'),
    column('metadata', 'String', 'CODEC(ZSTD(1))'),
  ],
  indexes: ['row_id_range row_id TYPE minmax GRANULARITY 1'],
  engine: 'MergeTree',
  partitionBy: 'toMonday(ts)',
  orderBy: ['model', 'version', 'ts', 'row_id'],
  settings: { non_replicated_deduplication_window: 1000 },
  shardBy: 'xxHash64(request_id)',
};

export const predictionIds: TableDefinition = {
  name: 'prediction_ids',
  comment: 'Where the prediction of a request id lies. The highest row_id of an id is the current one.',
  columns: [
    ...requestKey,
    column('request_id', 'String', 'EPHEMERAL'),
    column('row_id', 'UInt64'),
    column('model', text),
    column('version', text),
    column('ts', time),
  ],
  indexes: rowIdRange,
  engine: 'ReplacingMergeTree',
  orderBy: ['request_hash', 'request_check', 'row_id'],
  settings: pointLookup,
  shardBy: 'request_hash',
};

export const supersededPredictions: TableDefinition = {
  name: 'superseded_predictions',
  comment: 'Rows of prediction_rows that a later row with the same request id replaced.',
  columns: [
    column('model', text),
    column('version', text),
    column('ts', time),
    column('row_id', 'UInt64'),
    column('by_row_id', 'UInt64'),
  ],
  engine: 'ReplacingMergeTree',
  partitionBy: 'toMonday(ts)',
  orderBy: ['model', 'version', 'ts', 'row_id'],
  shardBy: 'row_id',
};

export const groundTruth: TableDefinition = {
  name: 'ground_truth',
  comment: 'Every revision of every ground truth as it arrived, with or without a known prediction.',
  columns: [
    ...requestKey,
    column('request_id', 'String', 'CODEC(ZSTD(1))'),
    column('row_id', 'UInt64'),
    column('label_text', text),
    column('label_number', 'Nullable(Float64)'),
    column('ts', `Nullable(${time})`),
    column('arrived', time),
    column('known_at', time, 'ALIAS ifNull(ts, arrived)'),
    column('source', text),
    column('revision', 'Nullable(UInt32)'),
  ],
  indexes: rowIdRange,
  engine: 'ReplacingMergeTree',
  orderBy: ['request_hash', 'request_check', 'row_id'],
  settings: pointLookup,
  shardBy: 'request_hash',
};

export const predictionOutcomes: TableDefinition = {
  name: 'prediction_outcomes',
  comment: 'Ground truth beside its prediction: sorted like prediction_rows, so that a join reads one slice of each.',
  columns: [
    column('model', text),
    column('version', text),
    column('ts', time, ascending),
    column('prediction_row_id', 'UInt64', ascending),
    column('truth_row_id', 'UInt64', ascending),
    column('label_text', text),
    column('label_number', 'Nullable(Float64)', 'CODEC(ZSTD(1))'),
    column('known_at', time, ascending),
    column('revision', 'UInt32', 'CODEC(ZSTD(1))'),
  ],
  engine: 'ReplacingMergeTree',
  partitionBy: 'toMonday(ts)',
  orderBy: ['model', 'version', 'ts', 'prediction_row_id', 'truth_row_id'],
  shardBy: 'prediction_row_id',
};

/** What people ask: predictions without those that a later row replaced. */
export const predictionsView = `SELECT * FROM prediction_rows
WHERE row_id GLOBAL NOT IN (SELECT row_id FROM superseded_predictions)`;

/** Predictions with the label that counts: the highest revision, and among equals the last to arrive. */
export const labelledPredictionsView = `SELECT p.*, t.label.1 AS label_text, t.label.2 AS label_number, t.label.3 AS known_at
FROM predictions AS p
GLOBAL INNER JOIN (
  SELECT
    model, version, prediction_row_id,
    argMax(tuple(label_text, label_number, known_at), tuple(revision, truth_row_id)) AS label
  FROM prediction_outcomes
  GROUP BY model, version, prediction_row_id
) AS t ON p.model = t.model AND p.version = t.version AND p.row_id = t.prediction_row_id`;

/**
 * What migration 7 changes: parts of the tables that every event goes to are merged when there are 10 of a size, not 5. A row is
 * written anew less often; `docs/decisions/sample-merges.md` has the measurements.
 */
export const renderEventMerges = (topology: Topology): string[] =>
  [predictionRows, predictionIds, groundTruth, predictionOutcomes].map(({ name }) => {
    const carrier = topology.cluster === undefined ? name : `${name}_local`;
    return `ALTER TABLE ${qualified(carrier, topology)}${onCluster(topology)} MODIFY SETTING merge_selector_base = 10`;
  });
