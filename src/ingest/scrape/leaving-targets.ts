/**
 * Targets that went away, whose series are still open: a target may come back, with other hidden labels or after a gap in its
 * discovery. A target's series end a little after its second tick from then, at the time of the first. A target
 * with the same labels that comes meanwhile takes the series over, and those that it lacks end with its first scrape.
 * Source: prometheus/prometheus scrape/scrape.go, `endOfRunStaleness`.
 */
import { encodeLabels } from '../../model/labels.js';
import type { ExpositionCache } from '../../protocols/exposition/exposition-cache.js';
import type { ScrapeClock } from './scrape-clock.js';
import type { ScrapeLoop } from './scrape-loop.js';
import type { Target } from './target.js';
import { withExternalLabels } from './target-labelling.js';
import type { TargetScrape, TargetState } from './target-scrape.js';

export interface LeavingTarget {
  readonly cache: ExpositionCache;
  readonly state: TargetState;
  /** Settles when its last scrape, or the writing of its end, is done. */
  readonly done: Promise<void>;
}

export interface LeavingTargets {
  /** Stops a target's loop, where it has one yet, and ends its series in due time. Resolves once its last scrape is done. */
  add(scrape: TargetScrape, loop: ScrapeLoop | undefined): Promise<void>;
  /** The leaving target with the same labels as this one, if there is one; it ends nothing any more. */
  takeOver(target: Target): LeavingTarget | undefined;
  /** Resolves once the series of all have ended or were taken over, or at `stop`. */
  ended(): Promise<void>;
  /** Ends no series; waits for what is going on. */
  stop(): Promise<void>;
}

interface Leaving {
  readonly labelsKey: string;
  readonly cache: ExpositionCache;
  readonly state: TargetState;
  done: Promise<void>;
  callOff: () => void;
}

export interface LeavingTargetsOptions {
  readonly clock: ScrapeClock;
  /** The targets that are scraped. */
  readonly scrapes: () => readonly TargetScrape[];
}

/** Intervals between the tick whose time the end gets and its writing. */
const graceIntervals = 1.1;

export function createLeavingTargets({ clock, scrapes }: LeavingTargetsOptions): LeavingTargets {
  const all = new Set<Leaving>();
  let waiting: (() => void)[] = [];

  function remove(left: Leaving): void {
    all.delete(left);
    if (all.size === 0) tellEnded();
  }

  function tellEnded(): void {
    for (const resolve of waiting) resolve();
    waiting = [];
  }

  async function end(left: Leaving, scrape: TargetScrape, lastScrape: Promise<void>, timeMs: number): Promise<void> {
    await lastScrape;
    // Where another target has the same labels, the series go on.
    const isTaken = scrapes().some((other) => keyOfLabels(other.target) === left.labelsKey);
    if (!isTaken) await scrape.end(timeMs);
    remove(left);
  }

  return {
    add(scrape, loop) {
      const { intervalMs } = scrape.target;
      const lastScrape = loop?.stop() ?? Promise.resolve();
      const toTickMs = loop === undefined ? intervalMs : Math.max(0, loop.nextTickMs - clock.steadyMs());
      const left: Leaving = {
        labelsKey: keyOfLabels(scrape.target),
        cache: scrape.cache,
        get state() {
          return scrape.state;
        },
        done: lastScrape,
        callOff: clock.after(toTickMs, () => {
          const timeMs = clock.nowMs();
          left.callOff = clock.after(intervalMs * graceIntervals, () => {
            left.done = end(left, scrape, lastScrape, timeMs);
          });
        }),
      };
      all.add(left);
      return lastScrape;
    },
    takeOver(target) {
      const labelsKey = keyOfLabels(target);
      const left = Array.from(all).find((candidate) => candidate.labelsKey === labelsKey);
      if (left === undefined) return undefined;
      left.callOff();
      remove(left);
      return left;
    },
    ended: () => (all.size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    async stop() {
      for (const left of all) left.callOff();
      await Promise.all(Array.from(all, ({ done }) => done));
      tellEnded();
    },
  };
}

/** The labels that all series of a target's report have: where they change, the report's series do not go on. */
const keyOfLabels = ({ labels, job }: Target): string =>
  Buffer.from(encodeLabels(withExternalLabels(labels, job.externalLabels))).toString('latin1');
