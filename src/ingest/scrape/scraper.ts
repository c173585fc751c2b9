/**
 * Scrapes targets as Prometheus does, and hands each scrape's batch to a sink. What is bounded: targets, scrapes at a time,
 * bodies, what is remembered of a target's series.
 */
import { type ScrapeClock, systemScrapeClock } from './scrape-clock.js';
import type { ScrapeJob } from './scrape-config.js';
import { type ScrapeCounters, uncountedScrapes } from './scrape-counters.js';
import { type ScrapePool, startScrapePool } from './scrape-pool.js';
import { createScrapeSlots } from './scrape-slots.js';
import { type TargetMetadataAnswer, type TargetMetadataQuery, targetMetadataAnswer } from './target-metadata.js';
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
  readonly counters?: ScrapeCounters;
  /** Takes a sentence for whatever goes wrong besides scrapes: discoveries that fail, addresses that are none. */
  readonly onProblem?: (problem: string) => void;
}

export interface Scraper {
  /** The jobs that run, in the order of their names. */
  readonly pools: readonly ScrapePool[];
  /** What `/api/v1/targets` answers under `data`. */
  targets(query?: TargetsQuery): TargetsAnswer;
  /** What `/api/v1/targets/metadata` answers under `data`. */
  targetMetadata(query: TargetMetadataQuery): readonly TargetMetadataAnswer[];
  /**
   * Goes on with these jobs. One that is configured as before is not disturbed; of one that changed, targets that stay keep
   * their series; the series of one that is gone end as those of targets that went away.
   */
  reload(configs: readonly ScrapeJob[]): void;
  /**
   * Breaks off scrapes and discoveries, and waits for what the sink is storing. Writes no stale markers: after a restart
   * series go on where they were.
   */
  stop(): Promise<void>;
}

/** Starts scraping at once. */
export function startScraper(options: ScraperOptions): Scraper {
  const { sink, clock = systemScrapeClock, counters = uncountedScrapes, onProblem = () => {} } = options;
  const limits: ScraperLimits = { ...defaultScraperLimits, ...options.limits };
  const slots = createScrapeSlots(limits.scrapesMax);
  const start = (job: ScrapeJob): ScrapePool =>
    startScrapePool({ ...limits, job, sink, clock, slots, counters, onProblem });
  const pools = new Map(options.configs.map((job) => [job.jobName, start(job)]));
  /** Jobs that are gone, whose series are still open. */
  const retired = new Map<string, ScrapePool>();
  const sortedPools = (): ScrapePool[] =>
    Array.from(pools.values()).sort((a, b) => (a.job.jobName < b.job.jobName ? -1 : 1));

  function retire(name: string, pool: ScrapePool): void {
    pools.delete(name);
    retired.set(name, pool);
    void pool.retire().then(async () => {
      if (retired.get(name) !== pool) return;
      retired.delete(name);
      await pool.stop();
    });
  }

  function revived(job: ScrapeJob): ScrapePool | undefined {
    const pool = retired.get(job.jobName);
    retired.delete(job.jobName);
    pool?.reload(job);
    return pool;
  }

  return {
    get pools() {
      return sortedPools();
    },
    targets: (query = {}) => targetsAnswer(sortedPools(), query),
    targetMetadata: (query) => targetMetadataAnswer(sortedPools(), query),
    reload(configs) {
      const names = new Set(configs.map(({ jobName }) => jobName));
      for (const [name, pool] of Array.from(pools)) if (!names.has(name)) retire(name, pool);
      for (const job of configs) {
        const pool = pools.get(job.jobName);
        if (pool === undefined) pools.set(job.jobName, revived(job) ?? start(job));
        else if (pool.job.source !== job.source) pool.reload(job);
      }
    },
    async stop() {
      await Promise.all([...pools.values(), ...retired.values()].map((pool) => pool.stop()));
    },
  };
}
