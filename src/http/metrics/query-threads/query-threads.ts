/**
 * The threads that heavy queries run in. A thread is started when it is first needed, serves one query at a time, and stays. One that
 * dies, or that does not stop when it is told to, fails its query alone; another takes its place.
 */
import type { Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { assert } from '../../../base/assert.js';
import { BarographError } from '../../../base/errors.js';
import type { QueryResult } from '../../../promql/evaluate/query-result.js';
import { queryThreadRole } from './query-thread.js';
import { createThreadAnswer } from './thread-answer.js';
import { controlWords, stopWord, type ThreadMessage, type ThreadTask, takenWord } from './thread-messages.js';

export interface QueryThreadsOptions {
  readonly threads: number;
  /** Memory of a thread's objects. Samples lie outside of it, bounded by the limit of samples. */
  readonly heapBytesMax: number;
}

export interface ThreadRun {
  readonly task: Omit<ThreadTask, 'control'>;
  /** Buffers that are handed over with the task. */
  readonly transfer: readonly ArrayBuffer[];
  readonly signal: AbortSignal;
  /** The whole result, where the task wants it. */
  readonly onResult: (result: QueryResult) => void;
  /** The thread is free again. Called once. */
  readonly onFree: () => void;
}

export interface QueryThreads {
  /** Runs a query in a thread, one of which must be free. Resolves with the body once it begins; it breaks off where the query fails later. */
  run(run: ThreadRun): Promise<Readable>;
  /** Ends all threads, wherever they are. */
  stop(): Promise<void>;
}

interface Seat {
  worker: Worker | undefined;
  isBusy: boolean;
}

/** How long a thread has to stop on its own. It looks between series; a sort of very many labels takes longer. */
const stopMsMax = 1_000;
const mebibyte = 2 ** 20;

export function createQueryThreads({ threads, heapBytesMax }: QueryThreadsOptions): QueryThreads {
  const seats = Array.from({ length: threads }, (): Seat => ({ worker: undefined, isBusy: false }));

  function workerOf(seat: Seat): Worker {
    if (seat.worker !== undefined) return seat.worker;
    const worker = new Worker(new URL('./query-thread.js', import.meta.url), {
      workerData: queryThreadRole,
      resourceLimits: { maxOldGenerationSizeMb: Math.ceil(heapBytesMax / mebibyte) },
    });
    // An idle thread keeps no process alive.
    worker.unref();
    // Whoever runs a query meets the failure; without this, one in between would end the process.
    worker.on('error', () => {});
    worker.once('exit', () => {
      if (seat.worker === worker) seat.worker = undefined;
    });
    seat.worker = worker;
    return worker;
  }

  return {
    async run(run) {
      const seat = seats.find(({ isBusy }) => !isBusy);
      assert(seat !== undefined, 'a thread is free');
      seat.isBusy = true;
      return runIn(workerOf(seat), run, (isSound) => {
        // A thread that was told to end must not be given another query before it is gone.
        if (!isSound) seat.worker = undefined;
        seat.isBusy = false;
      });
    },
    async stop() {
      await Promise.all(seats.map(({ worker }) => worker?.terminate()));
    },
  };
}

function runIn(worker: Worker, run: ThreadRun, onEnd: (isSound: boolean) => void): Promise<Readable> {
  const { task, transfer, signal, onResult, onFree } = run;
  const control = new Int32Array(new SharedArrayBuffer(controlWords * 4));
  return new Promise((resolve, reject) => {
    let stopping: NodeJS.Timeout | undefined;
    let hasEnded = false;
    const stop = (): void => {
      if (hasEnded || stopping !== undefined) return;
      Atomics.store(control, stopWord, 1);
      Atomics.notify(control, takenWord);
      stopping = setTimeout(() => void worker.terminate(), stopMsMax);
    };
    const answer = createThreadAnswer(control, stop);
    const end = (isSound: boolean, failure: Error | undefined): void => {
      if (hasEnded) return;
      hasEnded = true;
      clearTimeout(stopping);
      signal.removeEventListener('abort', stop);
      worker.off('message', hear).off('error', die).off('exit', exit);
      onEnd(isSound);
      onFree();
      if (failure === undefined) {
        answer.end();
        return;
      }
      const reason = signal.aborted ? (signal.reason as Error) : failure;
      // A body that nobody was given yet has no one to hear of its failure.
      reject(reason);
      answer.body.on('error', () => {});
      answer.fail(reason);
    };
    const hear = (message: ThreadMessage): void => {
      switch (message.kind) {
        case 'piece':
          answer.add(message.bytes);
          resolve(answer.body);
          break;
        case 'result':
          onResult(message.result);
          break;
        case 'done':
          end(true, undefined);
          break;
        case 'failed':
          end(true, failureOf(message));
      }
    };
    const die = (error: Error): void => end(false, deathOf(error));
    const exit = (): void => end(false, new BarographError('query_cancelled', 'the thread of the query was ended'));
    worker.on('message', hear).on('error', die).on('exit', exit);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    worker.postMessage({ ...task, control } satisfies ThreadTask, [...transfer]);
  });
}

function failureOf({ code, message, hint }: Extract<ThreadMessage, { kind: 'failed' }>): BarographError {
  return new BarographError(code ?? 'internal', message, hint === undefined ? {} : { hint });
}

function deathOf(error: Error & { code?: string }): BarographError {
  if (error.code === 'ERR_WORKER_OUT_OF_MEMORY')
    return new BarographError(
      'query_memory',
      'the query needed more memory than its thread may use (query.promql.heavy.memory_bytes_max); name more labels in its selectors, or ask for a shorter time',
    );
  return new BarographError('internal', 'the thread of the query died', { cause: error });
}
