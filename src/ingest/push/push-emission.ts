/** Writes the groups of pushed metrics again and again, as if a Pushgateway were scraped, for as long as the process runs. */
import { messageOf } from '../../base/errors.js';
import type { ScrapeClock } from '../scrape/scrape-clock.js';
import { startScrapeLoop } from '../scrape/scrape-loop.js';
import { createScrapeSlots } from '../scrape/scrape-slots.js';
import type { PushGroups } from './push-groups.js';

export interface PushEmissionOptions {
  readonly groups: PushGroups;
  readonly intervalMs: number;
  readonly clock: ScrapeClock;
  readonly onProblem: (problem: string) => void;
}

export interface PushEmission {
  /** Waits for the emission that is going on, and begins no other. */
  stop(): Promise<void>;
}

/** The first emission is at once, so that the groups of an earlier run are gone for no longer than the process was. */
export function startPushEmission({ groups, intervalMs, clock, onProblem }: PushEmissionOptions): PushEmission {
  return startScrapeLoop({
    clock,
    slots: createScrapeSlots(1),
    intervalMs,
    offsetMs: 0,
    async scrape(timeMs) {
      try {
        await groups.emit(timeMs);
      } catch (error) {
        onProblem(`pushed metrics could not be written again: ${messageOf(error)}`);
      }
    },
  });
}
