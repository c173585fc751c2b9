/** The composition root: puts a server together from its configuration, and takes it apart again in order. */
import { BarographError } from '../base/errors.js';
import { buildApp } from '../http/app.js';
import type { ReadinessAnswer } from '../http/contract/operations.js';
import { createQuerySlots } from '../http/query-slots.js';
import type { Logger } from './cli/log.js';
import { packageVersion } from './cli/version.js';
import type { Configuration } from './configuration.js';
import { type ServerEngine, startEngine } from './engine.js';
import { type EventPipeline, startEventPipeline } from './event-pipeline.js';
import { createMetrics } from './metrics.js';

export interface RunningServer {
  /** Where it listens, `http://host:port`. */
  readonly url: string;
  /** Stops in order: no new requests, rows to the engine within the grace, then the engine itself. */
  stop(): Promise<void>;
  /** Resolves when the server has stopped. */
  readonly done: Promise<void>;
}

/** Starts a server and resolves once it takes requests. Fails with a coded error where it cannot. */
export async function serve(configuration: Configuration, log: Logger): Promise<RunningServer> {
  const version = packageVersion();
  const metrics = createMetrics(version);
  const serverEngine = await startEngine(configuration, log);
  try {
    const pipeline = await startEventPipeline({
      configuration,
      serverEngine,
      counters: metrics.counters,
      program: version,
      logger: log,
    });
    const slots = createQuerySlots(configuration.query.concurrentMax);
    const state = { stopping: false, engineUp: true };
    bindMetrics();
    const app = await buildApp(services(), { logger: log });
    const url = await listen(configuration, (host, port) => app.listen({ host, port }));
    log.info({ url, version, data: configuration.data }, 'listening');
    return running(url, async () => {
      state.stopping = true;
      const { graceMs } = configuration.shutdown;
      await withinGrace(app.close(), graceMs);
      app.server.closeAllConnections();
      await pipeline.stop(graceMs);
      await serverEngine.stop();
      log.info('stopped');
    });

    function bindMetrics(): void {
      metrics.bind({
        logBytes: () => pipeline.log.stats().bytes,
        logAgeSeconds: () => ageSeconds(pipeline),
        waitingRows: pipeline.waitingRows,
        logFsyncs: () => pipeline.log.stats().fsyncs,
        engineUp: () => Number(state.engineUp),
        queriesRunning: () => slots.running,
        queriesWaiting: () => slots.waiting,
      });
    }

    function services() {
      const { engine } = serverEngine;
      const { waitUntilStored } = pipeline;
      const { query, evaluation } = configuration;
      const limits = {
        timeMs: query.timeMaxMs,
        memoryBytes: query.memoryBytesMax,
        resultRows: query.resultRowsMax,
        readRows: query.readRowsMax,
      };
      return {
        version,
        ingest: { intake: pipeline.intake, refusal: () => (state.stopping ? stoppingError() : undefined) },
        lookup: { engine, waitUntilStored },
        evaluation: {
          engine,
          waitUntilStored,
          limits: {
            rowsMax: evaluation.rowsMax,
            timeMsMax: evaluation.timeMaxMs,
            memoryBytesMax: query.memoryBytesMax,
          },
        },
        sql: { engine, limits, slots },
        operations: {
          metrics: async () => {
            state.engineUp = (await engine.health()).ok;
            return metrics.text();
          },
          readiness: () => readiness(serverEngine, pipeline, configuration, version, state.stopping),
        },
      };
    }
  } catch (error) {
    await serverEngine.stop();
    throw error;
  }
}

const stoppingError = (): BarographError =>
  new BarographError('shutting_down', 'the server is stopping', { retryAfterSeconds: 5 });

function running(url: string, stopOnce: () => Promise<void>): RunningServer {
  let finish = (): void => {};
  const done = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let stopped: Promise<void> | undefined;
  return {
    url,
    done,
    stop() {
      stopped ??= stopOnce().finally(finish);
      return stopped;
    },
  };
}

async function listen(
  { listen: { host, port } }: Configuration,
  bind: (host: string, port: number) => Promise<string>,
): Promise<string> {
  try {
    return await bind(host, port);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE' && code !== 'EACCES' && code !== 'EADDRNOTAVAIL') throw error;
    const why = {
      EADDRINUSE: 'another program listens there',
      EACCES: 'this user may not listen there',
      EADDRNOTAVAIL: 'this machine has no such address',
    }[code];
    throw new BarographError('bad_configuration', `cannot listen on ${host}:${port}: ${why}`, {
      hint: 'Set `listen` to another address.',
    });
  }
}

async function withinGrace(work: Promise<unknown>, graceMs: number): Promise<void> {
  await Promise.race([work, new Promise((resolve) => setTimeout(resolve, graceMs).unref())]);
}

function ageSeconds({ log }: EventPipeline): number {
  const { oldestUnstoredAgeMs } = log.stats();
  return oldestUnstoredAgeMs === undefined ? 0 : oldestUnstoredAgeMs / 1000;
}

async function readiness(
  { engine, state }: ServerEngine,
  pipeline: EventPipeline,
  { wal }: Configuration,
  version: string,
  stopping: boolean,
): Promise<ReadinessAnswer> {
  const health = await engine.health();
  const { bytes } = pipeline.log.stats();
  const { name, reason } = state();
  const problems = [
    ...(stopping ? ['the server is stopping'] : []),
    ...(health.ok ? [] : [`the engine does not answer: ${reason || health.reason || 'no reason known'}`]),
    ...[pipeline.problem()].filter((problem) => problem !== undefined),
    ...(bytes >= wal.bytesMax ? [`the write-ahead log is full: ${bytes} of ${wal.bytesMax} bytes`] : []),
  ];
  return {
    ready: problems.length === 0,
    version,
    problems,
    engine: { state: name, ...health },
    log: { bytes, bytes_max: wal.bytesMax, waiting_rows: pipeline.waitingRows() },
    appender: pipeline.appenderState(),
  };
}
