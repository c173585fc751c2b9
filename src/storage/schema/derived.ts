/** Totals from which metrics of predictions are derived, as migration 4 made them. */
import { column, onCluster, qualified, type TableDefinition, type Topology } from './table.js';

const text = 'LowCardinality(String)';

/** Count, sum and buckets of one histogram; the bounds say which buckets they are. */
const histogram = (name: string) => [
  column(`${name}_bounds`, 'Array(Float64)'),
  column(`${name}_buckets`, 'Array(UInt64)'),
  column(`${name}_sum`, 'Float64'),
  column(`${name}_count`, 'UInt64'),
];

export const predictionTotals: TableDefinition = {
  name: 'prediction_totals',
  comment:
    'How many predictions there were up to a row, and how their latency, confidence and score are spread. Each row of predictions counts once.',
  columns: [
    column('model', text),
    column('version', text),
    column('endpoint', text),
    column('region', text),
    column('status', text),
    column('up_to_row_id', 'UInt64'),
    column('predictions', 'UInt64'),
    ...histogram('latency'),
    ...histogram('confidence'),
    ...histogram('score'),
  ],
  engine: 'ReplacingMergeTree',
  orderBy: ['model', 'version', 'endpoint', 'region', 'status'],
  shardBy: 'xxHash64(model, version)',
};

export const groundTruthTotals: TableDefinition = {
  name: 'ground_truth_totals',
  comment:
    'How many ground truths were tied to predictions up to a row; each counts once, whatever becomes of its prediction.',
  columns: [
    column('model', text),
    column('version', text),
    column('up_to_row_id', 'UInt64'),
    column('ground_truths', 'UInt64'),
  ],
  engine: 'ReplacingMergeTree',
  orderBy: ['model', 'version'],
  shardBy: 'xxHash64(model, version)',
};

/** Finds what was tied since a row: new rows lie together in few parts, so older granules are passed over. */
export const renderOutcomeIndex = (topology: Topology): string =>
  `ALTER TABLE ${qualified(topology.cluster === undefined ? 'prediction_outcomes' : 'prediction_outcomes_local', topology)}${onCluster(topology)}
ADD INDEX IF NOT EXISTS tied_by greatest(truth_row_id, prediction_row_id) TYPE minmax GRANULARITY 1`;
