/** What is counted of scraping as it happens; what stands at a moment is read from the pools. */
import { type ErrorCode, isBarographError } from '../../base/errors.js';

/** How a scrape ended: well, or with the code of what failed. */
export type ScrapeEnd = 'ok' | ErrorCode;

export type DiscoveryMechanism = 'file' | 'http';

export interface ScrapeCounters {
  /** A scrape, with the samples that it brought and what asking and reading took. */
  scraped(job: string, end: ScrapeEnd, samples: number, seconds: number): void;
  /** From the beginning of a target's scrape to that of its next, where they should lie `interval` apart. */
  intervalPassed(interval: string, seconds: number): void;
  /** What was discovered became targets, of which `failures` could not be used. */
  synced(job: string, seconds: number, failures: number): void;
  /** A job had more targets than it may. */
  targetLimitExceeded(job: string): void;
  /** A discovery was read, well or not. */
  discovered(job: string, mechanism: DiscoveryMechanism, isWell: boolean): void;
}

export const uncountedScrapes: ScrapeCounters = {
  scraped() {},
  intervalPassed() {},
  synced() {},
  targetLimitExceeded() {},
  discovered() {},
};

export const scrapeEndOf = (error: unknown): ScrapeEnd => (isBarographError(error) ? error.code : 'internal');
