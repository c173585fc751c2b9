/**
 * Carries rows from the log to the engine, in the order of the log, one flush at a time.
 *
 * States: `idle` (nothing waits), `gathering` (rows wait for company until the interval or a limit), `storing`,
 * `retrying` (the engine refused or is away; the same rows are tried again after a pause that doubles up to a bound) and
 * `stopped`. Rows are never given up: the log is their home until `checkpoint`.
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
import { createWaker, type Waker } from './waker.js';

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

interface Waiter {
  readonly sequence: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** What the loop and its callers share. */
interface Loop {
  readonly options: AppenderOptions;
  readonly waker: Waker;
  /** Rows below were in the log before this start, so that an earlier run may have stored them. */
  readonly bornAt: number;
  waiters: Waiter[];
  state: AppenderState;
  problem: string | undefined;
  /** Somebody waits: the interval does not count. */
  hurried: boolean;
  stopping: boolean;
}

const retryPauseMsMin = 100;
const retryPauseMsMax = 5_000;
/** How long an idle appender sleeps without being woken; only a bound. */
const idleMsMax = 60_000;

export function startAppender(options: AppenderOptions): Appender {
  const { log, tail } = options;
  const loop: Loop = {
    options,
    waker: createWaker(),
    bornAt: log.nextSequence,
    waiters: [],
    state: 'idle',
    problem: undefined,
    hurried: false,
    stopping: false,
  };
  const running = run(loop).catch((error: unknown) => report(loop, `storing stopped: ${messageOf(error)}`));
  return {
    get state() {
      return loop.state;
    },
    get problem() {
      return loop.problem;
    },
    notify() {
      if (loop.state === 'idle' || (loop.state === 'gathering' && isFull(options))) loop.waker.wake();
    },
    waitUntilStored(sequence) {
      if (sequence <= tail.position) return Promise.resolve();
      loop.hurried = true;
      if (loop.state === 'idle' || loop.state === 'gathering') loop.waker.wake();
      return new Promise((resolve, reject) => loop.waiters.push({ sequence, resolve, reject }));
    },
    async stop(graceMs) {
      loop.stopping = true;
      loop.waker.wake();
      await Promise.race([running, new Promise<void>((resolve) => setTimeout(resolve, graceMs).unref())]);
      loop.state = 'stopped';
      for (const { reject } of loop.waiters) reject(new Error('the server stopped before the rows were stored'));
    },
  };
}

async function run(loop: Loop): Promise<void> {
  const { log, tail, flushRowsMax, flushBytesMax } = loop.options;
  for (;;) {
    await gather(loop);
    // Taken before the rows are: what becomes durable meanwhile belongs to the next round.
    const durableEnd = log.durableSequence;
    const work = await tail.next({ rowsMax: flushRowsMax, bytesMax: flushBytesMax });
    const last = work.at(-1);
    if (last === undefined && loop.stopping) return;
    if (!(await storeUntilDone(loop, work))) return;
    // Without a record there are numbers that none carries: skipped by failed appends, or lost to damage that the log reported.
    const storedEnd = last === undefined ? durableEnd : endOf(last);
    tail.advance(storedEnd);
    await log.checkpoint(storedEnd);
    releaseWaiters(loop);
  }
}

/** Returns when there is something to store and reason to store it now. */
async function gather(loop: Loop): Promise<void> {
  const { options, waker } = loop;
  const { clock = systemClock, tail } = options;
  loop.state = 'idle';
  while (tail.waitingRows === 0 && !loop.stopping) await waker.pause(idleMsMax);
  loop.state = 'gathering';
  const deadline = clock.nowMs() + options.flushIntervalMs;
  while (!loop.hurried && !loop.stopping && !isFull(options) && clock.nowMs() < deadline)
    await waker.pause(deadline - clock.nowMs());
  loop.hurried = false;
}

const isFull = ({ tail, flushRowsMax, flushBytesMax }: AppenderOptions): boolean =>
  tail.waitingRows >= flushRowsMax || tail.bytes >= flushBytesMax;

/** False where the appender was stopped before it succeeded. */
async function storeUntilDone(loop: Loop, work: readonly EventRecord[]): Promise<boolean> {
  const { counters } = loop.options;
  for (let attempt = 0; ; attempt++) {
    try {
      loop.state = 'storing';
      const started = performance.now();
      await store(work, contextOf(loop, attempt));
      if (work.length > 0) counters.flushed((performance.now() - started) / 1000);
      loop.problem = undefined;
      return true;
    } catch (error) {
      loop.state = 'retrying';
      report(loop, `rows cannot be stored: ${messageOf(error)}`);
      counters.flushFailed(isBarographError(error) ? error.code : 'internal');
      if (loop.stopping) return false;
      await loop.waker.pause(Math.min(retryPauseMsMax, retryPauseMsMin * 2 ** Math.min(attempt, 16)));
    }
  }
}

function report(loop: Loop, problem: string): void {
  loop.problem = problem;
  loop.options.onProblem?.(problem);
}

const contextOf = ({ options, bornAt }: Loop, attempt: number): StoreContext => ({
  engine: options.engine,
  knownIds: options.knownIds,
  counters: options.counters,
  maybeStoredBelow: attempt === 0 ? bornAt : Number.POSITIVE_INFINITY,
  attempt,
});

function releaseWaiters(loop: Loop): void {
  const { position } = loop.options.tail;
  for (const { resolve } of loop.waiters.filter(({ sequence }) => sequence <= position)) resolve();
  loop.waiters = loop.waiters.filter(({ sequence }) => sequence > position);
  loop.hurried ||= loop.waiters.length > 0;
}

/** Predictions first: truth of the same flush then finds them. */
async function store(work: readonly EventRecord[], context: StoreContext): Promise<void> {
  const predictions = work.filter((record) => record.kind === 'prediction');
  if (predictions.length > 0) await storePredictions(predictions, context);
  const truths = work.filter((record) => record.kind === 'ground_truth');
  if (truths.length > 0) await storeGroundTruth(truths, context);
  const lines = work.filter((record) => record.kind === 'metric_line');
  if (lines.length > 0) await storeMetricLines(lines, context);
}
