/**
 * Queries that are too much for the thread that acknowledges writes. They wait in a bounded queue, bring what they read into memory, hand
 * copies of its chunks to a thread of their own, and pass on what that prints.
 */
import type { Readable } from 'node:stream';
import type { Plan } from '../../promql/evaluate/plan.js';
import type { QueryResult } from '../../promql/evaluate/query-result.js';
import type { QueryEstimate } from '../../promql/explain/query-estimate.js';
import type { SelectionExport } from '../../promql/leaves/export-selection.js';
import type { StoredSource } from '../../promql/leaves/stored-source.js';
import { type BoundedQueue, createBoundedQueue } from '../bounded-queue.js';
import type { QueryClient } from './query-clients.js';
import { createQueryThreads, type QueryThreads } from './query-threads/query-threads.js';
import type { ThreadTask } from './query-threads/thread-messages.js';

export interface HeavyLimits {
  /** From so much work on a query is heavy; see `QueryEstimate`. */
  readonly workMin: number;
  readonly threads: number;
  readonly heapBytesMax: number;
  readonly waitingMax: number;
  readonly waitMsMax: number;
}

export interface HeavyQuery {
  readonly plan: Plan;
  readonly estimate: QueryEstimate;
  readonly source: StoredSource;
  readonly client: QueryClient;
  readonly signal: AbortSignal;
  /** What the thread is told, once everything is read; `queueMs` and `fetchMs` are what it took up to there. */
  readonly taskOf: (times: { queueMs: number; fetchMs: number }) => Omit<ThreadTask, 'control' | 'selections'>;
  /** The whole result, where the task wants it; may be called before `onEnd`. */
  readonly onResult: (result: QueryResult) => void;
  /** The thread is free again, or was never needed. */
  readonly onEnd: () => void;
}

export interface HeavyQueries {
  isHeavy(estimate: QueryEstimate): boolean;
  /** Resolves with the answer's body once it begins. Rejects with `too_many_requests` where no turn comes. */
  run(query: HeavyQuery): Promise<Readable>;
  readonly running: number;
  readonly waiting: number;
  stop(): Promise<void>;
}

/** Queries that load rows at a time. Each has pieces of rows on their way; the engine has no more cores than this to give. A guess. */
const loadingMax = 2;

export function createHeavyQueries(limits: HeavyLimits): HeavyQueries {
  const { workMin, threads: threadCount, heapBytesMax, waitingMax, waitMsMax } = limits;
  const queueOf = (insideMax: number, what: string): BoundedQueue =>
    createBoundedQueue({
      insideMax,
      waitingMax,
      waitMsMax,
      what,
      waitingKey: 'query.promql.heavy.waiting_max',
      waitKey: 'query.promql.heavy.wait_max',
    });
  const loading = queueOf(loadingMax, 'heavy queries that load old samples');
  const computing = queueOf(threadCount, 'heavy queries');
  const threads = createQueryThreads({ threads: threadCount, heapBytesMax });
  return {
    isHeavy: ({ work }) => work >= workMin,
    run: (query) => run(query, loading, computing, threads),
    get running() {
      return loading.inside + computing.inside;
    },
    get waiting() {
      return loading.waiting + computing.waiting;
    },
    stop: threads.stop,
  };
}

async function run(
  query: HeavyQuery,
  loading: BoundedQueue,
  computing: BoundedQueue,
  threads: QueryThreads,
): Promise<Readable> {
  const { source, estimate, client, signal, onEnd } = query;
  const ends: (() => void)[] = [onEnd];
  const end = (): void => {
    for (const each of ends.splice(0)) each();
  };
  try {
    ends.push(client.enterHeavy());
    const startedMs = performance.now();
    // Before a thread is taken, lest those whose samples are in memory wait for those whose are not.
    const loadMs = estimate.leaves.some(({ hoursMissing }) => hoursMissing > 0)
      ? await load(query.plan, source, await loading.enter(signal))
      : 0;
    ends.push(await computing.enter(signal));
    const queueMs = performance.now() - startedMs - loadMs;
    const exports = await exportAll(query.plan, source);
    const fetchMs = performance.now() - startedMs - queueMs;
    const task = { ...query.taskOf({ queueMs, fetchMs }), selections: exports.map(({ selection }) => selection) };
    return await threads.run({
      task,
      transfer: exports.flatMap((each) => each.transfer),
      signal,
      onResult: query.onResult,
      onFree: end,
    });
  } catch (error) {
    end();
    throw error;
  }
}

/** Gives its turn back whatever happens. Resolves with the milliseconds it took. */
async function load({ selections }: Plan, source: StoredSource, leave: () => void): Promise<number> {
  const startedMs = performance.now();
  try {
    for (const { matchers, fromMs, toMs } of selections) await source.load(matchers, fromMs, toMs);
  } finally {
    leave();
  }
  return performance.now() - startedMs;
}

async function exportAll({ selections }: Plan, source: StoredSource): Promise<SelectionExport[]> {
  const exports: SelectionExport[] = [];
  for (const { matchers, fromMs, toMs } of selections) exports.push(await source.exportSeries(matchers, fromMs, toMs));
  return exports;
}
