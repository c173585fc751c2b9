/** The composition root: puts a server together from its configuration, and takes it apart again in order. */
import { hostname } from 'node:os';
import type { FastifyInstance } from 'fastify';
import { systemClock } from '../base/clock.js';
import { BarographError, isBarographError } from '../base/errors.js';
import { type AppServices, buildApp } from '../http/app.js';
import type { HeavyQueries } from '../http/metrics/heavy-queries.js';
import type { QueryServices } from '../http/metrics/query-run.js';
import { createQuerySlots } from '../http/query-slots.js';
import { type Deriving, startDeriving } from '../ingest/derived/deriving.js';
import { parseModelBounds } from '../ingest/derived/histogram-bounds.js';
import type { Scraper } from '../ingest/scrape/scraper.js';
import { createSourceStatistics } from '../promql/leaves/source-limits.js';
import type { Logger } from './cli/log.js';
import { packageVersion } from './cli/version.js';
import type { Configuration } from './configuration.js';
import { type ServerEngine, startEngine } from './engine.js';
import { prepareEngine } from './engine-preparation.js';
import { type EventPipeline, startEventPipeline } from './event-pipeline.js';
import { type MetricPipeline, startMetricPipeline } from './metric-pipeline.js';
import { createMetrics } from './metrics.js';
import { newestSampleMs } from './newest-sample.js';
import { heavyQueriesOf, promqlServices } from './promql-services.js';
import { type Pushing, startPushing } from './pushing.js';
import { readiness } from './readiness.js';
import { rehearseQueries } from './rehearsal.js';
import { createReloading, type Reloading } from './reloading.js';
import { startScraping } from './scraping.js';

export interface RunningServer {
  /** Where it listens, `http://host:port`. */
  readonly url: string;
  /** Reads the configuration again, and logs what became of it. */
  reload(): void;
  /** Stops in order: no new requests, rows to the engine within the grace, then the engine itself. */
  stop(): Promise<void>;
  /** Resolves when the server has stopped. */
  readonly done: Promise<void>;
}

/** What is up so far. Taken down in the reverse order, whether the start failed or the server is stopped. */
interface Parts {
  stopping: boolean;
  engine?: ServerEngine;
  events?: EventPipeline;
  metrics?: MetricPipeline;
  scraper?: Scraper;
  reloading?: Reloading;
  pushing?: Pushing;
  deriving?: Deriving;
  heavy?: HeavyQueries;
  promql?: QueryServices;
  readonly ending: AbortController;
  app?: FastifyInstance;
}

/**
 * Starts a server and resolves once it takes requests. Fails with a coded error where it cannot, leaving nothing running.
 * `reread` reads the configuration anew from where it came. `engineStart` is the engine's start where it has begun already.
 */
export async function serve(
  configuration: Configuration,
  log: Logger,
  reread: () => Configuration = () => configuration,
  engineStart: Promise<ServerEngine> = startEngine(configuration, log),
): Promise<RunningServer> {
  const parts: Parts = { stopping: false, ending: new AbortController() };
  try {
    const url = await start(parts, configuration, log, reread, engineStart);
    log.info({ url, data: configuration.data }, 'listening');
    return {
      reload: () => reloadLogged(parts),
      ...running(url, async () => {
        await takeDown(parts, configuration);
        log.info('stopped');
      }),
    };
  } catch (error) {
    await takeDown(parts, configuration);
    throw error;
  }
}

/** What became of it is in the log. */
function reloadLogged({ reloading }: Parts): void {
  try {
    reloading?.reload();
  } catch (error) {
    if (!isBarographError(error, 'bad_configuration')) throw error;
  }
}

async function start(
  parts: Parts,
  configuration: Configuration,
  log: Logger,
  reread: () => Configuration,
  engineStart: Promise<ServerEngine>,
): Promise<string> {
  const version = packageVersion();
  const metrics = createMetrics(version);
  const slots = createQuerySlots(configuration.query.concurrentMax);
  parts.heavy = heavyQueriesOf(configuration);
  if (configuration.query.promql.rehearsal === 'on')
    void rehearseQueries(configuration, parts.heavy, parts.ending.signal, log);
  parts.engine = await engineStart;
  parts.events = await startEventPipeline({ configuration, counters: metrics.counters, logger: log });
  parts.metrics = await startMetricPipeline({
    configuration,
    counters: metrics.metricCounters,
    logger: log,
    completeFromMs: await newestSampleMs(parts.engine.engine),
  });
  const { engine, events, metrics: samples } = parts;
  const preparation = await prepareEngine({
    serverEngine: engine,
    program: version,
    logger: log,
    stopping: parts.ending.signal,
    async onSchema() {
      await events.beginStoring(engine.engine);
      await samples.beginStoring(engine.engine, engine.topology);
      parts.deriving = derivingOf(engine, events, samples, configuration, log);
    },
  });
  const scraper = startScraping(configuration, samples.intake, metrics.scrapeCounters, log);
  const reloading = createReloading({ configuration, reread, scraper, clock: systemClock, logger: log });
  Object.assign(parts, { scraper, reloading } satisfies Partial<Parts>);
  parts.pushing = await startPushing(configuration, samples.intake, log);
  parts.promql = promqlServices(configuration, samples.openSource, samples.resultCache, parts.heavy);
  const { slots: light, heavy } = parts.promql;
  let engineUp = true;
  metrics.bind({
    logs: { events, metrics: samples },
    seriesCount: () => samples.index.seriesCount,
    engineUp: () => Number(engineUp),
    queriesRunning: () => slots.running,
    queriesWaiting: () => slots.waiting,
    promql: { light, heavy },
    scrapePools: () => scraper.pools,
    reloading,
  });
  const operations: AppServices['operations'] = {
    async metrics() {
      engineUp = (await engine.engine.health()).ok;
      return metrics.text();
    },
    reload: () => reloading.reload(),
    readiness: () =>
      readiness({ engine, preparation, events, metrics: samples, configuration, version, stopping: parts.stopping }),
  };
  const services = {
    version,
    operations,
    ...dataServices(parts, engine, configuration, slots),
    prometheus: prometheusServices(parts, engine, configuration, slots),
  };
  parts.app = await buildApp(services, { logger: log });
  return listen(parts.app, configuration);
}

function derivingOf(
  { engine }: ServerEngine,
  { storedBelow }: EventPipeline,
  { intake }: MetricPipeline,
  { metrics: { derived } }: Configuration,
  log: Logger,
): Deriving {
  return startDeriving({
    engine,
    intake,
    storedBelow,
    intervalMs: derived.intervalMs,
    modelBounds: parseModelBounds(structuredClone(derived.buckets ?? [])),
    clock: systemClock,
    onProblem: (problem) => log.warn({ problem }, 'deriving'),
  });
}

function dataServices(
  parts: Parts,
  { engine }: ServerEngine,
  { query, evaluation, ingest, metrics }: Configuration,
  slots: AppServices['sql']['slots'],
): Omit<AppServices, 'version' | 'operations' | 'prometheus'> {
  const { intake, waitUntilStored } = parts.events!;
  const samples = parts.metrics!;
  const refusal = (): BarographError | undefined => (parts.stopping ? stopping() : undefined);
  return {
    ingest: { intake, refusal },
    metrics: {
      intake: samples.intake,
      kernel: samples.kernel,
      pushGroups: parts.pushing!.groups,
      refusal,
      limits: { encodedBytesMax: ingest.bodyBytesMax, decodedBytesMax: ingest.decodedBytesMax },
    },
    series: {
      engine,
      index: samples.index,
      waitUntilStored: samples.waitUntilStored,
      deleteSamples: samples.deleteSamples,
      histogramMetrics: samples.histograms.metricNames,
    },
    queries: parts.promql!,
    status: {
      index: samples.index,
      chunks: samples.chunks,
      governor: samples.governor,
      folder: samples.folder,
      sources: samples.sources,
      window: metrics.accept,
    },
    lookup: { engine, waitUntilStored },
    evaluation: {
      engine,
      waitUntilStored,
      limits: { rowsMax: evaluation.rowsMax, timeMsMax: evaluation.timeMaxMs, memoryBytesMax: query.memoryBytesMax },
    },
    sql: {
      engine,
      slots,
      waitUntilStored: async () => void (await Promise.all([waitUntilStored(), samples.waitUntilStored()])),
      limits: {
        timeMs: query.timeMaxMs,
        memoryBytes: query.memoryBytesMax,
        resultRows: query.resultRowsMax,
        readRows: query.readRowsMax,
      },
    },
  };
}

function prometheusServices(
  { metrics, scraper, reloading }: Parts,
  { engine }: ServerEngine,
  { ingest, query, listen: { host, port } }: Configuration,
  slots: AppServices['sql']['slots'],
): AppServices['prometheus'] {
  const { index, kernel } = metrics!;
  return {
    engine,
    index,
    kernel,
    slots,
    samples: (signal) => metrics!.openSource({ limits: query.promql, statistics: createSourceStatistics(), signal }),
    limits: { encodedBytesMax: ingest.bodyBytesMax, decodedBytesMax: ingest.decodedBytesMax },
    scraper: scraper!,
    facts: {
      version: packageVersion(),
      startedMs: Date.now(),
      configurationRead: () => reloading!.last,
      workingFolder: process.cwd(),
      hostname: hostname(),
      flags: {
        'query.lookback-delta': '5m',
        'query.max-concurrency': String(query.concurrentMax),
        'web.enable-admin-api': 'true',
        'web.enable-lifecycle': 'true',
        'web.enable-remote-write-receiver': 'true',
        'web.listen-address': `${host}:${port}`,
      },
    },
  };
}

const stopping = (): BarographError =>
  new BarographError('shutting_down', 'the server is stopping', { retryAfterSeconds: 5 });

async function takeDown(parts: Parts, { shutdown: { graceMs } }: Configuration): Promise<void> {
  parts.stopping = true;
  if (parts.app !== undefined) {
    await withinGrace(parts.app.close(), graceMs);
    parts.app.server.closeAllConnections();
  }
  parts.ending.abort();
  await parts.heavy?.stop();
  await Promise.all([parts.scraper?.stop(), parts.pushing?.stop(), parts.deriving?.stop()]);
  await Promise.all([parts.events?.stop(graceMs), parts.metrics?.stop(graceMs)]);
  await parts.engine?.stop();
}

async function withinGrace(work: Promise<unknown>, graceMs: number): Promise<void> {
  await Promise.race([work, new Promise((resolve) => setTimeout(resolve, graceMs).unref())]);
}

function running(url: string, stopOnce: () => Promise<void>): Omit<RunningServer, 'reload'> {
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

const listenFailures: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there',
  EACCES: 'this user may not listen there',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'there is no such host',
};

async function listen(app: FastifyInstance, { listen: { host, port } }: Configuration): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    const why = listenFailures[(error as NodeJS.ErrnoException).code ?? ''];
    if (why === undefined) throw error;
    throw new BarographError('bad_configuration', `cannot listen on ${host}:${port}: ${why}`, {
      hint: 'Set `listen` to another address.',
    });
  }
}
