/**
 * What goes back out of the metrics store, or is taken out of it: GET /api/v1/export (JSON lines, which /api/v1/import takes back) and POST
 * /api/v1/admin/tsdb/delete_series, as Prometheus has it.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { BarographError } from '../../base/errors.js';
import { exportHistograms, exportSamples } from '../../ingest/metrics/export-samples.js';
import { parseSelector } from '../../promql/parse-selector.js';
import { encodeHistogramLine, encodeJsonLine } from '../../protocols/json-lines/json-line-encoder.js';
import type { SeriesIndex } from '../../series/index/series-index.js';
import type { Engine } from '../../storage/engine.js';
import { failures } from '../contract/errors.js';
import { cancelOnDisconnect } from '../disconnect.js';
import { timeParameter } from './time-parameter.js';

export interface SeriesServices {
  readonly engine: Engine;
  readonly index: SeriesIndex;
  /** Names of metrics that may have native histograms. */
  readonly histogramMetrics: ReadonlySet<string>;
  /** Resolves when every sample acknowledged so far is in its table. */
  readonly waitUntilStored: () => Promise<void>;
  /** Deletes samples of series in [fromMs, toMs]; resolves when they are gone everywhere. */
  readonly deleteSamples: (refs: Uint32Array, fromMs: number, toMs: number) => Promise<void>;
}

interface SelectionQuery {
  readonly 'match[]'?: string | string[];
  readonly match?: string | string[];
  readonly start?: string;
  readonly end?: string;
}

export function registerSeriesAdmin(app: FastifyInstance, services: SeriesServices): void {
  registerExport(app, services);
  for (const method of ['POST', 'PUT'] as const) registerDelete(app, services, method);
}

function selected(query: SelectionQuery, index: SeriesIndex): { refs: Uint32Array; fromMs: number; toMs: number } {
  const selectors = [query['match[]'] ?? [], query.match ?? []].flat();
  if (selectors.length === 0) throw new BarographError('bad_request', 'no match[] parameter provided');
  const fromMs = timeParameter('start', query.start, Number.MIN_SAFE_INTEGER);
  const toMs = timeParameter('end', query.end, Number.MAX_SAFE_INTEGER);
  const range = { fromMs, toMs };
  const found = new Set(selectors.flatMap((text) => Array.from(index.select(parseSelector(text), range))));
  return { refs: Uint32Array.from(found).sort(), ...range };
}

const selectionParameters = {
  type: 'object',
  properties: {
    'match[]': { type: 'array', items: { type: 'string' }, description: 'Series selectors; may be repeated.' },
    match: { type: 'array', items: { type: 'string' } },
    start: { type: 'string', description: 'RFC 3339 or seconds since the epoch.' },
    end: { type: 'string', description: 'RFC 3339 or seconds since the epoch.' },
  },
};

function registerExport(app: FastifyInstance, services: SeriesServices): void {
  const { index, waitUntilStored } = services;
  app.get(
    '/api/v1/export',
    {
      schema: {
        tags: ['Metrics'],
        summary: 'Read samples back as JSON lines',
        description:
          'Every sample of the series that `match[]` selects, acknowledged ones included, in the form that /api/v1/import takes. A series comes in several lines where it is long. Native histograms come in lines of their own, with `histograms` in the place of `values`, as rows of the table metric_histograms; /api/v1/import does not take those.',
        querystring: selectionParameters,
        response: { 200: { description: 'Lines of MetricLine.', type: 'string' }, ...failures },
      },
    },
    async (request, reply) => {
      const gone = cancelOnDisconnect(request, reply);
      const { refs, fromMs, toMs } = selected(request.query as SelectionQuery, index);
      await waitUntilStored();
      return reply
        .type('application/stream+json')
        .send(Readable.from(lines(services, refs, { fromMs, toMs }, gone), { objectMode: false }));
    },
  );
}

async function* lines(
  { engine, index, histogramMetrics }: SeriesServices,
  refs: Uint32Array,
  range: { readonly fromMs: number; readonly toMs: number },
  signal: AbortSignal,
): AsyncGenerator<string> {
  for await (const { ref, timesMs, values } of exportSamples(engine, index, refs, range, signal))
    yield `${encodeJsonLine(index.labelsOf(ref), timesMs, values)}\n`;
  const withHistograms = refs.filter((ref) => histogramMetrics.has(index.metricName(index.metricOf(ref))));
  for await (const { ref, timesMs, histograms } of exportHistograms(engine, index, withHistograms, range, signal))
    yield `${encodeHistogramLine(index.labelsOf(ref), timesMs, histograms)}\n`;
}

function registerDelete(app: FastifyInstance, { index, deleteSamples }: SeriesServices, method: 'POST' | 'PUT'): void {
  app.route({
    method,
    url: '/api/v1/admin/tsdb/delete_series',
    schema: {
      tags: ['Metrics'],
      summary: 'Delete samples of series',
      description:
        'Takes the samples of the series that `match[]` selects, between `start` and `end`, out of memory and of the tables. When it answers, they are gone.',
      querystring: selectionParameters,
      response: { 204: { description: 'They are gone.', type: 'null' }, ...failures },
    },
    async handler(request, reply) {
      const { refs, fromMs, toMs } = selected(request.query as SelectionQuery, index);
      if (refs.length > 0) await deleteSamples(refs, fromMs, toMs);
      return reply.code(204).send();
    },
  });
}
