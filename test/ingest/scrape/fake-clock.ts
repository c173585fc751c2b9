/** A clock that stands still until it is moved. */
import { setImmediate } from 'node:timers/promises';
import type { ScrapeClock } from '../../../src/ingest/scrape/scrape-clock.js';

export interface FakeClock extends ScrapeClock {
  /** Lets time pass, timer by timer; between timers, what runs in the program and what needs no network comes to rest. */
  pass(ms: number): Promise<void>;
  /** Sets the wall clock, as an administrator does; the steady one goes on. */
  setWall(nowMs: number): void;
  /** Timers that wait. */
  readonly timers: number;
  /** Lateness of timers from here on, ms. */
  latenessMs: number;
}

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

export function createFakeClock(startMs = 1_700_000_000_000): FakeClock {
  let steadyMs = 0;
  let wallAheadMs = startMs;
  const timers = new Set<Timer>();
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 10; turn++) await setImmediate();
  };
  const clock: FakeClock = {
    latenessMs: 0,
    nowMs: () => steadyMs + wallAheadMs,
    steadyMs: () => steadyMs,
    setWall(nowMs) {
      wallAheadMs = nowMs - steadyMs;
    },
    get timers() {
      return timers.size;
    },
    after(delayMs, run) {
      const timer = { atMs: steadyMs + delayMs + clock.latenessMs, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    async pass(ms) {
      const endMs = steadyMs + ms;
      await settle();
      for (;;) {
        const due = Array.from(timers).filter(({ atMs }) => atMs <= endMs);
        const next = due.sort((a, b) => a.atMs - b.atMs)[0];
        if (next === undefined) break;
        timers.delete(next);
        steadyMs = Math.max(steadyMs, next.atMs);
        next.run();
        await settle();
      }
      steadyMs = endMs;
    },
  };
  return clock;
}
