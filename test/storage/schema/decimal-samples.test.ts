/** Migration 6 on tables that hold rows, and on what starts left behind that were cut off in it. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Engine, Statement } from '../../../src/storage/engine.js';
import { rewriteSamples } from '../../../src/storage/schema/decimal-samples.js';
import { metricSamples, renderSampleMerges } from '../../../src/storage/schema/metrics.js';
import { migrate } from '../../../src/storage/schema/migrate.js';
import { migrations } from '../../../src/storage/schema/migrations.js';
import { renderTable } from '../../../src/storage/schema/table.js';
import { startTestEngine, type TestEngine } from '../test-engine.js';

/** Values that are hard to give back, as SQL. */
const oddValues = [
  ...['0', '-0.', 'nan', 'inf', '-inf', '0.1', '0.3', '1e-7', '1e22', '1e300', '5e-324', '123456.789', '1/3'],
  ...['9007199254740991.', '9007199254740992.', '9007199254740994.', '-9007199254740992.', '1700000000.123456'],
  // The marker of a stale series, and another NaN with a payload.
  ...['reinterpretAsFloat64(toUInt64(9218868437227405314))', 'reinterpretAsFloat64(toUInt64(18444492273895866369))'],
];

describe('samples of an older database', () => {
  let test: TestEngine;
  const topology = () => ({ database: test.engine.database });
  before(async () => {
    test = await startTestEngine();
  });
  beforeEach(async () => {
    await test.clear();
    await migrate(test.engine, { topology: topology(), program: '1', history: migrations.slice(0, 5) });
  });
  after(() => test.stop());

  const insert = (select: string) =>
    test.engine.command({
      sql: `INSERT INTO metric_samples (metric, series, ts, value) ${select}`,
      settings: { max_partitions_per_insert_block: 0 },
    });

  /** Three days of gauges, counters and full mantissas, some samples twice with another value, and odd values in several series. */
  async function fill(): Promise<void> {
    await test.engine.command({ sql: 'SYSTEM STOP MERGES metric_samples' });
    const rows = (value: string, metric: string) =>
      insert(`SELECT '${metric}', number % 20, fromUnixTimestamp64Milli(toInt64(1767225600000 + number * 100000), 'UTC'), ${value}
FROM numbers(2592)`);
    await rows('round(sipHash64(number) % 1000 / 100, 2)', 'gauge');
    await rows('number * 17', 'counter');
    await rows('sipHash64(number) / 18446744073709551616.', 'random');
    // Every tenth sample of a series is none of a few decimals.
    await rows('if(intDiv(number, 20) % 10 = 3, 1 / 3, intDiv(number, 20) / 8)', 'mixed');
    await insert(`SELECT 'gauge', number % 20, fromUnixTimestamp64Milli(toInt64(1767225600000 + number * 100000), 'UTC'), number / 10
FROM numbers(500)`);
    for (const [i, value] of oddValues.entries())
      await insert(`SELECT 'odd', number, fromUnixTimestamp64Milli(toInt64(1767225600000 + ${i}), 'UTC'), if(number = ${i}, 0.25, ${value})
FROM numbers(4)`);
    await test.engine.command({ sql: 'SYSTEM START MERGES metric_samples' });
  }

  const contents = () =>
    test.engine.query<{ samples: string }>({
      sql: `SELECT count() AS samples, sum(cityHash64(metric, series, ts, reinterpretAsUInt64(value))) AS hash FROM metric_samples FINAL`,
    });
  const tables = () =>
    test.engine.query<{ name: string }>({
      sql: `SELECT name FROM system.tables WHERE database = currentDatabase() AND name LIKE 'metric\\_samples%'`,
    });
  const scales = (metric: string) =>
    test.engine.query<{ scale: number }>({
      sql: 'SELECT DISTINCT scale FROM metric_samples WHERE metric = {metric:String} ORDER BY scale',
      params: { metric },
    });

  it('are written anew as decimal numbers, every one the same to the bit, and the old table goes', async () => {
    await fill();
    const before = await contents();
    assert.equal(before[0]!.samples, String(4 * 2592 + 4 * oddValues.length));
    await migrate(test.engine, { topology: topology(), program: '1' });
    assert.deepEqual(await contents(), before);
    assert.deepEqual(await tables(), [{ name: 'metric_samples' }]);
    assert.deepEqual(await scales('counter'), [{ scale: 0 }]);
    assert.deepEqual(await scales('random'), [{ scale: 255 }]);
    assert.deepEqual(await scales('mixed'), [{ scale: 3 }, { scale: 255 }]);
    await test.engine.command({ sql: 'OPTIMIZE TABLE metric_samples FINAL' });
    assert.deepEqual(await contents(), before, 'a merge writes the parts anew');
  });

  it('are found with their labels and by people as before', async () => {
    await test.engine.command({
      sql: `INSERT INTO metric_series (metric, series, labels) VALUES ('up', 7, {'job': 'a'})`,
    });
    await insert(`SELECT 'up', 7, toDateTime64('2026-01-01 00:00:00', 3, 'UTC'), 0.5`);
    await migrate(test.engine, { topology: topology(), program: '1' });
    const rows = await test.engine.query({ sql: `SELECT labels['job'] AS job, value FROM metrics`, user: 'reader' });
    assert.deepEqual(rows, [{ job: 'a', value: 0.5 }]);
    const all = await test.engine.query({ sql: 'SELECT * FROM metric_samples', user: 'reader' });
    assert.deepEqual(all, [
      { metric: 'up', series: '7', ts: '2026-01-01 00:00:00.000', mantissa: '5', scale: 1, value: 0.5 },
    ]);
  });

  it('are all there after starts that were cut off before or after any statement', async () => {
    const remake = [
      'DROP TABLE IF EXISTS metric_samples SYNC',
      ...renderTable(metricSamples, topology()),
      ...renderSampleMerges(topology()),
    ];
    for (let cut = 0; ; cut++) {
      for (const sql of remake) await test.engine.command({ sql });
      await insert(`SELECT 'm', number % 3, fromUnixTimestamp64Milli(toInt64(1767225600000 + number * 5000000), 'UTC'), number / 4
FROM numbers(30)`);
      const before = await contents();
      const isWhole = await rewriteSamples(cutOff(test.engine, cut), topology()).then(
        () => true,
        (error: unknown) => {
          assert.equal(error, cutOffError);
          return false;
        },
      );
      assert.deepEqual(await contents(), before, `cut off at ${cut}`);
      await rewriteSamples(test.engine, topology());
      assert.deepEqual(await contents(), before, `repeated after it was cut off at ${cut}`);
      assert.deepEqual(await tables(), [{ name: 'metric_samples' }]);
      if (isWhole) return assert.ok(cut > 10, `${cut} cuts were tried`);
    }
  });
});

const cutOffError = new Error('cut off');

/** An engine that is gone after so many half statements: even ones before a statement runs, odd ones once it has. */
function cutOff(engine: Engine, halves: number): Engine {
  let left = halves;
  return {
    ...engine,
    async command(statement: Statement) {
      if (left-- === 0) throw cutOffError;
      await engine.command(statement);
      if (left-- === 0) throw cutOffError;
    },
  };
}
