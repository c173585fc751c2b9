/**
 * Carries rows from the log to the engine, in the order of the log, one flush at a time.
 *
 * States: `idle` (nothing waits), `gathering` (rows wait for company until the interval or a limit), `storing`,
 * `retrying` (the engine refused or is away, or the log cannot be read; the same rows are tried again after a pause that
 * doubles up to a bound) and `stopped`. Rows are never given up: the log is their home until `checkpoint`.
 *
 * A checkpoint that fails costs room in the log and no row: storing goes on, and the checkpoint is tried again with the next
 * flush, or after a pause where there is none.
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
  /** Rows are stored that the log still keeps, because its last checkpoint failed. */
  isCheckpointDue: boolean;
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
    isCheckpointDue: false,
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
  const { log, tail } = loop.options;
  for (;;) {
    await gather(loop);
    // Taken before the rows are: what becomes durable meanwhile belongs to the next round.
    const durableEnd = log.durableSequence;
    const work = await readUntilDone(loop);
    const last = work?.at(-1);
    if (work === undefined || (last === undefined && loop.stopping)) return;
    if (!(await storeUntilDone(loop, work))) return;
    // Without a record there are numbers that none carries: skipped by failed appends, or lost to damage that the log reported.
    tail.advance(last === undefined ? durableEnd : endOf(last));
    // Before waiters hear of it, so that a log at its bound has room for them again.
    await checkpoint(loop);
    releaseWaiters(loop);
    if (loop.isCheckpointDue && loop.stopping) return;
  }
}

/** Returns when there is something to store and reason to store it now. */
async function gather<R extends TailRecord>(loop: Loop<R>): Promise<void> {
  const { options, waker } = loop;
  const { clock = systemClock, tail } = options;
  loop.state = 'idle';
  while (tail.waitingRows === 0 && !loop.stopping) {
    await waker.pause(loop.isCheckpointDue ? retryPauseMsMax : idleMsMax);
    if (loop.isCheckpointDue) await checkpoint(loop);
  }
  loop.state = 'gathering';
  const deadline = clock.nowMs() + options.flushIntervalMs;
  while (!loop.hurried && !loop.stopping && !isFull(options) && clock.nowMs() < deadline)
    await waker.pause(deadline - clock.nowMs());
  loop.hurried = false;
}

const isFull = <R extends TailRecord>({ tail, flushRowsMax, flushBytesMax }: AppenderOptions<R>): boolean =>
  tail.waitingRows >= flushRowsMax || tail.bytes >= flushBytesMax;

/** The next rows; undefined where the appender was stopped before they could be read. */
async function readUntilDone<R extends TailRecord>(loop: Loop<R>): Promise<readonly R[] | undefined> {
  const { tail, flushRowsMax, flushBytesMax } = loop.options;
  let work: readonly R[] | undefined;
  await untilDone(loop, 'rows cannot be read from the log', async () => {
    work = await tail.next({ rowsMax: flushRowsMax, bytesMax: flushBytesMax });
  });
  return work;
}

/** False where the appender was stopped before it succeeded. */
function storeUntilDone<R extends TailRecord>(loop: Loop<R>, work: readonly R[]): Promise<boolean> {
  const { counters, store } = loop.options;
  return untilDone(loop, 'rows cannot be stored', async (attempt) => {
    loop.state = 'storing';
    if (work.length === 0) return;
    const started = performance.now();
    await store(work, { maybeStoredBelow: maybeStoredBelow(loop, attempt) });
    counters.flushed((performance.now() - started) / 1000);
  });
}

/** Does something again until it succeeds. False where the appender was stopped before. `failure` says what failed. */
async function untilDone<R extends TailRecord>(
  loop: Loop<R>,
  failure: string,
  work: (attempt: number) => Promise<void>,
): Promise<boolean> {
  for (let attempt = 0; ; attempt++) {
    try {
      await work(attempt);
      loop.problem = undefined;
      return true;
    } catch (error) {
      loop.state = 'retrying';
      report(loop, `${failure}: ${messageOf(error)}`);
      loop.options.counters.flushFailed(isBarographError(error) ? error.code : 'internal');
      if (loop.stopping) return false;
      await loop.waker.pause(Math.min(retryPauseMsMax, retryPauseMsMin * 2 ** Math.min(attempt, 16)));
    }
  }
}

/** Lets the log go of what is stored. Never rejects. */
async function checkpoint<R extends TailRecord>(loop: Loop<R>): Promise<void> {
  const { log, tail } = loop.options;
  try {
    await log.checkpoint(tail.position);
    if (loop.isCheckpointDue) loop.problem = undefined;
    loop.isCheckpointDue = false;
  } catch (error) {
    loop.isCheckpointDue = true;
    report(loop, `stored rows stay in the log: ${messageOf(error)}`);
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
