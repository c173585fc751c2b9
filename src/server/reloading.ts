/**
 * Reads the configuration again while the server runs. What is scraped follows it at once; other keys count from the next start on. A configuration that is broken
 * changes nothing.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../base/clock.js';
import { messageOf } from '../base/errors.js';
import type { Scraper } from '../ingest/scrape/scraper.js';
import type { Logger } from './cli/log.js';
import { type Configuration, configurationKeys, valueAt } from './configuration.js';
import { scrapeJobs } from './scraping.js';

export interface Reload {
  /** Keys that differ from those in use and wait for the next start. */
  readonly keysLeft: readonly string[];
}

export interface Reloading {
  /** Throws `bad_configuration` where the configuration is broken; then everything goes on as before. */
  reload(): Reload;
  readonly last: {
    readonly isSuccessful: boolean;
    /** When the configuration in use was read, epoch milliseconds. */
    readonly successMs: number;
  };
}

export interface ReloadingOptions {
  readonly configuration: Configuration;
  /** Reads the configuration from where it came. */
  readonly reread: () => Configuration;
  readonly scraper: Pick<Scraper, 'reload'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Keys that are followed at once. */
const followed: ReadonlySet<string> = new Set(['global', 'scrape_configs']);

export function createReloading({ configuration, reread, scraper, clock, logger }: ReloadingOptions): Reloading {
  let last: Reloading['last'] = { isSuccessful: true, successMs: clock.nowMs() };
  return {
    get last() {
      return last;
    },
    reload() {
      try {
        const next = reread();
        scraper.reload(scrapeJobs(next));
        const keysLeft = configurationKeys
          .filter((key) => !followed.has(key.name))
          .filter((key) => !isDeepStrictEqual(valueAt(next, key), valueAt(configuration, key)))
          .map(({ name }) => name);
        last = { isSuccessful: true, successMs: clock.nowMs() };
        logger.info({ ...(keysLeft.length > 0 && { countFromNextStart: keysLeft }) }, 'configuration read again');
        return { keysLeft };
      } catch (error) {
        last = { ...last, isSuccessful: false };
        logger.error({ problem: messageOf(error) }, 'the configuration stays as it was');
        throw error;
      }
    },
  };
}
