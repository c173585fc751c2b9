/** Time as scraping sees it, so that tests can hold it still: the wall clock for timestamps, a steady one for pauses. */
import { type Clock, systemClock } from '../../base/clock.js';

export interface ScrapeClock extends Clock {
  /** Milliseconds, with fractions, of a clock that is never set. */
  steadyMs(): number;
  /** Calls `run` once after `delayMs`; gives what calls it off. */
  after(delayMs: number, run: () => void): () => void;
}

/** Longest pause that a timer of Node's takes; a longer one would fire at once. */
const timerMsMax = 2 ** 31 - 1;

export const systemScrapeClock: ScrapeClock = {
  ...systemClock,
  steadyMs: () => performance.now(),
  after(delayMs, run) {
    let timer: NodeJS.Timeout;
    const wait = (restMs: number): void => {
      const stepMs = Math.min(restMs, timerMsMax);
      timer = setTimeout(() => (restMs > stepMs ? wait(restMs - stepMs) : run()), stepMs);
    };
    wait(delayMs);
    return () => clearTimeout(timer);
  },
};
