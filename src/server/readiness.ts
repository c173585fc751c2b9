/** Whether a server can do its work, and in words why not. */
import type { ReadinessAnswer } from '../http/contract/operations.js';
import type { Configuration } from './configuration.js';
import type { ServerEngine } from './engine.js';
import type { EventPipeline } from './event-pipeline.js';

export interface ReadinessSources {
  readonly engine: ServerEngine;
  readonly pipeline: EventPipeline;
  readonly configuration: Configuration;
  readonly version: string;
  readonly stopping: boolean;
}

export async function readiness(sources: ReadinessSources): Promise<ReadinessAnswer> {
  const { engine, pipeline, configuration, version, stopping } = sources;
  const { bytesMax } = configuration.wal;
  const health = await engine.engine.health();
  const { bytes } = pipeline.log.stats();
  const { name, reason } = engine.state();
  const storing = pipeline.problem();
  const problems = [
    ...(stopping ? ['the server is stopping'] : []),
    ...(health.ok ? [] : [`the engine does not answer: ${reason || health.reason || 'no reason known'}`]),
    ...(storing === undefined ? [] : [storing]),
    ...(bytes >= bytesMax ? [`the write-ahead log is full: ${bytes} of ${bytesMax} bytes`] : []),
  ];
  return {
    ready: problems.length === 0,
    version,
    problems,
    engine: { state: name, ...health },
    log: { bytes, bytes_max: bytesMax, waiting_rows: pipeline.waitingRows() },
    appender: pipeline.appenderState(),
  };
}
