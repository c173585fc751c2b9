/**
 * The metric plane's tables, as migration 2 made them. Raw samples are plain rows, so that SQL and archives see them.
 * Both tables keep one row a key, so that a repeated insert changes nothing; the last value for a time wins.
 */
import { column, onCluster, qualified, type TableDefinition, type Topology } from './table.js';

const text = 'LowCardinality(String)';

export const metricSeries: TableDefinition = {
  name: 'metric_series',
  comment: 'Every series: its labels without the name of the metric.',
  columns: [column('metric', text), column('series', 'UInt64'), column('labels', `Map(${text}, String)`)],
  engine: 'ReplacingMergeTree',
  orderBy: ['metric', 'series'],
  shardBy: 'series',
};

export const metricSamples: TableDefinition = {
  name: 'metric_samples',
  comment: 'Raw samples. Ask the view metrics for them with their labels.',
  columns: [
    column('metric', text),
    column('series', 'UInt64', 'CODEC(Delta, ZSTD(1))'),
    column('ts', "DateTime64(3, 'UTC')", 'CODEC(Delta, ZSTD(1))'),
    column('value', 'Float64', 'CODEC(Delta, ZSTD(1))'),
  ],
  engine: 'ReplacingMergeTree',
  partitionBy: 'toDate(ts)',
  orderBy: ['metric', 'series', 'ts'],
  shardBy: 'series',
};

/**
 * Where lines of an import arrive: a table that keeps nothing and hands each row on to the two above. A series' id is
 * xxHash64 over its labels in the order of their names, each as name, 0xFF, value, 0xFF, as Prometheus hashes labels.
 */
export function renderMetricArrivals(topology: Topology): string[] {
  const table = (name: string): string => qualified(name, topology);
  const seriesId = `xxHash64(arrayStringConcat(arrayMap((name, value) -> concat(name, '\\xFF', value, '\\xFF'), mapKeys(labels), mapValues(labels))))`;
  return [
    `CREATE TABLE IF NOT EXISTS ${table('metric_arrivals')}${onCluster(topology)} (
  labels Map(String, String),
  timestamps Array(DateTime64(3, 'UTC')),
  values Array(Float64)
) ENGINE = Null
COMMENT 'Keeps nothing: what is inserted goes to metric_series and metric_samples.'`,
    `CREATE MATERIALIZED VIEW IF NOT EXISTS ${table('metric_arrivals_to_series')}${onCluster(topology)} TO ${table('metric_series')} AS
SELECT metric, series, others AS labels
FROM (
  SELECT
    labels['__name__'] AS metric,
    ${seriesId} AS series,
    mapFilter((name, value) -> name != '__name__', labels) AS others
  FROM ${table('metric_arrivals')}
)`,
    `CREATE MATERIALIZED VIEW IF NOT EXISTS ${table('metric_arrivals_to_samples')}${onCluster(topology)} TO ${table('metric_samples')} AS
SELECT labels['__name__'] AS metric, ${seriesId} AS series, sample.1 AS ts, sample.2 AS value
FROM ${table('metric_arrivals')}
ARRAY JOIN arrayZip(timestamps, values) AS sample`,
  ];
}

const time = "DateTime64(3, 'UTC')";

/** What migration 3 changes in the tables of migration 2: days between which a series has samples, and no arrivals any more. */
export function renderSeriesTimes(topology: Topology): string[] {
  const drops = ['metric_arrivals_to_series', 'metric_arrivals_to_samples', 'metric_arrivals'];
  const carriers = topology.cluster === undefined ? ['metric_series'] : ['metric_series_local', 'metric_series'];
  return [
    ...drops.map((name) => `DROP TABLE IF EXISTS ${qualified(name, topology)}${onCluster(topology)} SYNC`),
    ...carriers.map(
      (name) => `ALTER TABLE ${qualified(name, topology)}${onCluster(topology)}
ADD COLUMN IF NOT EXISTS first ${time} DEFAULT 0 COMMENT 'Start of the first day with samples.',
ADD COLUMN IF NOT EXISTS last ${time} DEFAULT '2299-12-31 00:00:00' COMMENT 'End of the last day with samples.'`,
    ),
  ];
}

/**
 * What migration 5 changes in the table of samples; `docs/decisions/sample-merges.md` has the measurements. A merge waits for parts
 * that are together 10 times as large as the largest of them, not 5 times: a sample is written anew less often, and a day
 * has some more parts meanwhile. The engine lowers that figure by itself where a day has many parts, or old ones. A series' id
 * is the same over thousands of rows, and ZSTD alone makes less of them than of their differences.
 */
export function renderSampleMerges(topology: Topology): string[] {
  const carrier = topology.cluster === undefined ? 'metric_samples' : 'metric_samples_local';
  const altered = `ALTER TABLE ${qualified(carrier, topology)}${onCluster(topology)}`;
  return [
    `${altered} MODIFY SETTING merge_selector_base = 10`,
    `${altered} MODIFY COLUMN series UInt64 CODEC(ZSTD(1))`,
  ];
}

export const metricMetadata: TableDefinition = {
  name: 'metric_metadata',
  comment: 'What senders told of a metric: its type, help and unit.',
  columns: [
    column('metric', 'String'),
    column('type', text),
    column('help', 'String'),
    column('unit', text),
    column('told_at', time, 'DEFAULT now64(3)'),
  ],
  engine: 'ReplacingMergeTree',
  orderBy: ['metric'],
  shardBy: 'xxHash64(metric)',
};

export const metricExemplars: TableDefinition = {
  name: 'metric_exemplars',
  comment: 'Examples that senders attach to samples, such as the id of a trace.',
  columns: [
    column('metric', text),
    column('series', 'UInt64'),
    column('ts', time, 'CODEC(Delta, ZSTD(1))'),
    column('value', 'Float64'),
    column('labels', `Map(${text}, String)`),
  ],
  engine: 'ReplacingMergeTree',
  partitionBy: 'toDate(ts)',
  orderBy: ['metric', 'series', 'ts'],
  shardBy: 'series',
};

export const metricEvents: TableDefinition = {
  name: 'metric_events',
  comment: 'Samples whose labels have too many values for a series each: rows, as a rule of cardinality routes them.',
  columns: [
    column('metric', text),
    column('series', 'UInt64'),
    column('labels', `Map(${text}, String)`, 'CODEC(ZSTD(1))'),
    column('ts', time, 'CODEC(Delta, ZSTD(1))'),
    column('value', 'Float64', 'CODEC(ZSTD(1))'),
  ],
  engine: 'ReplacingMergeTree',
  partitionBy: 'toDate(ts)',
  orderBy: ['metric', 'ts', 'series'],
  shardBy: 'series',
};

/** The buckets of one sign: spans, and absolute counts of all their buckets. */
const buckets = (sign: string) => [
  column(`${sign}_offsets`, 'Array(Int32)', 'CODEC(ZSTD(1))'),
  column(`${sign}_lengths`, 'Array(UInt32)', 'CODEC(ZSTD(1))'),
  column(`${sign}_counts`, 'Array(Float64)', 'CODEC(ZSTD(1))'),
];

/** What migration 8 adds. Counts are doubles, which hold all integers that are taken. */
export const metricHistograms: TableDefinition = {
  name: 'metric_histograms',
  comment: 'Native histograms, each a row; docs/guides/metrics.md tells how to read buckets.',
  columns: [
    column('metric', text),
    column('series', 'UInt64', 'CODEC(ZSTD(1))'),
    column('ts', time, 'CODEC(Delta, ZSTD(1))'),
    column('counter_reset', text),
    column('is_float', 'Bool'),
    column('is_stale', 'Bool'),
    column('schema', 'Int32', 'CODEC(ZSTD(1))'),
    column('zero_threshold', 'Float64', 'CODEC(ZSTD(1))'),
    column('zero_count', 'Float64', 'CODEC(ZSTD(1))'),
    column('count', 'Float64', 'CODEC(ZSTD(1))'),
    column('sum', 'Float64', 'CODEC(ZSTD(1))'),
    ...buckets('positive'),
    ...buckets('negative'),
    column('custom_bounds', 'Array(Float64)', 'CODEC(ZSTD(1))'),
  ],
  engine: 'ReplacingMergeTree',
  partitionBy: 'toDate(ts)',
  orderBy: ['metric', 'series', 'ts'],
  shardBy: 'series',
};

/** Samples with their labels. */
export const metricsView = `SELECT samples.metric AS metric, labels, samples.ts AS ts, samples.value AS value
FROM metric_samples AS samples FINAL
GLOBAL INNER JOIN (SELECT metric, series, any(labels) AS labels FROM metric_series GROUP BY metric, series) AS series
ON samples.metric = series.metric AND samples.series = series.series`;
