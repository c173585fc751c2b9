/** Whether a server can do its work, and in words why not. */
import type { ReadinessAnswer } from '../http/contract/operations.js';
import type { Configuration } from './configuration.js';
import type { ServerEngine } from './engine.js';
import type { EnginePreparation } from './engine-preparation.js';
import type { EventPipeline } from './event-pipeline.js';
import type { MetricPipeline } from './metric-pipeline.js';

export interface ReadinessSources {
  readonly engine: ServerEngine;
  readonly preparation: EnginePreparation;
  readonly events: EventPipeline;
  readonly metrics: MetricPipeline;
  readonly configuration: Configuration;
  readonly version: string;
  readonly stopping: boolean;
}

export async function readiness(sources: ReadinessSources): Promise<ReadinessAnswer> {
  const { engine, preparation, events, metrics, configuration, version, stopping } = sources;
  const { bytesMax } = configuration.wal;
  const health = await engine.engine.health();
  const { name, reason } = engine.state();
  const logs = { events: events.log.stats().bytes, metrics: metrics.log.stats().bytes };
  const problems = [
    ...(stopping ? ['the server is stopping'] : []),
    ...(health.ok ? [] : [`the engine does not answer: ${reason || health.reason || 'no reason known'}`]),
    ...[preparation.problem(), events.problem(), metrics.problem()].filter((problem) => problem !== undefined),
    ...Object.entries(logs)
      .filter(([, bytes]) => bytes >= bytesMax)
      .map(([plane, bytes]) => `the write-ahead log of ${plane} is full: ${bytes} of ${bytesMax} bytes`),
  ];
  return {
    ready: problems.length === 0,
    version,
    problems,
    engine: { state: name, ...health },
    logs: {
      events: {
        bytes: logs.events,
        bytes_max: bytesMax,
        waiting_rows: events.waitingRows(),
        appender: events.appenderState(),
      },
      metrics: {
        bytes: logs.metrics,
        bytes_max: bytesMax,
        waiting_rows: metrics.waitingRows(),
        appender: metrics.appenderState(),
      },
    },
  };
}
