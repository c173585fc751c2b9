/**
 * The write path of metrics, put together: series index, log, head, and the appender, which begins once the engine's schema stands.
 * Before that, the index knows the series of the log only; a series that the tables hold too becomes one with them when they are loaded.
 */
import xxhash from 'xxhash-wasm';
import { type Clock, systemClock } from '../base/clock.js';
import { type Appender, startAppender } from '../ingest/appender.js';
import { createFolder, type Folder } from '../ingest/cardinality/folder.js';
import { createGovernor, type Governor } from '../ingest/cardinality/governor.js';
import { parseRules } from '../ingest/cardinality/rules.js';
import { createLogTail, endOf, type LogTail } from '../ingest/log-tail.js';
import { createDeleteSamples } from '../ingest/metrics/delete-samples.js';
import { type DeletionParts, deleteSeries } from '../ingest/metrics/delete-series.js';
import { createFoldedSamples } from '../ingest/metrics/folded-samples.js';
import { type Head, startHead } from '../ingest/metrics/head.js';
import { loadStoredSeries } from '../ingest/metrics/load-series.js';
import type { MetricCounters } from '../ingest/metrics/metric-counters.js';
import { createMetricIntake, type MetricIntake } from '../ingest/metrics/metric-intake.js';
import { decodeMetricRecord, type MetricRecord } from '../ingest/metrics/metric-record.js';
import { createMetricTypes, loadMetricTypes, type MetricTypes } from '../ingest/metrics/metric-types.js';
import type { RecordSeries } from '../ingest/metrics/record-series.js';
import { createRecordedSeries, type RecordedSeries } from '../ingest/metrics/recorded-series.js';
import { createSeriesOrder } from '../ingest/metrics/series-order.js';
import { SeriesResolver } from '../ingest/metrics/series-resolver.js';
import { createSourceClocks, type SourceClocks } from '../ingest/metrics/source-clocks.js';
import { storeMetrics } from '../ingest/metrics/store-metrics.js';
import { createStoredSeriesDays, type StoredSeriesDays } from '../ingest/metrics/store-series.js';
import { storedSeriesOf } from '../ingest/metrics/stored-series.js';
import { Kernel } from '../kernel/kernel.js';
import { SampleSorter } from '../kernel/sample-sorter.js';
import { noRef } from '../model/series-ref.js';
import { withHistograms } from '../promql/leaves/histogram-source.js';
import { createHourLoader, type HourLoader } from '../promql/leaves/load-hours.js';
import type { SourceStatistics } from '../promql/leaves/source-limits.js';
import {
  createStoredSource,
  type OpenSource,
  readerOf,
  type StoredSourceParts,
} from '../promql/leaves/stored-source.js';
import { warmHours } from '../promql/leaves/warm-hours.js';
import { createResultCache, type ResultCache } from '../promql/result-cache/result-cache.js';
import { type ChunkStore, createChunkStore } from '../series/chunk-store/chunk-store.js';
import { createHistogramHead, type HistogramHead } from '../series/histogram-head.js';
import { createSeriesIndex, type SeriesIndex } from '../series/index/series-index.js';
import { createPendingDeletions, type PendingDeletions } from '../series/pending-deletions.js';
import type { Engine } from '../storage/engine.js';
import { histogramMetrics } from '../storage/histogram-rows.js';
import { onCluster, qualified, type Topology } from '../storage/schema/table.js';
import type { Log } from '../wal/log.js';
import { chunkBytesMaxOf, snapshotBytesMaxOf } from './chunk-bytes.js';
import type { Logger } from './cli/log.js';
import type { Configuration } from './configuration.js';
import { openPlaneLog, started, waiting } from './event-pipeline.js';
import { type FoldStateFile, openFoldState } from './fold-state-file.js';
import { createMemorySnapshot, type MemorySnapshot } from './memory-snapshot.js';
import { type Replay, replayMetrics } from './replay-metrics.js';

export interface MetricPipeline {
  readonly intake: MetricIntake;
  readonly kernel: Kernel;
  readonly index: SeriesIndex;
  readonly chunks: ChunkStore;
  readonly histograms: HistogramHead;
  readonly pendingDeletions: PendingDeletions;
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
  /** Gives a PromQL query its samples. Fails with `engine_unavailable` before the series of the tables are loaded. */
  readonly openSource: OpenSource;
  /** Results of range queries. */
  readonly resultCache: ResultCache;
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

/** What the pipeline consists of before there is an engine. */
interface Plane {
  readonly options: MetricPipelineOptions;
  readonly clock: Clock;
  readonly index: SeriesIndex;
  /** 64-bit hash of canonical label bytes. */
  readonly hash64: (bytes: Uint8Array) => bigint;
  readonly log: Log;
  readonly tail: LogTail<MetricRecord>;
  readonly recordSeries: RecordSeries;
  readonly recorded: RecordedSeries;
  readonly governor: Governor;
  readonly types: MetricTypes;
  readonly kernel: Kernel;
  readonly resolver: SeriesResolver;
  readonly chunks: ChunkStore;
  readonly histograms: HistogramHead;
  readonly pendingDeletions: PendingDeletions;
  readonly head: Head;
  readonly resultCache: ResultCache;
  readonly folder: Folder;
  readonly foldState: FoldStateFile;
  readonly sources: SourceClocks;
  readonly snapshot: MemorySnapshot;
  /** Aborted when the pipeline stops. */
  readonly stopping: AbortController;
}

/** What comes with the engine. */
interface Storing {
  readonly appender: Appender;
  readonly deletion: DeletionParts;
  readonly openSource: OpenSource;
  readonly engine: Engine;
}

/** Fails where the log cannot be opened. */
export async function startMetricPipeline(options: MetricPipelineOptions): Promise<MetricPipeline> {
  const plane = await openPlane(options);
  const { log, tail, index, chunks, folder, governor, sources, head } = plane;
  let storing: Storing | undefined;
  const intake = intakeOf(plane, () => storing?.appender.notify());
  const replay = await replayMetrics({ ...plane, foldedBelow: plane.foldState.sequence });
  return {
    intake,
    kernel: plane.kernel,
    index,
    chunks,
    histograms: plane.histograms,
    pendingDeletions: plane.pendingDeletions,
    folder,
    governor,
    sources,
    resultCache: plane.resultCache,
    log,
    waitingRows: () => tail.waitingRows,
    appenderState: () => storing?.appender.state ?? waiting,
    problem: () => storing?.appender.problem,
    async beginStoring(engine, topology) {
      storing = await startStoring(plane, replay, engine, topology);
      storing.appender.notify();
    },
    openSource(use) {
      started(storing?.appender);
      return storing!.openSource(use);
    },
    async deleteSamples(refs, fromMs, toMs) {
      started(storing?.appender);
      await deleteSeries(refs, fromMs, toMs, storing!.deletion);
    },
    async waitUntilStored() {
      await started(storing?.appender).waitUntilStored(log.durableSequence);
    },
    async stop(graceMs) {
      plane.stopping.abort();
      head.stop();
      await storing?.appender.stop(graceMs);
      // What was appended since the last flush is not in the tables: the log's numbers tell.
      await log.close();
      if (storing !== undefined) await plane.snapshot.save(storing.engine);
    },
  };
}

async function openPlane(options: MetricPipelineOptions): Promise<Plane> {
  const { configuration, completeFromMs, clock = systemClock } = options;
  const { metrics } = configuration;
  const [index, { h64Raw }] = await Promise.all([createSeriesIndex({ clock }), xxhash()]);
  const hash64 = (bytes: Uint8Array): bigint => h64Raw(bytes);
  const types = createMetricTypes();
  const governor = governorOf(configuration, index, types, clock);
  const kernel = new Kernel();
  const chunks = createChunkStore({
    budgetBytes: chunkBytesMaxOf(configuration),
    groupOf: (ref) => index.metricOf(ref),
    completeFromMs,
  });
  const histograms = createHistogramHead(index);
  const recordSeries = recordSeriesOf(index);
  const resultCache = createResultCache({
    bytesMax: configuration.query.promql.cacheBytesMax,
    clock,
    metricNameOf: (ref) => index.metricName(index.metricOf(ref)),
  });
  const log = await openPlaneLog('metrics', options);
  const foldState = await openFoldState(configuration.data, options.logger);
  return {
    options,
    clock,
    index,
    hash64,
    log,
    tail: createLogTail(log, metrics.memoryBytesMax, (sequence, payload) =>
      decodeMetricRecord(sequence, payload, recordSeries),
    ),
    recordSeries,
    recorded: createRecordedSeries(),
    governor,
    types,
    kernel,
    resolver: new SeriesResolver({ kernel, index, governor, hash64, senderKeysBytesMax: metrics.senderKeysBytesMax }),
    chunks,
    histograms,
    pendingDeletions: createPendingDeletions(index),
    head: startHead({
      index,
      chunks,
      histograms,
      clock,
      onAppended: ({ refs, runCount, sampleEnds, timesMs }) =>
        resultCache.noteSamples(refs, runCount, sampleEnds, timesMs),
    }),
    resultCache,
    folder: createFolder(foldState.state),
    foldState,
    sources: createSourceClocks(),
    snapshot: createMemorySnapshot({
      folder: configuration.data,
      log,
      index,
      chunks,
      bytesMax: snapshotBytesMaxOf(configuration),
      timeMaxMs: metrics.snapshot.timeMaxMs,
      logger: options.logger,
    }),
    stopping: new AbortController(),
  };
}

function governorOf(
  { metrics: { cardinality } }: Configuration,
  index: SeriesIndex,
  { typeOf }: MetricTypes,
  clock: Clock,
): Governor {
  const { seriesMax, seriesPerMetricMax, valuesPerLabelMax, newSeriesPerMinuteMax, rules = [] } = cardinality;
  return createGovernor({
    budgets: {
      seriesMax,
      seriesPerMetricMax,
      valuesPerLabelMax,
      newSeriesPerMinuteMax: newSeriesPerMinuteMax ?? Number.POSITIVE_INFINITY,
    },
    rules: parseRules(structuredClone(rules)),
    series: storedSeriesOf(index),
    typeOf,
    clock,
  });
}

function intakeOf(plane: Plane, onAppended: () => void): MetricIntake {
  const { options, folder, index, recorded } = plane;
  const { metrics, ingest } = options.configuration;
  return createMetricIntake({
    ...plane,
    counters: options.counters,
    folded: createFoldedSamples(folder, index),
    isRecorded: recorded.has,
    markRecorded: (refs) => refs.forEach(recorded.add),
    limits: {
      behindMsMax: metrics.accept.behindMs,
      aheadMsMax: metrics.accept.aheadMs,
      inflightBytesMax: ingest.inflightBytesMax,
    },
    onAppended,
  });
}

async function startStoring(plane: Plane, replay: Replay, engine: Engine, topology: Topology): Promise<Storing> {
  const { options, index, log, tail, head, hash64, foldState } = plane;
  const { counters, logger, configuration } = options;
  const { metrics, query } = configuration;
  const { flushIntervalMs, flushRowsMax } = metrics;
  const storedDays = createStoredSeriesDays(index);
  await loadMetricTypes(engine, plane.types);
  await loadSeries(plane, storedDays, engine);
  for (const metric of await histogramMetrics(engine)) plane.histograms.addMetric(metric);
  await replay.finish();
  await plane.snapshot.restore(engine);
  const mutated = (table: string): string =>
    qualified(topology.cluster === undefined ? table : `${table}_local`, topology) + onCluster(topology);
  const order = createSeriesOrder(index);
  const deleteSamples = createDeleteSamples({ engine, index, mutated });
  // In a kernel of its own: what is being inserted must not be moved by what comes in.
  const sorter = new SampleSorter(new Kernel());
  const store = { engine, index, order, sorter, storedDays, counters, deleteSamples, hash64 };
  const appender = startAppender({
    log,
    tail,
    async store(records) {
      await storeMetrics(records, store);
      head.setStoredBelow(endOf(records.at(-1)!));
      plane.pendingDeletions.settle(endOf(records.at(-1)!) - 1);
      // Before the checkpoint, behind which no start reads.
      await foldState.save(log.nextSequence);
    },
    counters,
    flushIntervalMs,
    flushRowsMax,
    flushBytesMax,
    onProblem: (problem) => logger.error({ problem }, 'samples wait in the log'),
  });
  const statementLimits = { timeMs: query.promql.timeMaxMs, memoryBytes: query.memoryBytesMax };
  const sourceParts = {
    ...plane,
    engine,
    chunkBytesMax: chunkBytesMaxOf(configuration),
    statementLimits,
    loader: createHourLoader({ ...plane, engine, limits: statementLimits }),
  };
  const openSource = withHistograms(createStoredSource(sourceParts), sourceParts);
  void plane.snapshot.restored.then(() => warm(plane, sourceParts));
  return {
    appender,
    deletion: { ...plane, appender, engine, storedDays, order, mutated, onDeleted: plane.resultCache.noteDeletion },
    openSource,
    engine,
  };
}

/** Begins to bring the newest hours back into memory, and does not wait for it. */
function warm({ options: { configuration, logger }, stopping, index, chunks }: Plane, parts: WarmSourceParts): void {
  const { warmMs } = configuration.metrics;
  const hoursMax = Number.isFinite(warmMs) ? Math.ceil(warmMs / 3_600_000) : 0;
  if (hoursMax === 0 || index.seriesCount === 0) return;
  const startedMs = performance.now();
  const reader = (signal: AbortSignal, statistics: SourceStatistics) => readerOf(parts, { signal, statistics });
  const { loader, chunkBytesMax } = parts;
  warmHours({ loader, index, chunks, reader }, { hoursMax, chunkBytesMax }, stopping.signal).then(
    ({ samples }) => {
      if (samples > 0)
        logger.info({ samples, ms: Math.round(performance.now() - startedMs) }, 'samples back in memory');
    },
    (error: unknown) => {
      if (!stopping.signal.aborted)
        logger.warn({ err: error }, 'samples are left to be loaded when they are asked for');
    },
  );
}

type WarmSourceParts = StoredSourceParts & { readonly loader: HourLoader };

async function loadSeries(
  { options: { logger }, index, recorded, governor }: Plane,
  storedDays: StoredSeriesDays,
  engine: Engine,
): Promise<void> {
  const startedMs = performance.now();
  const { series, refused } = await loadStoredSeries(engine, index, ({ refs, firstMs, lastMs }) => {
    governor.restore(
      refs.filter((ref) => !recorded.has(ref)),
      index.labelPairs(),
    );
    refs.forEach((ref, i) => {
      recorded.add(ref);
      storedDays.restore(ref, firstMs[i]!, lastMs[i]!);
    });
  });
  if (refused > 0)
    logger.error({ rows: refused }, 'rows of metric_series do not belong to their ids and were left out');
  if (series > 0) logger.info({ series, ms: Math.round(performance.now() - startedMs) }, 'series loaded');
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
