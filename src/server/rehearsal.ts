/**
 * Queries on made-up samples at a start, so that the first real ones find what they need: their code compiled, as far as so few queries go, and a thread for
 * heavy ones running. They go the way of all queries, from the text of the request to that of the answer, over a small store of their own. Most of it happens
 * while the start waits for the engine.
 */
import fastify, { type FastifyInstance } from 'fastify';
import { systemClock } from '../base/clock.js';
import { BarographError, messageOf } from '../base/errors.js';
import { prometheusError, prometheusQueryAnswer } from '../http/contract/prometheus.js';
import type { HeavyQueries } from '../http/metrics/heavy-queries.js';
import { registerQueries } from '../http/metrics/queries.js';
import { registerSeriesQueries } from '../http/metrics/series-queries.js';
import { encodeLabels, type Labels, sortedLabels } from '../model/labels.js';
import { createStoredSource, type OpenSource } from '../promql/leaves/stored-source.js';
import { createResultCache } from '../promql/result-cache/result-cache.js';
import { createChunkStore } from '../series/chunk-store/chunk-store.js';
import { createSeriesIndex, type SeriesIndex } from '../series/index/series-index.js';
import { createPendingDeletions } from '../series/pending-deletions.js';
import type { Engine } from '../storage/engine.js';
import type { Logger } from './cli/log.js';
import type { Configuration } from './configuration.js';
import { promqlServices } from './promql-services.js';

const hourMs = 3_600_000;
const startMs = hourMs;
const endMs = 3 * hourMs;
const stepMs = 15_000;

/** One of each kind that dashboards are made of. Each is asked once: more gained nothing that could be told from noise. Measured. */
const queries = [
  'rehearsed_ratio{pod="1"}',
  'sum by (zone) (rate(rehearsed_total[5m]))',
  'histogram_quantile(0.99, sum by (le, zone) (rate(rehearsed_seconds_bucket[5m])))',
  'avg by (zone) (avg_over_time(rehearsed_ratio[10m]))',
  'max by (pod) (max_over_time(rehearsed_ratio[30m]))',
  'topk(3, sum by (zone, pod) (increase(rehearsed_total[1h])))',
];

/** What dashboards ask for before they draw: the choices of their variables. */
const lookUps = ['label/zone/values', 'labels', 'series'];

/** Resolves when all were answered, or `signal` aborts. Never rejects: without it, first queries are slower. */
export async function rehearseQueries(
  configuration: Configuration,
  heavy: HeavyQueries,
  signal: AbortSignal,
  logger: Logger,
): Promise<void> {
  const startedMs = performance.now();
  try {
    const { index, openSource } = await madeUpSamples();
    const resultCache = createResultCache({ bytesMax: 0, clock: systemClock, metricNameOf: () => '' });
    const services = promqlServices(configuration, openSource, resultCache, heavy);
    const queryApps = [false, true].map((isHeavy) =>
      appOf((app) => registerQueries(app, { ...services, heavy: { ...heavy, isHeavy: () => isHeavy } })),
    );
    const seriesApp = appOf((app) => {
      app.setValidatorCompiler(() => () => true);
      registerSeriesQueries(app, index);
    });
    await Promise.all([
      ...queryApps.map((app) => ask(app, queryPaths(), signal)),
      ask(seriesApp, lookUpPaths(), signal),
    ]);
    logger.debug({ ms: Math.round(performance.now() - startedMs) }, 'queries rehearsed');
  } catch (error) {
    if (!signal.aborted) logger.warn({ reason: messageOf(error) }, 'queries could not be rehearsed');
  }
}

function appOf(register: (app: FastifyInstance) => void): FastifyInstance {
  const app = fastify();
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  for (const schema of [prometheusError, prometheusQueryAnswer]) app.addSchema(schema);
  app.register(async (scope) => register(scope));
  return app;
}

async function ask(app: FastifyInstance, paths: readonly string[], signal: AbortSignal): Promise<void> {
  for (const path of paths) {
    signal.throwIfAborted();
    const answer = await app.inject({ url: `/api/v1/${path}` });
    if (answer.statusCode !== 200) throw new BarographError('internal', answer.payload);
  }
  await app.close();
}

const [start, end] = [(endMs - hourMs) / 1000, endMs / 1000].map(String) as [string, string];

const queryPaths = (): string[] =>
  queries.flatMap((query) => [
    `query?${new URLSearchParams({ query, nocache: '1', time: end })}`,
    `query_range?${new URLSearchParams({ query, nocache: '1', start, end, step: '15' })}`,
  ]);

/** Label queries without a selector go another way. */
const lookUpPaths = (): string[] => [
  ...lookUps.map((path) => `${path}?${new URLSearchParams({ 'match[]': 'rehearsed_ratio', start, end })}`),
  `label/zone/values?${new URLSearchParams({ start, end })}`,
];

/** Two hours of a counter, a gauge and a histogram, one hour of them closed. */
async function madeUpSamples(): Promise<{ readonly index: SeriesIndex; readonly openSource: OpenSource }> {
  const index = await createSeriesIndex();
  const chunks = createChunkStore({
    budgetBytes: 2 ** 20,
    arenaBytes: 2 ** 18,
    groupOf: (ref) => index.metricOf(ref),
    completeFromMs: 0,
  });
  madeUpSeries().forEach((labels, i) => {
    const key = encodeLabels(labels);
    const ref = index.add(key, 0, key.length);
    const count = (endMs - startMs) / stepMs;
    const timesMs = Float64Array.from({ length: count }, (_, sample) => startMs + sample * stepMs + (i % 7));
    const values = timesMs.map((_, sample) => (i % 3 === 0 ? Math.sin(sample) : sample * (i + 1)));
    const runs = [Uint32Array.of(ref), 1, Uint32Array.of(count), timesMs] as const;
    index.observe(...runs);
    chunks.append(...runs, values, 1);
  });
  chunks.closeHours(startMs + hourMs);
  while (chunks.seal(1_000));
  const openSource = createStoredSource({
    engine: noEngine,
    index,
    chunks,
    pendingDeletions: createPendingDeletions(index),
    chunkBytesMax: 2 ** 20,
    statementLimits: {},
  });
  return { index, openSource };
}

function madeUpSeries(): Labels[] {
  const all: [string, string][][] = [];
  for (let pod = 0; pod < 12; pod++) {
    const own: [string, string][] = [
      ['pod', String(pod)],
      ['zone', `z${pod % 3}`],
    ];
    for (const name of ['rehearsed_total', 'rehearsed_ratio']) all.push([['__name__', name], ...own]);
    for (const le of ['0.1', '1', '+Inf']) all.push([['__name__', 'rehearsed_seconds_bucket'], ['le', le], ...own]);
  }
  return all.map((labels) => sortedLabels(labels));
}

/** All samples are in memory. */
const noEngine = new Proxy({} as Engine, {
  get() {
    throw new BarographError('internal', 'made-up samples are not in the engine');
  },
});
