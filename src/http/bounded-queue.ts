/** A few may be inside at a time, some may wait for their turn, and none waits for long. */
import { BarographError } from '../base/errors.js';

export interface BoundedQueueOptions {
  readonly insideMax: number;
  readonly waitingMax: number;
  readonly waitMsMax: number;
  /** What waits, in words, and the keys of the configuration behind the bounds: for refusals. */
  readonly what: string;
  readonly waitingKey: string;
  readonly waitKey: string;
}

export interface BoundedQueue {
  /**
   * Resolves when it is one's turn, with a function that ends it; calling that twice does no harm. Rejects with the signal's reason, or with
   * `too_many_requests` where too many wait already or the wait is over.
   */
  enter(signal: AbortSignal): Promise<() => void>;
  readonly inside: number;
  readonly waiting: number;
}

/** Longest time that one is told to stay away. A guess: by then most of what waits has had its turn. */
const retrySecondsMax = 10;

export function createBoundedQueue(options: BoundedQueueOptions): BoundedQueue {
  const { insideMax, waitingMax, waitMsMax, what, waitingKey, waitKey } = options;
  const queue: (() => void)[] = [];
  let inside = 0;

  /** A turn passes straight on to the next in the queue, so that `inside` never exceeds its bound. */
  function turn(): () => void {
    let hasEnded = false;
    return () => {
      if (hasEnded) return;
      hasEnded = true;
      const next = queue.shift();
      if (next === undefined) inside--;
      else next();
    };
  }

  const refusal = (why: string): BarographError =>
    new BarographError('too_many_requests', why, {
      hint: 'Try again later, or ask for less.',
      retryAfterSeconds: Math.min(retrySecondsMax, Math.max(1, Math.ceil(waitMsMax / 1000))),
    });

  function wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (reason: unknown): void => {
        queue.splice(queue.indexOf(begin), 1);
        end();
        reject(reason as Error);
      };
      const onAbort = (): void => leave(signal.reason);
      const tooLong = `waited ${waitMsMax} ms for its turn among ${what}, the limit is ${waitKey}`;
      const timer = setTimeout(() => leave(refusal(tooLong)), waitMsMax);
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
      };
      const begin = (): void => {
        end();
        resolve();
      };
      signal.addEventListener('abort', onAbort, { once: true });
      queue.push(begin);
    });
  }

  return {
    async enter(signal) {
      signal.throwIfAborted();
      if (inside < insideMax) {
        inside++;
        return turn();
      }
      if (queue.length >= waitingMax)
        throw refusal(
          `${inside} of ${what} are at work and ${queue.length} wait, the limit is ${waitingMax} (${waitingKey})`,
        );
      await wait(signal);
      return turn();
    },
    get inside() {
      return inside;
    },
    get waiting() {
      return queue.length;
    },
  };
}
