/**
 * How many rows metrics have in some hours, asked of the engine once for all who want to know at the same time, and remembered for a
 * little while: clients that send the same query again and again cost one count.
 */
import type { HourRange } from './hour-ranges.js';

export interface RowCounts {
  /** Rejects where `signal` aborts; the count itself is cancelled when nobody waits for it any more. */
  count(key: readonly number[], hours: HourRange, signal: AbortSignal, ask: AskForCount): Promise<number>;
}

export type AskForCount = (signal: AbortSignal) => Promise<number>;

interface Counting {
  readonly result: Promise<number>;
  readonly ending: AbortController;
  waiting: number;
  /** Milliseconds of `performance.now`; Infinity until it is known. */
  askedMs: number;
}

/** A guess: samples of old hours come rarely, and a count only decides how hours are loaded. */
const rememberedMs = 10_000;
const rememberedMax = 1_000;

export function createRowCounts(): RowCounts {
  const known = new Map<string, Counting>();

  function begin(key: string, ask: AskForCount): Counting {
    const ending = new AbortController();
    const counting: Counting = { result: ask(ending.signal), ending, waiting: 0, askedMs: Number.POSITIVE_INFINITY };
    counting.result.then(
      () => {
        counting.askedMs = performance.now();
      },
      () => forget(key, counting),
    );
    if (known.size >= rememberedMax) known.delete(known.keys().next().value!);
    known.set(key, counting);
    return counting;
  }

  function forget(key: string, counting: Counting): void {
    if (known.get(key) === counting) known.delete(key);
  }

  return {
    async count(metrics, { firstHour, lastHour }, signal, ask) {
      const key = `${firstHour}-${lastHour}:${metrics.join()}`;
      const last = known.get(key);
      const isFresh = last !== undefined && performance.now() - last.askedMs < rememberedMs;
      const counting = isFresh ? last : begin(key, ask);
      counting.waiting++;
      let leave = (): void => {};
      const left = new Promise<never>((_, reject) => {
        leave = () => reject(signal.reason as Error);
        signal.addEventListener('abort', leave, { once: true });
      });
      try {
        signal.throwIfAborted();
        return await Promise.race([counting.result, left]);
      } finally {
        signal.removeEventListener('abort', leave);
        if (--counting.waiting === 0 && counting.askedMs === Number.POSITIVE_INFINITY) {
          forget(key, counting);
          counting.ending.abort(signal.reason);
        }
      }
    },
  };
}
