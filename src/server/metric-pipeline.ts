/**
 * The write path of metrics, put together: series index, log, head, and the appender, which begins once the engine's schema stands.
 * Before that, the index knows the series of the log only; a series that the tables hold too becomes one with them when they are loaded.
 */
import { totalmem } from 'node:os';
import xxhash from 'xxhash-wasm';
import { type Clock, systemClock } from '../base/clock.js';
import { type Appender, startAppender } from '../ingest/appender.js';
import { createFolder, type Folder } from '../ingest/cardinality/folder.js';
import { createFolderState, defaultFolderOptions } from '../ingest/cardinality/folder-state.js';
import { createGovernor, type Governor } from '../ingest/cardinality/governor.js';
import { parseRules } from '../ingest/cardinality/rules.js';
import { createLogTail, endOf } from '../ingest/log-tail.js';
import { createDeleteSamples } from '../ingest/metrics/delete-samples.js';
import { type DeletionParts, deleteSeries } from '../ingest/metrics/delete-series.js';
import { createFoldedSamples } from '../ingest/metrics/folded-samples.js';
import { startHead } from '../ingest/metrics/head.js';
import { loadStoredSeries } from '../ingest/metrics/load-series.js';
import type { MetricCounters } from '../ingest/metrics/metric-counters.js';
import { createMetricIntake, type MetricIntake } from '../ingest/metrics/metric-intake.js';
import { decodeMetricRecord, noRef, type RecordSeries } from '../ingest/metrics/metric-record.js';
import { createRecordedSeries } from '../ingest/metrics/recorded-series.js';
import { createSeriesOrder } from '../ingest/metrics/series-order.js';
import { createSeriesResolver } from '../ingest/metrics/series-resolver.js';
import { createSourceClocks, type SourceClocks } from '../ingest/metrics/source-clocks.js';
import { storeMetrics } from '../ingest/metrics/store-metrics.js';
import { createStoredSeriesDays } from '../ingest/metrics/store-series.js';
import { storedSeriesOf } from '../ingest/metrics/stored-series.js';
import { type ChunkStore, createChunkStore } from '../series/chunk-store/chunk-store.js';
import { createSeriesIndex, type SeriesIndex } from '../series/index/series-index.js';
import type { Engine } from '../storage/engine.js';
import { onCluster, qualified, type Topology } from '../storage/schema/table.js';
import type { Log } from '../wal/log.js';
import type { Logger } from './cli/log.js';
import type { Configuration } from './configuration.js';
import { openPlaneLog, started, waiting } from './event-pipeline.js';

export interface MetricPipeline {
  readonly intake: MetricIntake;
  readonly index: SeriesIndex;
  readonly chunks: ChunkStore;
  readonly folder: Folder;
  readonly governor: Governor;
  readonly sources: SourceClocks;
  readonly log: Log;
  readonly waitingRows: () => number;
  readonly appenderState: () => string;
  /** What is wrong, in words; undefined when all is well. */
  readonly problem: () => string | undefined;
  /** Loads the series of the tables and begins to store what the log holds; the engine's schema must stand. */
  readonly beginStoring: (engine: Engine, topology: Topology) => Promise<void>;
  /** Resolves when every sample acknowledged so far is in its table. */
  readonly waitUntilStored: () => Promise<void>;
  /** Deletes samples of series with times in [fromMs, toMs]; resolves when they are gone from memory and tables. */
  readonly deleteSamples: (refs: Uint32Array, fromMs: number, toMs: number) => Promise<void>;
  readonly stop: (graceMs: number) => Promise<void>;
}

export interface MetricPipelineOptions {
  readonly configuration: Configuration;
  readonly counters: MetricCounters;
  readonly logger: Logger;
  /** From the hour of this time on the tables hold nothing that this process has not seen. Epoch milliseconds. */
  readonly completeFromMs: number;
  readonly clock?: Clock;
}

/** Samples of one flush take at most so much memory. */
const flushBytesMax = 256 * 1024 * 1024;

/** Fails where the log cannot be opened. */
export async function startMetricPipeline(options: MetricPipelineOptions): Promise<MetricPipeline> {
  const { configuration, counters, logger, completeFromMs, clock = systemClock } = options;
  const { metrics } = configuration;
  const [index, { h64Raw }] = await Promise.all([createSeriesIndex({ clock }), xxhash()]);
  const hash64 = (bytes: Uint8Array): bigint => h64Raw(bytes);
  const log = await openPlaneLog('metrics', options);
  const recordSeries = recordSeriesOf(index);
  const tail = createLogTail(log, metrics.memoryBytesMax, (sequence, payload) =>
    decodeMetricRecord(sequence, payload, recordSeries),
  );
  const recorded = createRecordedSeries();
  const governor = createGovernor({
    budgets: {
      seriesMax: metrics.cardinality.seriesMax,
      seriesPerMetricMax: metrics.cardinality.seriesPerMetricMax,
      valuesPerLabelMax: metrics.cardinality.valuesPerLabelMax,
      newSeriesPerMinuteMax: metrics.cardinality.newSeriesPerMinuteMax ?? Number.POSITIVE_INFINITY,
    },
    rules: parseRules(structuredClone(metrics.cardinality.rules ?? [])),
    series: storedSeriesOf(index),
    clock,
  });
  const resolver = createSeriesResolver({ index, governor, hash64, senderKeysBytesMax: metrics.senderKeysBytesMax });
  const sources = createSourceClocks();
  const chunks = createChunkStore({
    budgetBytes: metrics.chunkBytesMax ?? Math.floor(totalmem() / 4),
    groupOf: (ref) => index.metricOf(ref),
    completeFromMs,
  });
  const head = startHead({ index, chunks, clock });
  const folder = createFolder(createFolderState(defaultFolderOptions));
  let appender: Appender | undefined;
  let deletion: DeletionParts | undefined;
  const intake = createMetricIntake({
    log,
    tail,
    resolver,
    folded: createFoldedSamples(folder, index),
    recordSeries,
    isRecorded: recorded.has,
    markRecorded: (refs) => refs.forEach(recorded.add),
    head,
    counters,
    sources,
    clock,
    limits: {
      behindMsMax: metrics.accept.behindMs,
      aheadMsMax: metrics.accept.aheadMs,
      inflightBytesMax: configuration.ingest.inflightBytesMax,
    },
    onAppended: () => appender?.notify(),
  });

  // What the tables do not have yet is readable before anything new is taken.
  for await (const { sequence, payload } of log.read(log.checkpointSequence)) {
    const record = decodeMetricRecord(sequence, payload, recordSeries);
    if (record.kind === 'samples') {
      for (const ref of record.newSeries) recorded.add(ref);
      head.append(record.samples, sequence);
    }
  }

  return {
    intake,
    index,
    chunks,
    folder,
    governor,
    sources,
    log,
    waitingRows: () => tail.waitingRows,
    appenderState: () => appender?.state ?? waiting,
    problem: () => appender?.problem,
    async beginStoring(engine, topology) {
      const storedDays = createStoredSeriesDays(index);
      const startedMs = performance.now();
      const { series, refused } = await loadStoredSeries(engine, index, (ref, firstMs, lastMs) => {
        recorded.add(ref);
        storedDays.restore(ref, firstMs, lastMs);
        governor.restore(index.canonicalBytesOf(ref));
      });
      if (refused > 0)
        logger.error({ rows: refused }, 'rows of metric_series do not belong to their ids and were left out');
      if (series > 0) logger.info({ series, ms: Math.round(performance.now() - startedMs) }, 'series loaded');
      const mutated = (table: string): string =>
        qualified(topology.cluster === undefined ? table : `${table}_local`, topology) + onCluster(topology);
      const order = createSeriesOrder(index);
      const store = {
        engine,
        index,
        order,
        storedDays,
        counters,
        deleteSamples: createDeleteSamples({ engine, index, mutated }),
        hash64,
      };
      appender = startAppender({
        log,
        tail,
        async store(records, attempt) {
          await storeMetrics(records, store, attempt);
          head.setStoredBelow(endOf(records.at(-1)!));
        },
        counters,
        flushIntervalMs: metrics.flushIntervalMs,
        flushRowsMax: metrics.flushRowsMax,
        flushBytesMax,
        onProblem: (problem) => logger.error({ problem }, 'samples wait in the log'),
      });
      deletion = {
        log,
        tail,
        appender,
        engine,
        index,
        chunks,
        governor,
        resolver,
        recorded,
        recordSeries,
        storedDays,
        order,
        clock,
        mutated,
      };
      appender.notify();
    },
    async deleteSamples(refs, fromMs, toMs) {
      started(appender);
      await deleteSeries(refs, fromMs, toMs, deletion!);
    },
    async waitUntilStored() {
      await started(appender).waitUntilStored(log.durableSequence);
    },
    async stop(graceMs) {
      head.stop();
      await appender?.stop(graceMs);
      await log.close();
    },
  };
}

const recordSeriesOf = (index: SeriesIndex): RecordSeries => ({
  get idLow() {
    return index.idLow;
  },
  get idHigh() {
    return index.idHigh;
  },
  canonicalBytesOf: (ref) => index.canonicalBytesOf(ref),
  add: (bytes) => index.add(bytes, 0, bytes.length),
  refOfId(low, high) {
    const ref = index.refOfId(low, high);
    return ref < 0 ? noRef : ref;
  },
});
