/** What `/metrics` exposes, in the names of Prometheus' conventions. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { FlushCounters } from '../ingest/appender.js';
import type { IngestCounters } from '../ingest/counters.js';
import type { MetricCounters } from '../ingest/metrics/metric-counters.js';
import type { ScrapeCounters } from '../ingest/scrape/scrape-counters.js';
import type { ScrapePool } from '../ingest/scrape/scrape-pool.js';
import type { Log, LogStats } from '../wal/log.js';
import type { Reloading } from './reloading.js';
import { bindScrapeMetrics, scrapeCounters } from './scrape-metrics.js';

/** Values that are read when they are asked for. */
export interface MetricSources {
  /** By plane. */
  readonly logs: Readonly<Record<string, { readonly log: Pick<Log, 'stats'>; readonly waitingRows: () => number }>>;
  readonly seriesCount: () => number;
  readonly engineUp: () => number;
  readonly queriesRunning: () => number;
  readonly queriesWaiting: () => number;
  /** PromQL by kind. */
  readonly promql: Readonly<Record<'light' | 'heavy', { readonly running: number; readonly waiting: number }>>;
  readonly scrapePools: () => readonly ScrapePool[];
  readonly reloading: Pick<Reloading, 'last'>;
}

export interface ServerMetrics {
  readonly counters: IngestCounters;
  readonly metricCounters: MetricCounters;
  readonly scrapeCounters: ScrapeCounters;
  /** Binds what is measured elsewhere; called once. */
  readonly bind: (sources: MetricSources) => void;
  readonly text: () => Promise<{ readonly contentType: string; readonly text: string }>;
}

export function createMetrics(version: string): ServerMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const accepted = new Counter({
    name: 'barograph_rows_accepted_total',
    help: 'Rows acknowledged, by kind.',
    labelNames: ['kind'],
    registers,
  });
  const rejected = new Counter({
    name: 'barograph_rows_rejected_total',
    help: 'Rows not taken, by kind and reason.',
    labelNames: ['kind', 'code'],
    registers,
  });
  const stored = new Counter({
    name: 'barograph_rows_stored_total',
    help: 'Rows brought to their table, by kind.',
    labelNames: ['kind'],
    registers,
  });
  const repeated = new Counter({
    name: 'barograph_predictions_repeated_total',
    help: 'Predictions that were there already, the same in every field.',
    registers,
  });
  const replaced = new Counter({
    name: 'barograph_predictions_replaced_total',
    help: 'Predictions that took the place of a different one under their request id.',
    registers,
  });
  const flushes = new Histogram({
    name: 'barograph_flush_duration_seconds',
    help: 'Time of one flush to the engine, all tables together, by plane.',
    labelNames: ['plane'],
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  const failures = new Counter({
    name: 'barograph_flush_failures_total',
    help: 'Flushes that failed and were tried again, by plane and error code.',
    labelNames: ['plane', 'code'],
    registers,
  });
  exposeBuild(version, registers);
  const flushCounters = (plane: string): FlushCounters => ({
    flushed: (seconds) => flushes.observe({ plane }, seconds),
    flushFailed: (code) => failures.inc({ plane, code }),
  });
  return {
    counters: {
      rowsAccepted: (kind, rows) => accepted.inc({ kind }, rows),
      rowsRejected: (kind, code, rows) => rejected.inc({ kind, code }, rows),
      rowsStored: (kind, rows) => stored.inc({ kind }, rows),
      predictionsRepeated: (rows) => repeated.inc(rows),
      predictionsReplaced: (rows) => replaced.inc(rows),
      ...flushCounters('events'),
    },
    metricCounters: { ...metricCounters(registers), ...flushCounters('metrics') },
    scrapeCounters: scrapeCounters(registers),
    bind(sources) {
      bindSources(sources, registers);
      bindScrapeMetrics(sources.scrapePools, sources.reloading, registers);
    },
    text: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}

function exposeBuild(version: string, registers: Registry[]): void {
  new Gauge({
    name: 'barograph_build_info',
    help: 'Version of this program; always 1.',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version, node: process.version }, 1);
}

function metricCounters(registers: Registry[]): Omit<MetricCounters, keyof FlushCounters> {
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[] = []) =>
    new Counter({ name, help, labelNames, registers });
  const accepted = counter('barograph_samples_accepted_total', 'Samples acknowledged, by protocol.', ['protocol']);
  const rejected = counter('barograph_samples_rejected_total', 'Samples not taken, by protocol and reason.', [
    'protocol',
    'code',
  ]);
  const exemplars = counter('barograph_exemplars_accepted_total', 'Exemplars acknowledged.');
  const stored = counter('barograph_samples_stored_total', 'Samples brought to their table.');
  const series = counter('barograph_series_rows_stored_total', 'Rows of series brought to their table.');
  return {
    samplesAccepted: (protocol, samples) => accepted.inc({ protocol }, samples),
    samplesRejected: (protocol, code, samples) => rejected.inc({ protocol, code }, samples),
    exemplarsAccepted: (count) => exemplars.inc(count),
    samplesStored: (samples) => stored.inc(samples),
    seriesStored: (rows) => series.inc(rows),
  };
}

function bindSources(sources: MetricSources, registers: Registry[]): void {
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  const byPlane = (
    name: string,
    help: string,
    read: (plane: MetricSources['logs'][string], stats: LogStats) => number,
  ) =>
    new Gauge({
      name,
      help,
      labelNames: ['plane'],
      registers,
      collect() {
        for (const [plane, source] of Object.entries(sources.logs))
          this.set({ plane }, read(source, source.log.stats()));
      },
    });
  byPlane('barograph_log_bytes', 'Bytes of the write-ahead log on disk.', (_, { bytes }) => bytes);
  byPlane(
    'barograph_log_age_seconds',
    'Age of the oldest row that is in the log alone.',
    (_, { oldestUnstoredAgeMs = 0 }) => oldestUnstoredAgeMs / 1000,
  );
  byPlane('barograph_log_waiting_rows', 'Acknowledged rows that are not in their table yet.', ({ waitingRows }) =>
    waitingRows(),
  );
  byPlane(
    'barograph_log_fsyncs',
    'Times the write-ahead log was brought to disk since the start.',
    (_, { fsyncs }) => fsyncs,
  );
  gauge('barograph_series', 'Series in the index.', sources.seriesCount);
  gauge('barograph_engine_up', '1 while the engine answers.', sources.engineUp);
  gauge('barograph_queries_running', 'Queries that run now.', sources.queriesRunning);
  gauge('barograph_queries_waiting', 'Queries that wait for their turn.', sources.queriesWaiting);
  for (const state of ['running', 'waiting'] as const)
    new Gauge({
      name: `barograph_promql_queries_${state}`,
      help: `PromQL queries that are ${state}, light ones on the main thread and heavy ones in threads of their own.`,
      labelNames: ['kind'],
      registers,
      collect() {
        for (const [kind, queries] of Object.entries(sources.promql)) this.set({ kind }, queries[state]);
      },
    });
}
