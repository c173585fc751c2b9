/**
 * Types of metrics as senders told them last, by remote write, OTLP, scrapes and pushes: what tells a counter from a gauge where series
 * are folded. Told once, a type outlives the telling: it is in the log, and then in `metric_metadata`.
 */
import type { MetricMetadata, MetricType } from '../../model/sample-batch.js';
import type { Engine } from '../../storage/engine.js';

export interface MetricTypes {
  /** Takes what a body tells of its metrics. */
  learn(metadata: Iterable<Pick<MetricMetadata, 'metric' | 'type'>>): void;
  /** The type of a metric or of its family; undefined where nobody told it. */
  typeOf(metric: string): MetricType | undefined;
}

/** Types are kept for so many metrics; of further ones the name's ending decides. A guess: some 20 MB. */
const metricsMax = 200_000;

/** Endings that OpenMetrics has in names of samples and not in those of families. */
const familyEnding = /_(?:total|info)$/;

export function createMetricTypes(limit = metricsMax): MetricTypes {
  const types = new Map<string, MetricType>();
  return {
    learn(metadata) {
      for (const { metric, type } of metadata)
        if (type !== 'unknown' && (types.size < limit || types.has(metric))) types.set(metric, type);
    },
    typeOf: (metric) => types.get(metric) ?? types.get(metric.replace(familyEnding, '')),
  };
}

/** Learns what the table holds, where nothing newer is known. */
export async function loadMetricTypes(engine: Engine, types: MetricTypes): Promise<void> {
  const rows = await engine.query<{ metric: string; type: MetricType }>({
    sql: `SELECT metric, type
FROM metric_metadata FINAL
WHERE type != 'unknown'
LIMIT {rowsMax:UInt32}`,
    params: { rowsMax: metricsMax },
  });
  types.learn(rows.filter(({ metric }) => types.typeOf(metric) === undefined));
}
