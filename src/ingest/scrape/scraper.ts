/**
 * Scrapes targets as Prometheus does, and hands each scrape's batch to a sink. What is bounded: targets, scrapes at a time,
 * bodies, what is remembered of a target's series.
 */
import { type ScrapeClock, systemScrapeClock } from './scrape-clock.js';
import type { ScrapeJob } from './scrape-config.js';
import { type ScrapePool, startScrapePool } from './scrape-pool.js';
import { createScrapeSlots } from './scrape-slots.js';
import type { ScrapeSink } from './target-scrape.js';
import { type TargetsAnswer, type TargetsQuery, targetsAnswer } from './targets-answer.js';

export interface ScraperLimits {
  /** Most targets of a job. */
  readonly targetsMax: number;
  /** Most scrapes that go on at a time. */
  readonly scrapesMax: number;
  /** Largest body, bytes once decompressed, of a job that says none itself. */
  readonly bodyBytesMax: number;
  /** Most bytes of the texts and labels of a target's series that are remembered; a larger body fails its scrape. */
  readonly cacheBytesMax: number;
}

/** Guesses: what one machine can take. A body is held whole while it is read, so bodies times scrapes is memory. */
export const defaultScraperLimits: ScraperLimits = {
  targetsMax: 10_000,
  scrapesMax: 256,
  bodyBytesMax: 256 * 1024 * 1024,
  cacheBytesMax: 512 * 1024 * 1024,
};

export interface ScraperOptions {
  /** From `parseScrapeConfigs`. */
  readonly configs: readonly ScrapeJob[];
  readonly sink: ScrapeSink;
  readonly clock?: ScrapeClock;
  readonly limits?: Partial<ScraperLimits>;
  /** Takes a sentence for whatever goes wrong besides scrapes: discoveries that fail, addresses that are none. */
  readonly onProblem?: (problem: string) => void;
}

export interface Scraper {
  /** What `/api/v1/targets` answers under `data`. */
  targets(query?: TargetsQuery): TargetsAnswer;
  /**
   * Breaks off scrapes and discoveries, and waits for what the sink is storing. Writes no stale markers: after a restart
   * series go on where they were.
   */
  stop(): Promise<void>;
}

/** Starts scraping at once. */
export function startScraper(options: ScraperOptions): Scraper {
  const { configs, sink, clock = systemScrapeClock, onProblem = () => {} } = options;
  const limits: ScraperLimits = { ...defaultScraperLimits, ...options.limits };
  const slots = createScrapeSlots(limits.scrapesMax);
  const pools: ScrapePool[] = configs.map((job) => startScrapePool({ ...limits, job, sink, clock, slots, onProblem }));
  return {
    targets: (query = {}) => targetsAnswer(pools, query),
    async stop() {
      await Promise.all(pools.map((pool) => pool.stop()));
    },
  };
}
