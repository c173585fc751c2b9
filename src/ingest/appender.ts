/**
 * Carries rows from the log to the engine, in the order of the log, one flush at a time.
 *
 * States: `idle` (nothing waits), `gathering` (rows wait for company until the interval or a limit), `storing`,
 * `retrying` (the engine refused or is away; the same rows are tried again after a pause that doubles up to a bound) and
 * `stopped`. Rows are never given up: the log is their home until `checkpoint`.
 */
import { type Clock, systemClock } from '../base/clock.js';
import { isBarographError, messageOf } from '../base/errors.js';
import type { Log } from '../wal/log.js';
import { endOf, type LogTail, type TailRecord } from './log-tail.js';
import { createWaker, type Waker } from './waker.js';

export type AppenderState = 'idle' | 'gathering' | 'storing' | 'retrying' | 'stopped';

/** What storing has to know of the attempt. */
export interface StoreAttempt {
  /** Rows below this number may have been stored by an earlier attempt or before a crash. */
  readonly maybeStoredBelow: number;
}

export interface AppenderOptions<R extends TailRecord> {
  readonly log: Log;
  readonly tail: LogTail<R>;
  /** Brings records to their tables. It is called again with the same ones where it fails. */
  readonly store: (records: readonly R[], attempt: StoreAttempt) => Promise<void>;
  readonly counters: FlushCounters;
  readonly flushIntervalMs: number;
  readonly flushRowsMax: number;
  readonly flushBytesMax: number;
  readonly clock?: Clock;
  readonly onProblem?: (problem: string) => void;
}

export interface FlushCounters {
  /** One successful flush to the engine, all tables together. */
  flushed(seconds: number): void;
  flushFailed(code: string): void;
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
interface Loop<R extends TailRecord> {
  readonly options: AppenderOptions<R>;
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

export function startAppender<R extends TailRecord>(options: AppenderOptions<R>): Appender {
  const { log, tail } = options;
  const loop: Loop<R> = {
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

async function run<R extends TailRecord>(loop: Loop<R>): Promise<void> {
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
async function gather<R extends TailRecord>(loop: Loop<R>): Promise<void> {
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

const isFull = <R extends TailRecord>({ tail, flushRowsMax, flushBytesMax }: AppenderOptions<R>): boolean =>
  tail.waitingRows >= flushRowsMax || tail.bytes >= flushBytesMax;

/** False where the appender was stopped before it succeeded. */
async function storeUntilDone<R extends TailRecord>(loop: Loop<R>, work: readonly R[]): Promise<boolean> {
  const { counters, store } = loop.options;
  for (let attempt = 0; ; attempt++) {
    try {
      loop.state = 'storing';
      const started = performance.now();
      if (work.length > 0) await store(work, { maybeStoredBelow: maybeStoredBelow(loop, attempt) });
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

function report<R extends TailRecord>(loop: Loop<R>, problem: string): void {
  loop.problem = problem;
  loop.options.onProblem?.(problem);
}

const maybeStoredBelow = <R extends TailRecord>({ bornAt }: Loop<R>, attempt: number): number =>
  attempt === 0 ? bornAt : Number.POSITIVE_INFINITY;

function releaseWaiters<R extends TailRecord>(loop: Loop<R>): void {
  const { position } = loop.options.tail;
  for (const { resolve } of loop.waiters.filter(({ sequence }) => sequence <= position)) resolve();
  loop.waiters = loop.waiters.filter(({ sequence }) => sequence > position);
  loop.hurried ||= loop.waiters.length > 0;
}
