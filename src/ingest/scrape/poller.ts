/** Does one thing at once, then again and again: after each interval, and sooner when told. Never twice at a time. */
import type { ScrapeClock } from './scrape-clock.js';

export interface Poller {
  /** Runs at once, or right after the run that is going on. */
  trigger(): void;
  /** Aborts the run that is going on and waits for its end. */
  stop(): Promise<void>;
}

export interface PollerOptions {
  readonly intervalMs: number;
  readonly clock: ScrapeClock;
  /** Must not reject. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

export function startPoller({ intervalMs, clock, run }: PollerOptions): Poller {
  const stopping = new AbortController();
  let isTriggered = false;
  let running: Promise<void> | undefined;
  let callOff = (): void => {};

  async function runs(): Promise<void> {
    do {
      isTriggered = false;
      await run(stopping.signal);
    } while (isTriggered && !stopping.signal.aborted);
    running = undefined;
    if (!stopping.signal.aborted) callOff = clock.after(intervalMs, trigger);
  }

  function trigger(): void {
    if (stopping.signal.aborted) return;
    isTriggered = true;
    callOff();
    running ??= runs();
  }

  trigger();
  return {
    trigger,
    async stop() {
      stopping.abort();
      callOff();
      await running;
    },
  };
}
