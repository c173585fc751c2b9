/**
 * Runs a PromQL query: what it would read is estimated first, and a query past a limit is refused before it reads anything. A light one is
 * evaluated at once on this thread, a heavy one in another.
 */
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BarographError, isBarographError } from '../../base/errors.js';
import type { Expression } from '../../promql/ast.js';
import { evaluateFetched, fetchPlanned, planQuery } from '../../promql/evaluate/evaluate-query.js';
import type { Plan } from '../../promql/evaluate/plan.js';
import { defaultQueryOptions, type QueryOptions } from '../../promql/evaluate/query-options.js';
import { countedEstimate, estimateQuery, type QueryEstimate } from '../../promql/explain/query-estimate.js';
import { type QueryLimits, refusalOf } from '../../promql/explain/query-limits.js';
import { createSourceStatistics, type SourceStatistics } from '../../promql/leaves/source-limits.js';
import type { OpenSource, StoredSource } from '../../promql/leaves/stored-source.js';
import { parseQuery } from '../../promql/parse/parse-query.js';
import type { BoundedQueue } from '../bounded-queue.js';
import type { QuerySlots } from '../query-slots.js';
import type { HeavyQueries } from './heavy-queries.js';
import { invalidParameter } from './prometheus-answer.js';
import { answerPieces } from './query-answer.js';
import type { QueryClient, QueryClients } from './query-clients.js';
import { pointsMax, type QueryParameters } from './query-parameters.js';
import { queryStats } from './query-stats.js';
import type { RecentRefusals } from './recent-refusals.js';

export interface QueryServices {
  /** Fails with `engine_unavailable` as long as the series of the tables are not known. */
  readonly openSource: OpenSource;
  /** For light queries. */
  readonly slots: QuerySlots;
  readonly heavy: HeavyQueries;
  readonly clients: QueryClients;
  readonly refusals: RecentRefusals;
  /** For estimates that the engine has to count for. */
  readonly counting: BoundedQueue;
  readonly limits: PromqlLimits;
}

export interface PromqlLimits extends QueryLimits {
  readonly lookbackMs: number;
}

/** A query with its plan and what it is expected to read. */
export interface PlannedQuery {
  readonly expression: Expression;
  readonly plan: Plan;
  readonly estimate: QueryEstimate;
  readonly source: StoredSource;
  readonly options: QueryOptions;
  readonly statistics: SourceStatistics;
  readonly limits: PromqlLimits;
  readonly signal: AbortSignal;
  readonly startedMs: number;
  /** What it took to parse and to plan. */
  readonly parseMs: number;
}

/** Streams, too, say what their texts are written in. */
const contentType = 'application/json; charset=utf-8';

/** Answers a query. `gone` aborts when its client goes away. */
export async function answerQuery(
  services: QueryServices,
  parameters: QueryParameters,
  request: FastifyRequest,
  reply: FastifyReply,
  gone: AbortSignal,
): Promise<FastifyReply> {
  const client = services.clients.enter(request);
  reply.raw.once('close', client.leave);
  const late = timeLimit(Math.min(services.limits.timeMsMax, parameters.timeoutMs ?? Number.POSITIVE_INFINITY));
  const signal = AbortSignal.any([gone, late.signal]);
  try {
    const known = services.refusals.find(parameters);
    if (known !== undefined) throw known;
    const query = await plannedQuery(services, parameters, signal, late.check);
    const refusal = refusalOf(query.estimate, query.limits);
    if (refusal !== undefined) {
      services.refusals.add(parameters, refusal);
      throw refusal;
    }
    if (services.heavy.isHeavy(query.estimate)) {
      const body = await runHeavy(services.heavy, query, parameters, client, late.end);
      return reply.type(contentType).send(body);
    }
    return await services.slots.run(signal, () => runLight(query, parameters, reply, late.end), reply.raw);
  } catch (error) {
    late.end();
    // The engine says of a statement that it was cancelled; the signal says why.
    throw signal.aborted ? signal.reason : error;
  }
}

/** Parses and plans a query, and estimates what it would read. Throws for what cannot run at all. */
export async function plannedQuery(
  { openSource, limits, counting }: Pick<QueryServices, 'openSource' | 'limits' | 'counting'>,
  parameters: QueryParameters,
  signal: AbortSignal,
  checkpoint: () => void,
): Promise<PlannedQuery> {
  const startedMs = performance.now();
  const expression = parsed(parameters.query);
  const options: QueryOptions = {
    ...defaultQueryOptions,
    lookbackMs: parameters.lookbackMs || limits.lookbackMs,
    samplesMax: limits.samplesMax,
    // The parameters were checked, as Prometheus counts: whole steps between start and end.
    stepsMax: pointsMax + 2,
    checkpoint,
  };
  const plan = checkedRange(() => planQuery(expression, parameters.range, options));
  const parseMs = performance.now() - startedMs;
  const statistics = createSourceStatistics();
  const source = openSource({ limits, statistics, signal });
  const expected = await estimateQuery(plan, parameters.range, options.lookbackMs, source);
  const estimate = await countedEstimate(expected, limits.samplesMax, {
    async countMissing(...selection) {
      const leave = await counting.enter(signal);
      return source.countMissing(...selection).finally(leave);
    },
  });
  return { expression, plan, estimate, source, options, statistics, limits, signal, startedMs, parseMs };
}

function parsed(query: string): Expression {
  try {
    return parseQuery(query);
  } catch (error) {
    throw isBarographError(error) ? invalidParameter('query', error) : error;
  }
}

function checkedRange<T>(plan: () => T): T {
  try {
    return plan();
  } catch (error) {
    throw isBarographError(error, 'bad_request') ? invalidParameter('query', error) : error;
  }
}

/** Ends a query that takes too long: by a signal while it waits, by a check while it computes and no timer can fire. */
function timeLimit(timeMsMax: number) {
  const startedMs = performance.now();
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

function runHeavy(
  heavy: HeavyQueries,
  { plan, estimate, source, options, statistics, limits, signal, parseMs }: PlannedQuery,
  { query, range, limit, wantsStats }: QueryParameters,
  client: QueryClient,
  onEnd: () => void,
): Promise<Readable> {
  return heavy.run({
    plan,
    estimate,
    source,
    client,
    signal,
    taskOf: (times) => ({
      query,
      range,
      lookbackMs: options.lookbackMs,
      limits,
      limit,
      measured: wantsStats ? { statistics, parseMs, ...times } : undefined,
    }),
    onEnd,
  });
}

async function runLight(
  { plan, source, options, statistics, limits, signal, startedMs, parseMs }: PlannedQuery,
  { query, range, limit, wantsStats }: QueryParameters,
  reply: FastifyReply,
  onEnd: () => void,
): Promise<FastifyReply> {
  const begunMs = performance.now();
  const fetched = await fetchPlanned(plan, range, source);
  const fetchedMs = performance.now();
  signal.throwIfAborted();
  const result = evaluateFetched(fetched, options);
  const times = {
    parseMs,
    queueMs: begunMs - startedMs - parseMs,
    fetchMs: fetchedMs - begunMs,
    evaluateMs: performance.now() - fetchedMs,
  };
  const stats = wantsStats ? queryStats(times, result, statistics, 'main') : undefined;
  onEnd();
  return reply.type(contentType).send(body(answerPieces(result, { query, limit, limits }, stats)));
}

function body(pieces: Generator<string>): string | Readable {
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
