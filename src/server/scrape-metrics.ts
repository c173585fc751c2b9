/**
 * What `/metrics` exposes of scraping. Where Prometheus has a metric for the same, the name is Prometheus' with `barograph_` in
 * place of `prometheus_`. Source: prometheus/prometheus scrape/metrics.go, discovery/metrics.go, cmd/prometheus/main.go.
 */
import { Counter, Gauge, Histogram, type Registry, Summary } from 'prom-client';
import type { ScrapeCounters } from '../ingest/scrape/scrape-counters.js';
import type { ScrapePool } from '../ingest/scrape/scrape-pool.js';
import type { Reloading } from './reloading.js';

/** As Prometheus has them. */
const percentiles = [0.01, 0.05, 0.5, 0.9, 0.99];

export function scrapeCounters(registers: Registry[]): ScrapeCounters {
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Counter({ name: `barograph_${name}`, help, labelNames, registers });
  const summary = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Summary({ name: `barograph_${name}`, help, labelNames, percentiles, registers });
  const scrapes = counter('target_scrapes_total', 'Scrapes by outcome: ok, or the code of what failed.', [
    'scrape_job',
    'outcome',
  ]);
  const samples = counter('target_scrape_samples_total', 'Samples that scrapes brought, after relabelling.', [
    'scrape_job',
  ]);
  const durations = new Histogram({
    name: 'barograph_target_scrape_duration_seconds',
    help: 'Time of one scrape, from the request to decoded samples.',
    labelNames: ['scrape_job'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  const intervals = summary('target_interval_length_seconds', 'Actual intervals between scrapes.', ['interval']);
  const syncs = counter('target_scrape_pool_sync_total', 'Times that discovered targets were taken over.', [
    'scrape_job',
  ]);
  const syncSeconds = summary('target_sync_length_seconds', 'Time of taking discovered targets over.', ['scrape_job']);
  const syncFailures = counter('target_sync_failed_total', 'Discovered addresses of which no target could be made.', [
    'scrape_job',
  ]);
  const overLimit = counter(
    'target_scrape_pool_exceeded_target_limit_total',
    'Times that a job had more targets than its limit.',
    ['scrape_job'],
  );
  const discoveries = counter('sd_refreshes_total', 'Readings of a discovery.', ['mechanism', 'config']);
  const discoveryFailures = counter('sd_refresh_failures_total', 'Readings of a discovery that failed.', [
    'mechanism',
    'config',
  ]);
  return {
    scraped(scrape_job, outcome, count, seconds) {
      scrapes.inc({ scrape_job, outcome });
      samples.inc({ scrape_job }, count);
      durations.observe({ scrape_job }, seconds);
    },
    intervalPassed: (interval, seconds) => intervals.observe({ interval }, seconds),
    synced(scrape_job, seconds, failures) {
      syncs.inc({ scrape_job });
      syncSeconds.observe({ scrape_job }, seconds);
      syncFailures.inc({ scrape_job }, failures);
    },
    targetLimitExceeded: (scrape_job) => overLimit.inc({ scrape_job }),
    discovered(config, mechanism, isWell) {
      discoveries.inc({ mechanism, config });
      discoveryFailures.inc({ mechanism, config }, isWell ? 0 : 1);
    },
  };
}

/** What stands at the moment at which it is asked for. */
export function bindScrapeMetrics(
  pools: () => readonly ScrapePool[],
  reloading: Pick<Reloading, 'last'>,
  registers: Registry[],
): void {
  const byJob = <Label extends string>(
    name: string,
    help: string,
    labelNames: Label[],
    read: (pool: ScrapePool, set: (value: number, labels?: Partial<Record<Label, string>>) => void) => void,
  ) =>
    new Gauge<Label | 'scrape_job'>({
      name: `barograph_${name}`,
      help,
      labelNames: ['scrape_job', ...labelNames],
      registers,
      collect() {
        this.reset();
        for (const pool of pools())
          read(pool, (value, labels = {}) =>
            this.set({ scrape_job: pool.job.jobName, ...labels } as Record<Label | 'scrape_job', string>, value),
          );
      },
    });
  byJob('target_scrape_pool_targets', 'Targets that are scraped.', [], ({ active }, set) => set(active.length));
  byJob(
    'targets',
    'Targets by state: up, down, unknown before the first scrape, dropped by relabelling.',
    ['state'],
    ({ active, found }, set) => {
      for (const state of ['up', 'down', 'unknown'] as const)
        set(active.filter((target) => target.state.health === state).length, { state });
      set(found.droppedCount, { state: 'dropped' });
    },
  );
  byJob('sd_discovered_targets', 'Addresses that discoveries found.', [], ({ found }, set) =>
    set(found.discoveredCount),
  );
  byJob('target_scrape_pool_target_limit', 'Most targets of a job; 0 for any number.', [], ({ job }, set) =>
    set(Number.isFinite(job.limits.targetsMax) ? job.limits.targetsMax : 0),
  );
  byJob('target_metadata_cache_entries', 'Metrics of which targets told type, help or unit.', [], ({ active }, set) =>
    set(active.reduce((sum, { state }) => sum + state.metadata.length, 0)),
  );
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `barograph_${name}`,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  gauge('target_scrape_pools', 'Jobs that are scraped.', () => pools().length);
  gauge('config_last_reload_successful', '1 where the last reading of the configuration went well.', () =>
    Number(reloading.last.isSuccessful),
  );
  gauge(
    'config_last_reload_success_timestamp_seconds',
    'When the configuration in use was read.',
    () => reloading.last.successMs / 1000,
  );
}
