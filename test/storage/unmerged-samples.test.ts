import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { readSampleRows, type SampleRows } from '../../src/storage/sample-rows.js';
import { migrate } from '../../src/storage/schema/migrate.js';
import { readUnmergedSamples } from '../../src/storage/unmerged-samples.js';
import { startTestEngine, type TestEngine } from './test-engine.js';

const startMs = 1_767_225_600_000;

/** Runs by id, values as bits. */
const contents = ({ runs }: SampleRows) =>
  runs
    .map(({ idLow, idHigh, timesMs, values }) => ({
      id: (BigInt(idHigh) << 32n) | BigInt(idLow),
      timesMs: Array.from(timesMs),
      bits: Array.from(values, (_, i) => new DataView(values.buffer).getBigUint64(values.byteOffset + 8 * i, true)),
    }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));

describe('rows of samples as they lie in parts', () => {
  let test: TestEngine;
  before(async () => {
    test = await startTestEngine();
    const { engine } = test;
    await migrate(engine, { topology: { database: engine.database }, program: '1' });
    await engine.command({ sql: 'SYSTEM STOP MERGES metric_samples' });
  });
  after(() => test.stop());

  /** `count` rows of five series, every ten seconds from `from` on, the values told apart by `mark`. */
  const insert = (from: number, count: number, mark: number) =>
    test.engine.command({
      sql: `INSERT INTO metric_samples (metric, series, ts, mantissa, scale)
SELECT 'm', (number % 5) * 4611686018427387905, fromUnixTimestamp64Milli(toInt64(${startMs} + (${from} + intDiv(number, 5)) * 10000), 'UTC'),
  if(number % 7 = 3, 9218868437227405314, number * 100 + ${mark}), if(number % 7 = 3, 255, 1)
FROM numbers(${5 * count})`,
    });

  it('give what FINAL gives: later inserts win, whatever the order in which parts are read', async () => {
    await insert(0, 400, 1);
    await insert(400, 200, 2);
    // Within the first, over the border of both, and one that is older than everything.
    await insert(100, 50, 3);
    await insert(350, 100, 4);
    await insert(120, 5, 5);
    await insert(-500, 30, 6);
    const { signal } = new AbortController();
    for (const [from, to] of [
      [-1000, 1000],
      [0, 400],
      [101, 102],
      [110, 380],
      [700, 800],
    ] as const) {
      const query = {
        metrics: ['m'],
        params: {},
        signal,
        fromMs: startMs + from * 10_000,
        toMs: startMs + to * 10_000,
      };
      const condition = `ts >= fromUnixTimestamp64Milli(${query.fromMs}, 'UTC') AND ts < fromUnixTimestamp64Milli(${query.toMs}, 'UTC')`;
      const merged = await readSampleRows(test.engine, { ...query, condition });
      const unmerged = await readUnmergedSamples(test.engine, { ...query, condition: 'true' });
      assert.deepEqual(contents(unmerged), contents(merged));
    }
  });
});
