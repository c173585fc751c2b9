/** /api/v1/series, /api/v1/labels and /api/v1/label/<name>/values, as Prometheus answers them, from the series index. */
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { BarographError } from '../../base/errors.js';
import { compareUtf8 } from '../../model/labels.js';
import type { Matcher } from '../../model/matcher.js';
import { unescapeName } from '../../protocols/text/unescape-name.js';
import type { LabelQuery, LabelTexts } from '../../series/index/label-queries.js';
import type { TimeRange } from '../../series/index/select.js';
import type { SeriesIndex } from '../../series/index/series-index.js';
import { prometheusAnswers } from '../contract/prometheus.js';
import { success, truncated } from './prometheus-answer.js';
import { described, limitOf, matcherSetsOf, parametersOf, timeRangeOf } from './prometheus-parameters.js';

const querystring = {
  type: 'object',
  properties: {
    'match[]': described.match,
    start: described.start,
    end: described.end,
    limit: described.limit,
  },
} as const;

export function registerSeriesQueries(app: FastifyInstance, index: SeriesIndex): void {
  registerSeries(app, index);
  registerLabelNames(app, index);
  registerLabelValues(app, index);
}

function registerSeries(app: FastifyInstance, index: SeriesIndex): void {
  app.route({
    method: ['GET', 'POST'],
    url: '/api/v1/series',
    schema: {
      tags: ['Metrics'],
      summary: 'Series that selectors select',
      description:
        'At least one `match[]`. With `start` or `end`, the series that have samples before the one and after the other. Their order is that in which the server met them.',
      querystring,
      response: prometheusAnswers('Sets of labels.'),
    },
    async handler(request, reply) {
      const parameters = parametersOf(request);
      const matcherSets = matcherSetsOf(parameters);
      if (matcherSets.length === 0) throw new BarographError('bad_request', 'no match[] parameter provided');
      const limit = limitOf(parameters);
      const refs = selectAny(index, matcherSets, timeRangeOf(parameters));
      const shown = refs.subarray(0, limit);
      const pieces = seriesAnswer(index, shown, shown.length < refs.length ? [truncated] : []);
      // Most answers are one piece: they go with their length, and without a stream.
      const answer =
        shown.length <= seriesPerPiece ? [...pieces].join('') : Readable.from(pieces, { objectMode: false });
      return reply.type('application/json; charset=utf-8').send(answer);
    },
  });
}

/** Refs of the series that one of the matcher sets selects, ascending. */
function selectAny(
  index: SeriesIndex,
  matcherSets: readonly (readonly Matcher[])[],
  range: TimeRange | undefined,
): Uint32Array {
  if (matcherSets.length === 1) return index.select(matcherSets[0]!, range);
  const found = new Set<number>();
  for (const matchers of matcherSets) for (const ref of index.select(matchers, range)) found.add(ref);
  return Uint32Array.from(found).sort();
}

/** So many series are written before others get their turn: a millisecond or two. */
const seriesPerPiece = 1_000;

/** The answer in pieces, since a million series are 200 MB of text. A series that goes meanwhile is left out. */
function* seriesAnswer(index: SeriesIndex, refs: Uint32Array, warnings: readonly string[]): Generator<string> {
  const idLow = Uint32Array.from(refs, (ref) => index.idLow[ref]!);
  const idHigh = Uint32Array.from(refs, (ref) => index.idHigh[ref]!);
  let separator = '{"status":"success","data":[';
  for (let from = 0; from < refs.length; from += seriesPerPiece) {
    let piece = '';
    const labelsJson = labelsWriter(index);
    for (let i = from; i < Math.min(from + seriesPerPiece, refs.length); i++) {
      const ref = refs[i]!;
      if (!index.isLive(ref) || index.idLow[ref] !== idLow[i] || index.idHigh[ref] !== idHigh[i]) continue;
      piece += separator + labelsJson(ref);
      separator = ',';
    }
    yield piece;
  }
  const head = separator === ',' ? '' : separator;
  yield `${head}]${warnings.length > 0 ? `,"warnings":${JSON.stringify(warnings)}` : ''}}`;
}

/** Writes labels, each pair of a name and a value made into text once. Valid until the index changes. */
function labelsWriter(index: SeriesIndex): (ref: number) => string {
  const { starts, counts, pairs, names, nameText, valueBytes } = index.labelPairs();
  const texts = new Map<number, string>();
  const textOf = (pair: number): string => {
    const name = JSON.stringify(nameText(names[pair]!));
    const text = `${name}:${JSON.stringify(Buffer.from(valueBytes(pair)).toString('utf8'))}`;
    texts.set(pair, text);
    return text;
  };
  return (ref) => {
    const start = starts[ref]!;
    const end = start + counts[ref]!;
    let json = '';
    for (let at = start; at < end; at++) {
      const pair = pairs[at]!;
      json += (at === start ? '{' : ',') + (texts.get(pair) ?? textOf(pair));
    }
    return json === '' ? '{}' : `${json}}`;
  };
}

function registerLabelNames(app: FastifyInstance, index: SeriesIndex): void {
  app.route({
    method: ['GET', 'POST'],
    url: '/api/v1/labels',
    schema: {
      tags: ['Metrics'],
      summary: 'Names of labels',
      querystring,
      response: prometheusAnswers('Names, sorted.'),
    },
    async handler(request) {
      return sendTexts(parametersOf(request), (query) => index.labelNames(query));
    },
  });
}

function registerLabelValues(app: FastifyInstance, index: SeriesIndex): void {
  app.get<{ Params: { name: string } }>(
    '/api/v1/label/:name/values',
    {
      schema: {
        tags: ['Metrics'],
        summary: 'Values of a label',
        description: 'A name that is not of letters, digits and underscores may be escaped: `U__http_2e_status`.',
        params: { type: 'object', properties: { name: { type: 'string' } } },
        querystring,
        response: prometheusAnswers('Values, sorted.'),
      },
    },
    async (request) => {
      const name = unescapeName(request.params.name);
      return sendTexts(parametersOf(request), (query) => index.labelValues(name, query));
    },
  );
}

/** The texts of all matcher sets together. */
function sendTexts(parameters: URLSearchParams, find: (query: LabelQuery) => LabelTexts) {
  const limit = limitOf(parameters);
  const range = timeRangeOf(parameters);
  const matcherSets = matcherSetsOf(parameters);
  const inRange = range === undefined ? {} : { range };
  // Of each set at most so many can come into the answer.
  const bounded = Number.isFinite(limit) ? { limit } : {};
  const found =
    matcherSets.length === 0
      ? [find({ ...inRange, ...bounded })]
      : matcherSets.map((matchers) => find({ matchers, ...inRange, ...bounded }));
  const all = found.length === 1 ? found[0]!.texts : union(found);
  const isTruncated = all.length > limit || found.some((each) => each.isTruncated);
  return success(all.slice(0, limit), { warnings: isTruncated ? [truncated] : [] });
}

const union = (found: readonly LabelTexts[]): string[] =>
  Array.from(new Set(found.flatMap(({ texts }) => texts))).sort(compareUtf8);
