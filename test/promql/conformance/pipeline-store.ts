/** The scripts' series in a real store: written through the metric pipeline, read by the source that the server's queries have. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { HistogramBatchBuilder } from '../../../src/model/histogram-batch-builder.js';
import { encodeLabels, sortedLabels } from '../../../src/model/labels.js';
import type { HistogramBatch, SampleBatch } from '../../../src/model/sample-batch.js';
import { createSampleBatchBuilder } from '../../../src/model/sample-batch-builder.js';
import type { SampleSource } from '../../../src/promql/evaluate/sample-source.js';
import { nativeHistogramOf } from '../../../src/promql/leaves/histogram-columns.js';
import { withHistograms } from '../../../src/promql/leaves/histogram-source.js';
import { createSourceStatistics } from '../../../src/promql/leaves/source-limits.js';
import { createStoredSource } from '../../../src/promql/leaves/stored-source.js';
import { createLog } from '../../../src/server/cli/log.js';
import { loadConfiguration } from '../../../src/server/configuration-loading.js';
import { startMetricPipeline } from '../../../src/server/metric-pipeline.js';
import { createMetrics } from '../../../src/server/metrics.js';
import type { Engine } from '../../../src/storage/engine.js';
import { migrate } from '../../../src/storage/schema/migrate.js';
import { startTestEngine, temporaryFolder } from '../../storage/test-engine.js';
import { customBucketSeries } from './custom-bucket-series.js';
import { seriesOf } from './memory-source.js';
import type { LoadCommand } from './script.js';
import type { StoredSeries } from './stored-series.js';

export interface PipelineStore {
  /** Loads hours into memory, and reads them there. */
  readonly loading: SampleSource;
  /** Has no memory to load into: reads past it. */
  readonly past: SampleSource;
  /** Writes floats, native histograms and stale markers; resolves when they are in their tables. */
  load(command: LoadCommand): Promise<void>;
  /** Begins anew with empty tables. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

export async function startPipelineStore(): Promise<PipelineStore> {
  const { engine, stop: stopEngine } = await startTestEngine();
  await migrate(engine, { topology: { database: engine.database }, program: 'test' });
  let store = await openStore(engine);
  return {
    get loading() {
      return store.loading;
    },
    get past() {
      return store.past;
    },
    load: (command) => store.load(command),
    async clear() {
      if (store.isEmpty()) return;
      await store.close();
      for (const table of ['metric_series', 'metric_samples', 'metric_histograms'])
        await engine.command({ sql: `TRUNCATE TABLE ${table} SETTINGS max_table_size_to_drop = 0` });
      store = await openStore(engine);
    },
    async stop() {
      await store.close();
      await stopEngine();
    },
  };
}

async function openStore(engine: Engine) {
  const folder = await temporaryFolder();
  const configuration = loadConfiguration({
    flags: { data: folder, set: ['log.level=silent', 'metrics.flush_interval=1ms'] },
    environment: {},
    workingFolder: folder,
  });
  const pipeline = await startMetricPipeline({
    configuration,
    counters: createMetrics('test').metricCounters,
    logger: createLog(configuration.log),
    // Nothing passes for resident that was not loaded.
    completeFromMs: Number.POSITIVE_INFINITY,
  });
  await pipeline.beginStoring(engine, { database: engine.database });
  const { index, chunks, histograms, intake, pendingDeletions } = pipeline;
  const parts = { engine, index, chunks, histograms, pendingDeletions, statementLimits: {}, chunkBytesMax: 0 };
  const use = () => ({
    limits: { samplesMax: 1e9, seriesMax: 1e6 },
    statistics: createSourceStatistics(),
    signal: new AbortController().signal,
  });
  return {
    loading: pipeline.openSource(use()),
    past: withHistograms(createStoredSource(parts), parts)(use()),
    isEmpty: () => index.seriesCount === 0,
    async load(command: LoadCommand) {
      const loaded = seriesOf(command);
      const all = command.withCustomBuckets ? [...loaded, ...customBucketSeries(loaded)] : loaded;
      const batch = floatsOf(all);
      const result = await intake.take(
        {
          batch,
          histograms: histogramsOf(all),
          metadata: [],
          exemplars: [],
          rejected: 0,
          rejectedByCode: new Map(),
          rejections: [],
        },
        { name: 'script', protocol: 'script', isImport: true },
      );
      assert.deepEqual(result.errors, []);
      await pipeline.waitUntilStored();
    },
    async close() {
      await pipeline.stop(5_000);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function floatsOf(all: readonly StoredSeries[]): SampleBatch {
  const batch = createSampleBatchBuilder();
  for (const { labels, samples } of all) {
    const key = encodeLabels(sortedLabels(labels));
    batch.beginRun(key, 0, key.length);
    for (const { timeMs, value, isStale } of samples) {
      if (isStale === true) batch.addStaleMarker(timeMs);
      else if (value !== undefined) batch.add(timeMs, value);
    }
  }
  return batch.finish();
}

function histogramsOf(all: readonly StoredSeries[]): HistogramBatch | undefined {
  const batch = new HistogramBatchBuilder();
  for (const { labels, samples } of all) {
    const key = encodeLabels(sortedLabels(labels));
    for (const { timeMs, histogram } of samples)
      if (histogram !== undefined) batch.add(key, key.length, timeMs, nativeHistogramOf(histogram));
  }
  return batch.finish();
}
