/** What `/api/v1/targets` answers under `data`. Source: prometheus/prometheus web/api/v1/api.go, `TargetDiscovery`. */
import { hostname } from 'node:os';
import type { Labels } from '../../model/labels.js';
import { formatPrometheusDuration } from './prometheus-units.js';
import type { ScrapePool } from './scrape-pool.js';
import type { LabelTexts } from './target-group.js';
import type { TargetScrape } from './target-scrape.js';

export interface ActiveTargetAnswer {
  readonly discoveredLabels: LabelTexts;
  readonly labels: LabelTexts;
  readonly scrapePool: string;
  readonly scrapeUrl: string;
  /** The URL as other machines can reach it. */
  readonly globalUrl: string;
  readonly lastError: string;
  /** RFC 3339; the year 1 where there was no scrape yet. */
  readonly lastScrape: string;
  /** Seconds. */
  readonly lastScrapeDuration: number;
  readonly health: 'unknown' | 'up' | 'down';
  readonly scrapeInterval: string;
  readonly scrapeTimeout: string;
}

export interface DroppedTargetAnswer {
  readonly discoveredLabels: LabelTexts;
  readonly scrapePool: string;
}

export interface TargetsAnswer {
  readonly activeTargets: readonly ActiveTargetAnswer[];
  readonly droppedTargets: readonly DroppedTargetAnswer[];
  readonly droppedTargetCounts: Readonly<Record<string, number>>;
}

/** The parameters of the request, as they come. */
export interface TargetsQuery {
  /** `active`, `dropped` or `any`, in any letters; anything else shows neither, as in Prometheus. */
  readonly state?: string;
  /** Only the targets of this job. */
  readonly scrapePool?: string;
}

/** Go's time without a value. */
const noTime = '0001-01-01T00:00:00Z';
const localHosts = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Pools in the order that the answer has. */
export function targetsAnswer(
  pools: readonly ScrapePool[],
  { state = '', scrapePool = '' }: TargetsQuery,
): TargetsAnswer {
  const shows = (kind: string): boolean => ['', 'any', kind].includes(state.toLowerCase());
  const asked = pools.filter(({ job }) => scrapePool === '' || job.jobName === scrapePool);
  return {
    activeTargets: shows('active') ? asked.flatMap(({ active }) => active.map(activeTarget)) : [],
    droppedTargets: shows('dropped') ? asked.flatMap(droppedTargets) : [],
    droppedTargetCounts: shows('dropped')
      ? Object.fromEntries(pools.map(({ job, found }) => [job.jobName, found.droppedCount]))
      : {},
  };
}

function activeTarget({ target, state }: TargetScrape): ActiveTargetAnswer {
  const { health, lastError, lastScrapeMs, lastDurationMs } = state;
  return {
    discoveredLabels: textsOf(target.discoveredLabels),
    labels: textsOf(target.labels),
    scrapePool: target.job.jobName,
    scrapeUrl: target.url,
    globalUrl: globalUrl(target.url),
    lastError,
    lastScrape: lastScrapeMs === undefined ? noTime : new Date(lastScrapeMs).toISOString(),
    lastScrapeDuration: lastDurationMs / 1000,
    health,
    scrapeInterval: formatPrometheusDuration(target.intervalMs),
    scrapeTimeout: formatPrometheusDuration(target.timeoutMs),
  };
}

const droppedTargets = ({ job, found }: ScrapePool): DroppedTargetAnswer[] =>
  found.dropped.map((labels) => ({ discoveredLabels: textsOf(labels), scrapePool: job.jobName }));

const textsOf = (labels: Labels): LabelTexts => Object.fromEntries(labels);

/** A target on this machine is known elsewhere by the machine's name. */
function globalUrl(url: string): string {
  const { hostname: host } = new URL(url);
  return localHosts.has(host) ? url.replace(host, hostname()) : url;
}
