/** Bounds how many queries run at a time, and how many wait for their turn. */
import type { ServerResponse } from 'node:http';
import { BarographError } from '../base/errors.js';

export interface QuerySlots {
  /** Runs a query in a slot, which is free again once its answer has been sent or has failed, or the query gave none (undefined). */
  run<T>(gone: AbortSignal, query: () => Promise<T>, response: ServerResponse): Promise<T>;
  readonly running: number;
  readonly waiting: number;
}

/** Queries that may wait for each that may run. */
const waitingPerSlot = 8;

/** `key` names the limit in refusals. */
export function createQuerySlots(concurrentMax: number, key = 'query.concurrent_max'): QuerySlots {
  const queue: (() => void)[] = [];
  let running = 0;

  async function enter(gone: AbortSignal): Promise<void> {
    if (running < concurrentMax) {
      running++;
      return;
    }
    if (queue.length >= concurrentMax * waitingPerSlot)
      throw new BarographError(
        'too_many_requests',
        `${running} queries run and ${queue.length} wait; the limit is ${key} (${concurrentMax})`,
        { retryAfterSeconds: 1 },
      );
    await new Promise<void>((resolve, reject) => {
      const turn = (): void => {
        gone.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        queue.splice(queue.indexOf(turn), 1);
        reject(gone.reason);
      };
      gone.addEventListener('abort', leave, { once: true });
      queue.push(turn);
    });
  }

  /** The slot passes straight to the next in the queue, so that `running` never exceeds its bound. */
  function exit(): void {
    const next = queue.shift();
    if (next === undefined) running--;
    else next();
  }

  return {
    async run(gone, query, response) {
      await enter(gone);
      try {
        const answer = await query();
        if (answer === undefined || response.closed || response.writableEnded) exit();
        else response.once('close', exit);
        return answer;
      } catch (error) {
        exit();
        throw error;
      }
    },
    get running() {
      return running;
    },
    get waiting() {
      return queue.length;
    },
  };
}
