/**
 * Carries rows from the log to the engine, in the order of the log, one flush at a time.
 *
 * States: `idle` (nothing waits), `gathering` (rows wait for company until the interval or a limit), `storing`, and
 * `retrying` (the engine refused or is away; the same rows are tried again after a pause that doubles up to a bound).
 * Rows are never given up: the log is their home until `checkpoint`.
 */
import { type Clock, systemClock } from '../base/clock.js';
import { isBarographError, messageOf } from '../base/errors.js';
import type { Engine } from '../storage/engine.js';
import type { Log } from '../wal/log.js';
import type { IngestCounters } from './counters.js';
import type { EventRecord } from './event-record.js';
import type { KnownIds } from './known-ids.js';
import { endOf, type LogTail } from './log-tail.js';
import { storeGroundTruth } from './store-ground-truth.js';
import { storeMetricLines } from './store-metric-lines.js';
import { type StoreContext, storePredictions } from './store-predictions.js';

export type AppenderState = 'idle' | 'gathering' | 'storing' | 'retrying' | 'stopped';

export interface AppenderOptions {
  readonly log: Log;
  readonly tail: LogTail;
  readonly engine: Engine;
  readonly knownIds: KnownIds;
  readonly counters: IngestCounters;
  readonly flushIntervalMs: number;
  readonly flushRowsMax: number;
  readonly flushBytesMax: number;
  readonly retryPauseMsMax?: number;
  readonly clock?: Clock;
  readonly onProblem?: (problem: string) => void;
}

export interface Appender {
  readonly state: AppenderState;
  /** The last failure while it lasts, in words. */
  readonly problem: string | undefined;
  /** Says that the log has grown. */
  notify(): void;
  /** Resolves when every row below `sequence` is in its table; hurries the flush. Rejects when the appender stops first. */
  waitUntilStored(sequence: number): Promise<void>;
  /** Stores what waits, at most for `graceMs`, then stops. What is left stays in the log for the next start. */
  stop(graceMs: number): Promise<void>;
}

/** First pause after a failure; doubled after each further one. */
const retryPauseMsMin = 100;

export function startAppender(options: AppenderOptions): Appender {
  const { log, tail, clock = systemClock, retryPauseMsMax = 5_000 } = options;
  const bornAt = log.nextSequence;
  const waiters: { sequence: number; resolve: () => void; reject: (error: Error) => void }[] = [];
  let state: AppenderState = 'idle';
  let problem: string | undefined;
  let stopping = false;
  let hurried = false;
  let wake = (): void => {};

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const isFull = (): boolean => tail.waitingRows >= options.flushRowsMax || tail.bytes >= options.flushBytesMax;

  async function gather(): Promise<void> {
    state = 'idle';
    while (tail.waitingRows === 0 && !stopping) await pause(60_000);
    state = 'gathering';
    const deadline = clock.nowMs() + options.flushIntervalMs;
    while (!hurried && !stopping && !isFull() && clock.nowMs() < deadline) await pause(deadline - clock.nowMs());
    hurried = false;
  }

  async function storeUntilDone(work: readonly EventRecord[]): Promise<boolean> {
    for (let attempt = 0; ; attempt++) {
      try {
        state = 'storing';
        const started = performance.now();
        await store(work, contextOf(attempt));
        options.counters.flushed((performance.now() - started) / 1000, rowsOf(work));
        problem = undefined;
        return true;
      } catch (error) {
        state = 'retrying';
        problem = `rows cannot be stored: ${messageOf(error)}`;
        options.onProblem?.(problem);
        options.counters.flushFailed(isBarographError(error) ? error.code : 'internal');
        if (stopping) return false;
        await pause(Math.min(retryPauseMsMax, retryPauseMsMin * 2 ** Math.min(attempt, 16)));
      }
    }
  }

  const contextOf = (attempt: number): StoreContext => ({
    engine: options.engine,
    knownIds: options.knownIds,
    counters: options.counters,
    maybeStoredBelow: attempt === 0 ? bornAt : Number.POSITIVE_INFINITY,
    attempt,
  });

  async function run(): Promise<void> {
    for (;;) {
      await gather();
      // Taken before the rows are: what becomes durable meanwhile belongs to the next round.
      const durableEnd = log.durableSequence;
      const work = await tail.next({ rowsMax: options.flushRowsMax, bytesMax: options.flushBytesMax });
      const last = work.at(-1);
      if (last === undefined) {
        if (stopping) return;
        // Numbers that no record carries: skipped by failed appends, or lost to damage that the log has reported.
        tail.advance(durableEnd);
        continue;
      }
      if (!(await storeUntilDone(work))) return;
      tail.advance(endOf(last));
      await log.checkpoint(endOf(last));
      settleWaiters();
    }
  }

  function settleWaiters(): void {
    const done = waiters.filter(({ sequence }) => sequence <= tail.position);
    for (const waiter of done) {
      waiters.splice(waiters.indexOf(waiter), 1);
      waiter.resolve();
    }
    if (waiters.length > 0) hurried = true;
  }

  const running = run().catch((error: unknown) => {
    problem = `storing stopped: ${messageOf(error)}`;
    options.onProblem?.(problem);
  });

  return {
    get state() {
      return state;
    },
    get problem() {
      return problem;
    },
    notify() {
      if (state === 'idle' || (state === 'gathering' && isFull())) wake();
    },
    waitUntilStored(sequence) {
      if (sequence <= tail.position) return Promise.resolve();
      hurried = true;
      if (state === 'idle' || state === 'gathering') wake();
      return new Promise((resolve, reject) => waiters.push({ sequence, resolve, reject }));
    },
    async stop(graceMs) {
      stopping = true;
      wake();
      const grace = new Promise<void>((resolve) => setTimeout(resolve, graceMs).unref());
      await Promise.race([running, grace]);
      state = 'stopped';
      for (const { reject } of waiters.splice(0)) reject(new Error('the server stopped before the rows were stored'));
    },
  };
}

const rowsOf = (work: readonly EventRecord[]): number => work.reduce((sum, { batch }) => sum + batch.rowCount, 0);

/** Predictions first: truth of the same flush then finds them. */
async function store(work: readonly EventRecord[], context: StoreContext): Promise<void> {
  const predictions = work.filter((record) => record.kind === 'prediction');
  if (predictions.length > 0) await storePredictions(predictions, context);
  const truths = work.filter((record) => record.kind === 'ground_truth');
  if (truths.length > 0) await storeGroundTruth(truths, context);
  const lines = work.filter((record) => record.kind === 'metric_line');
  if (lines.length > 0) await storeMetricLines(lines, context);
}
