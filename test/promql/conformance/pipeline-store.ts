/** The scripts' series in a real store: written through the metric pipeline, read by the source that the server's queries have. */
import { rm } from 'node:fs/promises';
import { encodeLabels, sortedLabels } from '../../../src/model/labels.js';
import type { SampleBatch } from '../../../src/model/sample-batch.js';
import { createSampleBatchBuilder } from '../../../src/model/sample-batch-builder.js';
import type { SampleSource } from '../../../src/promql/evaluate/sample-source.js';
import { createSourceStatistics } from '../../../src/promql/leaves/source-limits.js';
import { createStoredSource } from '../../../src/promql/leaves/stored-source.js';
import { createLog } from '../../../src/server/cli/log.js';
import { loadConfiguration } from '../../../src/server/configuration-loading.js';
import { startMetricPipeline } from '../../../src/server/metric-pipeline.js';
import { createMetrics } from '../../../src/server/metrics.js';
import type { Engine } from '../../../src/storage/engine.js';
import { migrate } from '../../../src/storage/schema/migrate.js';
import { startTestEngine, temporaryFolder } from '../../storage/test-engine.js';
import type { LoadCommand } from './script.js';

export interface PipelineStore {
  /** Loads hours into memory, and reads them there. */
  readonly loading: SampleSource;
  /** Has no memory to load into: reads past it. */
  readonly past: SampleSource;
  /** Writes floats and stale markers; resolves when they are in their table. */
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
      for (const table of ['metric_series', 'metric_samples'])
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
  const { index, chunks, intake, pendingDeletions } = pipeline;
  const parts = { engine, index, chunks, pendingDeletions, statementLimits: {}, chunkBytesMax: 0 };
  const use = () => ({
    limits: { samplesMax: 1e9, seriesMax: 1e6 },
    statistics: createSourceStatistics(),
    signal: new AbortController().signal,
  });
  return {
    loading: pipeline.openSource(use()),
    past: createStoredSource(parts)(use()),
    isEmpty: () => index.seriesCount === 0,
    async load(command: LoadCommand) {
      const batch = floatsOf(command);
      if (batch.sampleCount === 0) return;
      await intake.takeBatch(batch, { name: 'script', protocol: 'script', isImport: true });
      await pipeline.waitUntilStored();
    },
    async close() {
      await pipeline.stop(5_000);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function floatsOf({ stepMs, series }: LoadCommand): SampleBatch {
  const batch = createSampleBatchBuilder();
  for (const { labels, values } of series) {
    const key = encodeLabels(sortedLabels(labels));
    batch.beginRun(key, 0, key.length);
    values.forEach(({ value, isStale }, i) => {
      if (isStale === true) batch.addStaleMarker(i * stepMs);
      else if (value !== undefined) batch.add(i * stepMs, value);
    });
  }
  return batch.finish();
}
