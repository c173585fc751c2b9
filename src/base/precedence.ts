/** On the thread that acknowledges writes, requests go before work that nobody waits for. */
import { setImmediate } from 'node:timers/promises';
import { sliceMs } from './turns.js';

/** Longest wait for requests at a time: however many there are, the other work keeps about a sixth of the thread. */
export const giveWayMsMax = 5 * sliceMs;

export interface Precedence {
  /** Does what somebody waits for. */
  first<Result>(work: () => Promise<Result>): Promise<Result>;
  /**
   * For work that nobody waits for, to call between pieces of a millisecond or so: where a slice is over, lets others have their turn and
   * resolves when nothing that goes first is under way, at the latest after `giveWayMsMax`.
   */
  giveWay(): Promise<void>;
}

export function createPrecedence(): Precedence {
  const waiting = new Set<() => void>();
  let underway = 0;
  let sliceEndMs = 0;
  const untilFree = (): Promise<void> =>
    new Promise((resolve) => {
      const proceed = (): void => {
        clearTimeout(timer);
        waiting.delete(proceed);
        resolve();
      };
      const timer = setTimeout(proceed, giveWayMsMax);
      waiting.add(proceed);
    });
  return {
    async first(work) {
      underway++;
      try {
        return await work();
      } finally {
        underway--;
        if (underway === 0) for (const proceed of waiting) proceed();
      }
    },
    async giveWay() {
      if (performance.now() < sliceEndMs) return;
      // What has arrived meanwhile begins here.
      await setImmediate();
      if (underway > 0) await untilFree();
      sliceEndMs = performance.now() + sliceMs;
    },
  };
}
