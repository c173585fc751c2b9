/**
 * Runs a PromQL query: what it would read is estimated first, and a query past a limit is refused before it reads anything. A light one is
 * evaluated at once on this thread, a heavy one in another. Of a range query only what the result cache lacks is evaluated, unless that is heavy.
 */
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { assert } from '../../base/assert.js';
import { BarographError } from '../../base/errors.js';
import { evaluateFetched, fetchPlanned } from '../../promql/evaluate/evaluate-query.js';
import { refusalOf } from '../../promql/explain/query-limits.js';
import { createSourceStatistics } from '../../promql/leaves/source-limits.js';
import type { CachedQuery, ResultCache } from '../../promql/result-cache/result-cache.js';
import { cancelOnDisconnect } from '../disconnect.js';
import type { QuerySlots } from '../query-slots.js';
import type { HeavyQueries } from './heavy-queries.js';
import { answerPieces } from './query-answer.js';
import type { QueryClient, QueryClients } from './query-clients.js';
import type { QueryParameters } from './query-parameters.js';
import {
  lookbackOf,
  type PlannedQuery,
  type PlanningServices,
  parsedQuery,
  plannedQuery,
  type QueryUse,
} from './query-plan.js';
import { queryStats } from './query-stats.js';
import type { RecentRefusals } from './recent-refusals.js';

export interface QueryServices extends PlanningServices {
  readonly resultCache: ResultCache;
  /** For light queries. */
  readonly slots: QuerySlots;
  readonly heavy: HeavyQueries;
  readonly clients: QueryClients;
  readonly refusals: RecentRefusals;
}

/** A query that is being run. */
interface Run extends QueryUse {
  readonly services: QueryServices;
  readonly parameters: QueryParameters;
  readonly client: QueryClient;
  readonly reply: FastifyReply;
  readonly startedMs: number;
  /** Ends the watch on its time. */
  readonly end: () => void;
}

/** Streams, too, say what their texts are written in. */
const contentType = 'application/json; charset=utf-8';

/** So long an answer may be to be sent whole. A guess: what dashboards show is shorter, and less than a connection's buffers hold. */
const pieceBytes = 2 ** 20;

/** Answers a query, which is cancelled when its client goes away. */
export async function answerQuery(
  services: QueryServices,
  parameters: QueryParameters,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const startedMs = performance.now();
  const client = services.clients.enter(request);
  reply.raw.once('close', client.leave);
  const controller = new AbortController();
  cancelOnDisconnect(request, reply, controller);
  const late = timeLimit(
    Math.min(services.limits.timeMsMax, parameters.timeoutMs ?? Number.POSITIVE_INFINITY),
    controller,
  );
  const { signal } = controller;
  const use = { statistics: createSourceStatistics(), signal, checkpoint: late.check };
  try {
    return await run({ ...use, services, parameters, client, reply, startedMs, end: late.end });
  } catch (error) {
    late.end();
    // The engine says of a statement that it was cancelled; the signal says why.
    throw signal.aborted ? signal.reason : error;
  }
}

async function run(query: Run): Promise<FastifyReply> {
  const { services, parameters } = query;
  const { range, mayUseCache } = parameters;
  const known = services.refusals.find(parameters);
  if (known !== undefined) throw known;
  const expression = parsedQuery(parameters);
  const lookbackMs = lookbackOf(parameters, services.limits);
  const plan = (part: typeof range) => plannedQuery(services, expression, part, lookbackMs, query);
  const open = (usesKept: boolean) => services.resultCache.open(expression, range, lookbackMs, usesKept);
  let cached = mayUseCache ? open(true) : undefined;
  try {
    if (cached !== undefined && cached.keptSteps > 0) {
      const missing = await Promise.all(cached.missing.map(plan));
      const isLight = missing.every(
        ({ estimate }) => refusalOf(estimate, services.limits) === undefined && !services.heavy.isHeavy(estimate),
      );
      if (isLight && (await runLight(query, missing, cached)) === 'sent') return query.reply;
      cached.abandon();
      cached = isLight ? open(false) : undefined;
    }
    const whole = await plan(range);
    const refusal = refusalOf(whole.estimate, services.limits);
    if (refusal !== undefined) {
      services.refusals.add(parameters, refusal);
      throw refusal;
    }
    if (services.heavy.isHeavy(whole.estimate)) return await runHeavy(query, whole, cached);
    const sent = await runLight(query, [whole], cached);
    assert(sent !== undefined, 'a result that uses nothing kept is whole');
    return query.reply;
  } catch (error) {
    cached?.abandon();
    throw error;
  }
}

/** Ends a query that takes too long: by a signal while it waits, by a check while it computes and no timer can fire. */
function timeLimit(timeMsMax: number, controller: AbortController) {
  const startedMs = performance.now();
  const failure = (where: string): BarographError =>
    new BarographError('query_timeout', `query timed out in ${where}`, {
      hint: 'The limit is query.promql.time_max, or the parameter timeout.',
    });
  const timer = setTimeout(() => controller.abort(failure('query execution')), Math.min(timeMsMax, 2 ** 31 - 1));
  return {
    check(): void {
      if (performance.now() - startedMs > timeMsMax) throw failure('expression evaluation');
    },
    end: () => clearTimeout(timer),
  };
}

async function runHeavy(query: Run, whole: PlannedQuery, cached: CachedQuery | undefined): Promise<FastifyReply> {
  const { services, parameters, client, reply, statistics, signal, startedMs, end } = query;
  const { plan, estimate, source, options, range } = whole;
  const { limit, wantsStats } = parameters;
  const parseMs = performance.now() - startedMs;
  const pieces = await services.heavy.run({
    plan,
    estimate,
    source,
    client,
    signal,
    taskOf: (times) => ({
      query: parameters.query,
      range,
      lookbackMs: options.lookbackMs,
      limits: services.limits,
      limit,
      measured: wantsStats ? { statistics, parseMs, ...times } : undefined,
      wantsResult: cached !== undefined,
    }),
    onResult: (result) => void cached?.complete([result]),
    onEnd() {
      cached?.abandon();
      end();
    },
  });
  return reply.type(contentType).send(pieces);
}

/** `parts` are what is to be evaluated: the whole, or what the cache lacks. Undefined where what it has cannot be used after all. */
function runLight(
  query: Run,
  parts: readonly PlannedQuery[],
  cached: CachedQuery | undefined,
): Promise<'sent' | undefined> {
  const { services, parameters, reply, statistics, signal, startedMs, end } = query;
  const plannedMs = performance.now();
  return services.slots.run(
    signal,
    async () => {
      const begunMs = performance.now();
      const fetched = await Promise.all(parts.map(({ plan, range, source }) => fetchPlanned(plan, range, source)));
      const fetchedMs = performance.now();
      signal.throwIfAborted();
      const results = fetched.map((part, i) => evaluateFetched(part, parts[i]!.options));
      const result = cached === undefined ? results[0]! : cached.complete(results);
      if (result === undefined) return undefined;
      const times = {
        parseMs: plannedMs - startedMs,
        queueMs: begunMs - plannedMs,
        fetchMs: fetchedMs - begunMs,
        evaluateMs: performance.now() - fetchedMs,
      };
      const stats = parameters.wantsStats
        ? queryStats(times, result, statistics, 'main', cached?.keptSteps ?? 0)
        : undefined;
      end();
      const { query: text, limit } = parameters;
      // Not returned: a reply is a promise of nothing.
      void reply
        .type(contentType)
        .send(body(answerPieces(result, { query: text, limit, limits: services.limits, pieceBytes }, stats)));
      return 'sent';
    },
    reply.raw,
  );
}

function body(pieces: Generator<Buffer>): Buffer | Readable {
  // Most answers are one piece: they go with their length, and without a stream.
  const first = pieces.next().value as Buffer;
  const second = pieces.next();
  if (second.done) return first;
  return Readable.from(chained([first, second.value], pieces), { objectMode: false });
}

function* chained(first: readonly Buffer[], rest: Iterable<Buffer>): Generator<Buffer> {
  yield* first;
  yield* rest;
}
