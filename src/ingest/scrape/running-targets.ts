/** The targets of a job that are scraped, each with its loop, and those that went away with their series still open. */
import { BarographError } from '../../base/errors.js';
import { ExpositionCache } from '../../protocols/exposition/exposition-cache.js';
import type { HttpClient } from './http-client.js';
import { createLeavingTargets } from './leaving-targets.js';
import type { ScrapeClock } from './scrape-clock.js';
import type { ScrapeCounters } from './scrape-counters.js';
import { type ScrapeLoop, startScrapeLoop } from './scrape-loop.js';
import type { ScrapeSlots } from './scrape-slots.js';
import { scrapeOffsetMs, type Target } from './target.js';
import { createTargetScrape, type ScrapeSink, type TargetScrape, unscraped } from './target-scrape.js';

export interface RunningTargetsOptions {
  readonly sink: ScrapeSink;
  readonly clock: ScrapeClock;
  readonly slots: ScrapeSlots;
  readonly counters: ScrapeCounters;
  readonly bodyBytesMax: number;
  /** Most bytes of the texts and labels of a target's series. */
  readonly cacheBytesMax: number;
}

export interface RunningTargets {
  scrapes(): TargetScrape[];
  /** Has exactly these targets scraped, new ones with this client; what is scraped already for the same job goes on. */
  set(targets: ReadonlyMap<string, Target>, client: HttpClient): void;
  /** Resolves when the last scrapes of all targets that left so far are done. */
  lastScrapesDone(): Promise<void>;
  /** Resolves when the series of all targets that left so far have ended. */
  leftEnded(): Promise<void>;
  /** Ends no series; waits for what is going on. */
  stop(): Promise<void>;
}

interface Running {
  readonly scrape: TargetScrape;
  /** Absent while the target waits for the last scrape of the one whose series it takes over. */
  loop: ScrapeLoop | undefined;
  isGone: boolean;
}

/** Scrapes do nothing once `signal` is aborted. */
export function createRunningTargets(options: RunningTargetsOptions, signal: AbortSignal): RunningTargets {
  const { clock, slots } = options;
  const running = new Map<string, Running>();
  const lastScrapes = new Set<Promise<void>>();
  const scrapes = (): TargetScrape[] => Array.from(running.values(), ({ scrape }) => scrape);
  const leaving = createLeavingTargets({ clock, scrapes });

  const startLoop = (scrape: TargetScrape): ScrapeLoop =>
    startScrapeLoop({
      clock,
      slots,
      intervalMs: scrape.target.intervalMs,
      offsetMs: scrapeOffsetMs(scrape.target, clock.nowMs()),
      scrape: (timeMs) => scrape.scrape(timeMs, signal),
    });

  function start(key: string, target: Target, client: HttpClient): void {
    const before = leaving.takeOver(target);
    const cache = before?.cache ?? new ExpositionCache({ bytesMax: options.cacheBytesMax });
    const scrape = createTargetScrape({
      ...options,
      target,
      cache,
      client,
      before: before?.state ?? unscraped,
      refusal: () => tooManyTargets(target, running.size),
    });
    const entry: Running = { scrape, loop: undefined, isGone: false };
    running.set(key, entry);
    if (before === undefined) entry.loop = startLoop(scrape);
    else
      void before.done.then(() => {
        if (!entry.isGone) entry.loop = startLoop(scrape);
      });
  }

  function leave(key: string, entry: Running): void {
    running.delete(key);
    entry.isGone = true;
    const lastScrape = leaving.add(entry.scrape, entry.loop);
    lastScrapes.add(lastScrape);
    void lastScrape.then(() => lastScrapes.delete(lastScrape));
  }

  return {
    scrapes,
    set(targets, client) {
      for (const [key, entry] of running) if (targets.get(key)?.job !== entry.scrape.target.job) leave(key, entry);
      for (const [key, target] of targets) if (!running.has(key)) start(key, target, client);
    },
    async lastScrapesDone() {
      await Promise.all(lastScrapes);
    },
    leftEnded: () => leaving.ended(),
    async stop() {
      const entries = Array.from(running.values());
      for (const entry of entries) entry.isGone = true;
      await Promise.all([leaving.stop(), ...lastScrapes, ...entries.map(({ loop }) => loop?.stop())]);
    },
  };
}

function tooManyTargets({ job }: Target, count: number): BarographError | undefined {
  const { targetsMax } = job.limits;
  if (count <= targetsMax) return undefined;
  const message = `the job has ${count} targets, more than its limit of ${targetsMax} (target_limit)`;
  return new BarographError('too_many_targets', message);
}
