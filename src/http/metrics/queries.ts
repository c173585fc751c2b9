/** GET and POST /api/v1/query and /api/v1/query_range: PromQL, with Prometheus' parameters, answers and refusals. */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BarographError, isBarographError } from '../../base/errors.js';
import type { Expression } from '../../promql/ast.js';
import { annotationText } from '../../promql/evaluate/annotations.js';
import { evaluateFetched, fetchQuery } from '../../promql/evaluate/evaluate-query.js';
import { defaultQueryOptions, type QueryOptions } from '../../promql/evaluate/query-options.js';
import type { QueryData, QueryResult } from '../../promql/evaluate/query-result.js';
import { createSourceStatistics } from '../../promql/leaves/source-limits.js';
import type { OpenSource } from '../../promql/leaves/stored-source.js';
import { parseQuery } from '../../promql/parse/parse-query.js';
import { prometheusFailures } from '../contract/prometheus.js';
import { cancelOnDisconnect } from '../disconnect.js';
import type { QuerySlots } from '../query-slots.js';
import { answerAsPrometheus, invalidParameter, truncated } from './prometheus-answer.js';
import { parametersOf, takeForms } from './prometheus-parameters.js';
import { instantParameters, pointsMax, type QueryParameters, rangeParameters } from './query-parameters.js';
import { queryAnswerJson } from './query-result-json.js';
import { queryStats } from './query-stats.js';

export interface QueryServices {
  /** Fails with `engine_unavailable` as long as the series of the tables are not known. */
  readonly openSource: OpenSource;
  readonly slots: QuerySlots;
  readonly limits: PromqlLimits;
}

export interface PromqlLimits {
  readonly timeMsMax: number;
  readonly samplesMax: number;
  readonly seriesMax: number;
  readonly lookbackMs: number;
}

/** A query's text is half as long at most. */
const formBytesMax = 2 ** 20;

export function registerQueries(app: FastifyInstance, services: QueryServices): void {
  answerAsPrometheus(app);
  takeForms(app, formBytesMax);
  for (const method of ['GET', 'POST'] as const) {
    registerQuery(
      app,
      services,
      method,
      '/api/v1/query',
      'Evaluate a PromQL query at one time',
      instantOnly,
      (request) => instantParameters(parametersOf(request), Date.now()),
    );
    registerQuery(
      app,
      services,
      method,
      '/api/v1/query_range',
      'Evaluate a PromQL query over a range',
      rangeOnly,
      (request) => rangeParameters(parametersOf(request)),
    );
  }
}

const text = (description: string) => ({ type: 'string', description });
const instantOnly = { time: text('RFC 3339 or seconds since the epoch; now where absent.') };
const rangeOnly = {
  start: text('First time: RFC 3339 or seconds since the epoch.'),
  end: text('Last time, inclusive.'),
  step: text('Seconds, or a duration such as `1m`.'),
};
const bothTake = {
  query: text('PromQL.'),
  timeout: text('Seconds or a duration. At most `query.promql.time_max`.'),
  limit: text('Most series of the answer; 0 for all.'),
  lookback_delta: text('How old a sample may be to count: seconds or a duration.'),
  stats: text('Any text adds statistics to the answer.'),
};

function registerQuery(
  app: FastifyInstance,
  services: QueryServices,
  method: 'GET' | 'POST',
  url: string,
  summary: string,
  own: object,
  read: (request: FastifyRequest) => QueryParameters,
): void {
  app.route({
    method,
    url,
    schema: {
      tags: ['Metrics'],
      summary,
      description:
        'As Prometheus 3 answers. With POST the parameters may also stand in a form-encoded body. The query is cancelled when the client goes away.',
      ...(method === 'POST' ? { consumes: ['application/x-www-form-urlencoded'] } : {}),
      querystring: { type: 'object', properties: { ...own, ...bothTake } },
      response: { 200: { description: 'The result.', $ref: 'PrometheusQuery#' }, ...prometheusFailures },
    },
    handler: (request, reply) => answer(services, read(request), cancelOnDisconnect(request, reply), reply),
  });
}

async function answer(
  { openSource, slots, limits }: QueryServices,
  parameters: QueryParameters,
  gone: AbortSignal,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const startedMs = performance.now();
  const expression = parsed(parameters.query);
  const parsedMs = performance.now();
  const timeMsMax = Math.min(limits.timeMsMax, parameters.timeoutMs ?? Number.POSITIVE_INFINITY);
  const late = timeLimit(timeMsMax, startedMs);
  const signal = AbortSignal.any([gone, late.signal]);
  const statistics = createSourceStatistics();
  const options: QueryOptions = {
    ...defaultQueryOptions,
    lookbackMs: parameters.lookbackMs || limits.lookbackMs,
    samplesMax: limits.samplesMax,
    // The parameters were checked, as Prometheus counts: whole steps between start and end.
    stepsMax: pointsMax + 2,
    checkpoint: late.check,
  };
  try {
    return await slots.run(
      signal,
      async () => {
        const begunMs = performance.now();
        const source = openSource({ limits, statistics, signal });
        const fetched = await checkedRange(fetchQuery(expression, parameters.range, source, options));
        const fetchedMs = performance.now();
        signal.throwIfAborted();
        const result = evaluateFetched(fetched, options);
        const times = {
          parseMs: parsedMs - startedMs,
          queueMs: begunMs - parsedMs,
          fetchMs: fetchedMs - begunMs,
          evaluateMs: performance.now() - fetchedMs,
        };
        const stats = parameters.wantsStats ? queryStats(times, result, statistics) : undefined;
        return reply.type('application/json').send(body(result, parameters, stats));
      },
      reply.raw,
    );
  } catch (error) {
    // The engine says of a statement that it was cancelled; the signal says why.
    throw signal.aborted ? signal.reason : error;
  } finally {
    late.end();
  }
}

function parsed(query: string): Expression {
  try {
    return parseQuery(query);
  } catch (error) {
    throw isBarographError(error) ? invalidParameter('query', error) : error;
  }
}

async function checkedRange<T>(fetched: Promise<T>): Promise<T> {
  try {
    return await fetched;
  } catch (error) {
    throw isBarographError(error, 'bad_request') ? invalidParameter('query', error) : error;
  }
}

/** Ends a query that takes too long: by a signal while it waits, by a check while it computes and no timer can fire. */
function timeLimit(timeMsMax: number, startedMs: number) {
  const controller = new AbortController();
  const failure = (where: string): BarographError =>
    new BarographError('query_timeout', `query timed out in ${where}`, {
      hint: 'The limit is query.promql.time_max, or the parameter timeout.',
    });
  const timer = setTimeout(() => controller.abort(failure('query execution')), Math.min(timeMsMax, 2 ** 31 - 1));
  return {
    signal: controller.signal,
    check(): void {
      if (performance.now() - startedMs > timeMsMax) throw failure('expression evaluation');
    },
    end: () => clearTimeout(timer),
  };
}

function body(result: QueryResult, { query, limit }: QueryParameters, stats: object | undefined): string | Readable {
  const { data, isCut } = limited(result.data, limit);
  const texts = (level: 'warning' | 'info'): string[] =>
    result.annotations.filter((each) => each.level === level).map((each) => annotationText(each, query));
  const warnings = [...texts('warning'), ...(isCut ? [truncated] : [])];
  const pieces = queryAnswerJson({ data, warnings, infos: texts('info'), stats });
  // Most answers are one piece: they go with their length, and without a stream.
  const first = pieces.next().value as string;
  const second = pieces.next().value as string;
  const third = pieces.next();
  if (third.done) return first + second;
  return Readable.from(chained([first, second, third.value], pieces), { objectMode: false });
}

function* chained(first: readonly string[], rest: Iterable<string>): Generator<string> {
  yield* first;
  yield* rest;
}

function limited(data: QueryData, limit: number): { data: QueryData; isCut: boolean } {
  if (data.kind === 'vector' && data.samples.length > limit)
    return { data: { ...data, samples: data.samples.slice(0, limit) }, isCut: true };
  if (data.kind === 'matrix' && data.series.length > limit)
    return { data: { ...data, series: data.series.slice(0, limit) }, isCut: true };
  return { data, isCut: false };
}
