/** What the metrics store tells about itself: /api/v1/status/tsdb as Prometheus has it, /api/v1/cardinality and /api/v1/status/ingest. */
import type { FastifyInstance } from 'fastify';
import type { Folder } from '../../ingest/cardinality/folder.js';
import type { Governor } from '../../ingest/cardinality/governor.js';
import type { SourceClocks } from '../../ingest/metrics/source-clocks.js';
import type { ChunkStore } from '../../series/chunk-store/chunk-store.js';
import type { SeriesIndex } from '../../series/index/series-index.js';
import { failures } from '../contract/errors.js';
import { success } from './prometheus-answer.js';

export interface StatusServices {
  readonly index: SeriesIndex;
  readonly chunks: ChunkStore;
  readonly governor: Governor;
  readonly folder: Folder;
  readonly sources: SourceClocks;
  /** Window around the clock that samples are taken in, milliseconds; Infinity for any. */
  readonly window: { readonly behindMs: number; readonly aheadMs: number };
}

/** Prometheus' own number of rows in its tables. */
const topDefault = 10;
const topMax = 10_000;
/** Growth is told over so many minutes. */
const growthMinutes = 15;

export function registerStatus(app: FastifyInstance, services: StatusServices): void {
  registerTsdb(app, services);
  registerCardinality(app, services);
  registerIngestStatus(app, services);
}

const topOf = (query: unknown): number => {
  const { limit, topN } = query as { limit?: number; topN?: number };
  return limit ?? topN ?? topDefault;
};

const topParameters = {
  type: 'object',
  properties: {
    limit: { type: 'integer', minimum: 1, maximum: topMax },
    topN: { type: 'integer', minimum: 1, maximum: topMax },
  },
};

const named = (rows: readonly { name: string; count: number }[]) =>
  rows.map(({ name, count }) => ({ name, value: count }));

function registerTsdb(app: FastifyInstance, { index, chunks }: StatusServices): void {
  app.get(
    '/api/v1/status/tsdb',
    {
      schema: {
        tags: ['Metrics'],
        summary: 'Statistics of series, in Prometheus’ form',
        querystring: topParameters,
        response: { 200: { description: 'As Prometheus answers.' }, ...failures },
      },
    },
    async (request) => {
      const top = topOf(request.query);
      const { statistics } = index;
      const { openChunks, closedChunks } = chunks.statistics();
      return success({
        headStats: {
          numSeries: index.seriesCount,
          numLabelPairs: statistics.labelPairCount(),
          chunkCount: openChunks + closedChunks,
          minTime: finite(least(index)),
          maxTime: finite(most(index)),
        },
        seriesCountByMetricName: named(statistics.topMetrics(top)),
        labelValueCountByLabelName: named(statistics.topLabelNames(top)),
        memoryInBytesByLabelName: statistics
          .topLabelBytes(top)
          .map(({ name, labelBytes }) => ({ name, value: labelBytes })),
        seriesCountByLabelValuePair: statistics
          .topLabelPairs(top)
          .map(({ name, value, seriesCount }) => ({ name: `${name}=${value}`, value: seriesCount })),
      });
    },
  );
}

const finite = (timeMs: number): number => (Number.isFinite(timeMs) ? timeMs : 0);
const least = ({ firstMs, refLimit }: SeriesIndex): number =>
  firstMs.subarray(0, refLimit).reduce((a, b) => (Number.isFinite(b) && b < a ? b : a), Number.POSITIVE_INFINITY);
const most = ({ lastMs, refLimit }: SeriesIndex): number =>
  lastMs.subarray(0, refLimit).reduce((a, b) => (Number.isFinite(b) && b > a ? b : a), Number.NEGATIVE_INFINITY);

function registerCardinality(app: FastifyInstance, { index, chunks, governor, folder }: StatusServices): void {
  app.get(
    '/api/v1/cardinality',
    {
      schema: {
        tags: ['Metrics'],
        summary: 'What series there are, what they cost, and what governs them',
        querystring: topParameters,
        response: {
          200: { description: 'Top lists, budgets with their use, rules with their hits, and suggestions.' },
          ...failures,
        },
      },
    },
    async (request) => {
      const top = topOf(request.query);
      const { statistics } = index;
      const { counts, ...report } = governor.report();
      return success({
        series: index.seriesCount,
        memory_bytes: { index: index.stateBytes(), chunks: chunks.statistics() },
        metrics: statistics.topMetrics(top),
        labels: statistics.topLabelNames(top),
        label_bytes: statistics.topLabelBytes(top),
        label_pairs: statistics.topLabelPairs(top),
        metric_labels: statistics.topMetricLabels(top),
        growth: { minutes: growthMinutes, metrics: statistics.topGrowth(top, growthMinutes) },
        ...report,
        admissions: { ...counts, rejectedByBudget: Object.fromEntries(counts.rejectedByBudget) },
        folded: { ...folder.counts, sources: folder.sourceCount, targets: folder.targetCount },
      });
    },
  );
}

function registerIngestStatus(app: FastifyInstance, { sources, chunks, window }: StatusServices): void {
  app.get(
    '/api/v1/status/ingest',
    {
      schema: {
        tags: ['Metrics'],
        summary: 'Who sends metrics, and how far their clocks are',
        description:
          'Distances are the time of arrival less that of the newest sample, in seconds: negative where a sender is ahead. `outside_window` names those whose samples were refused for their time.',
        response: { 200: { description: 'Sources, the most recent first.' }, ...failures },
      },
    },
    async () => {
      const all = sources.report().map((source) => ({
        source: source.source,
        protocol: source.protocol,
        last_arrival: new Date(source.lastArrivedMs).toISOString(),
        distance_seconds: {
          last: source.lastDistanceMs / 1000,
          mean: source.meanDistanceMs / 1000,
          least: source.leastDistanceMs / 1000,
          most: source.mostDistanceMs / 1000,
        },
        samples: source.samples,
        outside_window: source.outsideWindow,
        ...(source.lastOutsideMs === undefined
          ? {}
          : { last_outside_window: new Date(source.lastOutsideMs).toISOString() }),
      }));
      return success({
        accepted_window_seconds: { behind: seconds(window.behindMs), ahead: seconds(window.aheadMs) },
        head: chunks.counters,
        outside_window: all.filter(({ outside_window }) => outside_window > 0).map(({ source }) => source),
        sources: all,
        sources_forgotten: sources.forgotten,
      });
    },
  );
}

/** Absent where any time is taken. */
const seconds = (ms: number): number | null => (Number.isFinite(ms) ? ms / 1000 : null);
