/**
 * Runs the scrapes of one target on time, one at a time.
 *
 * States: `waiting` (for the next tick), `queued` (for a slot), `scraping`, `stopped`. Ticks lie at a fixed offset, an interval apart, on a clock that is
 * never set. A scrape that is not done at the next tick lets it pass and is followed by another at once; ticks beyond it are
 * left out. Source: prometheus/prometheus scrape/scrape.go, `scrapeLoop.run`.
 */
import type { ScrapeClock } from './scrape-clock.js';
import type { ScrapeSlots } from './scrape-slots.js';

export interface ScrapeLoop {
  /** Steady time of the next tick. */
  readonly nextTickMs: number;
  /** Waits for the scrape that is going on, and begins no other. */
  stop(): Promise<void>;
}

export interface ScrapeLoopOptions {
  readonly clock: ScrapeClock;
  readonly slots: ScrapeSlots;
  readonly intervalMs: number;
  /** Time until the first scrape. */
  readonly offsetMs: number;
  /** Scrapes; `timeMs` is the time that the samples get. Must not reject. */
  readonly scrape: (timeMs: number) => Promise<void>;
}

/** A scrape so close to its tick gets the tick's time, so that times are regular and compress well. Source: scrape.go, `ScrapeTimestampTolerance`. */
const alignToleranceMsMax = 2;

export function startScrapeLoop({ clock, slots, intervalMs, offsetMs, scrape }: ScrapeLoopOptions): ScrapeLoop {
  const timestampOf = createAligner(intervalMs);
  let nextTickMs = clock.steadyMs() + offsetMs;
  let isStopped = false;
  let running: Promise<void> | undefined;
  let callOff = waitForTick();

  function waitForTick(): () => void {
    return clock.after(Math.max(0, nextTickMs - clock.steadyMs()), () => {
      running = runScrape();
    });
  }

  async function runScrape(): Promise<void> {
    const release = await slots.take();
    try {
      if (!isStopped) await scrape(timestampOf(clock.nowMs()));
    } finally {
      release();
    }
    running = undefined;
    nextTickMs += intervalMs;
    const ticksMissed = Math.floor((clock.steadyMs() - nextTickMs) / intervalMs);
    if (ticksMissed > 0) nextTickMs += ticksMissed * intervalMs;
    if (!isStopped) callOff = waitForTick();
  }

  return {
    get nextTickMs() {
      return nextTickMs;
    },
    async stop() {
      isStopped = true;
      callOff();
      await running;
    },
  };
}

/** Gives the times of scrapes: that of their tick where they are close to it, counted from the first scrape on. */
function createAligner(intervalMs: number): (nowMs: number) => number {
  const toleranceMs = Math.min(intervalMs / 100, alignToleranceMsMax);
  let tickMs: number | undefined;
  return (nowMs) => {
    tickMs ??= nowMs;
    // A timer may fire a little early: within the tolerance that is the tick to come.
    const ticks = Math.floor((nowMs - tickMs + toleranceMs) / intervalMs);
    if (ticks > 0) tickMs += ticks * intervalMs;
    const distanceMs = nowMs - tickMs;
    // The clock was set back: times begin anew from where it is now.
    if (distanceMs < -toleranceMs) tickMs = nowMs;
    return Math.abs(distanceMs) <= toleranceMs ? tickMs : nowMs;
  };
}
