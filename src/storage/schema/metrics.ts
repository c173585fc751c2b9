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

/** Samples with their labels. */
export const metricsView = `SELECT samples.metric AS metric, labels, samples.ts AS ts, samples.value AS value
FROM metric_samples AS samples FINAL
GLOBAL INNER JOIN (SELECT metric, series, any(labels) AS labels FROM metric_series GROUP BY metric, series) AS series
ON samples.metric = series.metric AND samples.series = series.series`;
