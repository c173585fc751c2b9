import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { encodeLabels, sortedLabels } from '../../../src/model/labels.js';
import { seriesId } from '../../../src/model/series-ref.js';
import { createHourLoader } from '../../../src/promql/leaves/load-hours.js';
import type { SourceStatistics } from '../../../src/promql/leaves/source-limits.js';
import { readerOf } from '../../../src/promql/leaves/stored-source.js';
import { warmHours } from '../../../src/promql/leaves/warm-hours.js';
import { createSampleColumns } from '../../../src/series/chunk/sample-columns.js';
import { createChunkStore } from '../../../src/series/chunk-store/chunk-store.js';
import { createSeriesIndex } from '../../../src/series/index/series-index.js';
import { createPendingDeletions } from '../../../src/series/pending-deletions.js';
import { migrate } from '../../../src/storage/schema/migrate.js';
import { startTestEngine, type TestEngine } from '../../storage/test-engine.js';

const startMs = Date.parse('2026-01-01T00:00:00Z');
const hourMs = 3_600_000;

describe('the newest hours', () => {
  let test: TestEngine;
  before(async () => {
    test = await startTestEngine();
    await migrate(test.engine, { topology: { database: test.engine.database }, program: '1' });
  });
  after(() => test.stop());

  /** A start over the same tables: nothing is in memory. */
  async function started() {
    const { engine } = test;
    const index = await createSeriesIndex();
    const refs = ['a', 'b'].map((name) => {
      const key = encodeLabels(sortedLabels([['__name__', name]]));
      return index.add(key, 0, key.length);
    });
    const times = Float64Array.of(startMs, startMs + 10 * hourMs - 1);
    for (const ref of refs) index.observe(Uint32Array.of(ref), 1, Uint32Array.of(2), times);
    const chunks = createChunkStore({
      budgetBytes: 2 ** 24,
      arenaBytes: 2 ** 16,
      groupOf: (ref) => index.metricOf(ref),
      completeFromMs: Number.POSITIVE_INFINITY,
    });
    const source = { engine, index, chunks, pendingDeletions: createPendingDeletions(index), statementLimits: {} };
    const loader = createHourLoader({ ...source, limits: {} });
    const reader = (signal: AbortSignal, statistics: SourceStatistics) =>
      readerOf({ ...source, chunkBytesMax: 0 }, { signal, statistics });
    return { index, chunks, refs, parts: { loader, index, chunks, reader } };
  }

  it('come back into memory as far as they are asked for', async () => {
    const { index, chunks, refs, parts } = await started();
    for (const ref of refs)
      await test.engine.command({
        sql: `INSERT INTO metric_samples (metric, series, ts, mantissa, scale)
SELECT '${index.metricName(index.metricOf(ref))}', ${seriesId(index.idLow[ref]!, index.idHigh[ref]!)},
  fromUnixTimestamp64Milli(toInt64(${startMs} + number * 60000), 'UTC'), number, 0
FROM numbers(600)`,
      });
    const limits = { hoursMax: 3, chunkBytesMax: 2 ** 24 };
    assert.deepEqual(await warmHours(parts, limits, new AbortController().signal), { hours: 3, samples: 2 * 3 * 60 });
    for (const ref of refs) {
      const read = createSampleColumns();
      chunks.read(ref, startMs - 1, startMs + 10 * hourMs, read);
      assert.deepEqual(
        Array.from(read.values.subarray(0, read.length)),
        Array.from({ length: 180 }, (_, i) => 420 + i),
      );
      const residents = Array.from({ length: 10 }, (_, hour) =>
        chunks.isResident(index.metricOf(ref), startMs + hour * hourMs),
      );
      assert.deepEqual(residents, [...Array(7).fill(false), true, true, true]);
    }
  });

  it('stay in the tables where they would take more than half of the memory', async () => {
    const { parts } = await started();
    const warmed = await warmHours(parts, { hoursMax: 24, chunkBytesMax: 1_000 }, new AbortController().signal);
    assert.deepEqual(warmed, { hours: 1, samples: 120 });
  });
});
