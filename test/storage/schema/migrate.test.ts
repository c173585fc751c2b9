import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { isBarographError } from '../../../src/base/errors.js';
import { renderBeginning, renderEnd, renderExchange } from '../../../src/storage/schema/decimal-samples.js';
import { migrate, runMigration } from '../../../src/storage/schema/migrate.js';
import { migrations } from '../../../src/storage/schema/migrations.js';
import type { Topology } from '../../../src/storage/schema/table.js';
import { startTestEngine, type TestEngine } from '../test-engine.js';

describe('the schema', () => {
  let test: TestEngine;
  const run = (history = migrations) =>
    migrate(test.engine, { topology: { database: test.engine.database }, program: '1.2.3', history });
  const versions = () =>
    test.engine.query<{ number: number; program: string }>({
      sql: 'SELECT number, program FROM _version ORDER BY number',
    });

  before(async () => {
    test = await startTestEngine();
  });
  beforeEach(() => test.clear());
  after(() => test.stop());

  it('is made whole in an empty database, and each migration is recorded with the program that ran it', async () => {
    assert.equal(await run(), migrations.at(-1)!.number);
    const expected = migrations.map(({ number }) => ({ number, program: '1.2.3' }));
    assert.deepEqual(await versions(), expected);
    assert.equal(await run(), migrations.at(-1)!.number);
    assert.deepEqual(await versions(), expected, 'a second start applies nothing');
  });

  it('takes from an older database only what it lacks', async () => {
    await run(migrations.slice(0, 1));
    const applied: number[] = [];
    await migrate(test.engine, {
      topology: { database: test.engine.database },
      program: '1.2.3',
      onApplied: ({ number }) => applied.push(number),
    });
    assert.deepEqual(
      applied,
      migrations.slice(1).map(({ number }) => number),
    );
  });

  it('makes samples of an older database wait longer for merges, and keeps every one of them', async () => {
    await run(migrations.slice(0, 4));
    await test.engine.command({
      sql: `INSERT INTO metric_samples SELECT 'm', number % 10, fromUnixTimestamp64Milli(number, 'UTC'), number / 3 FROM numbers(1000)`,
    });
    const contents = () =>
      test.engine.query({
        sql: 'SELECT count() AS samples, sum(cityHash64(series, ts, reinterpretAsUInt64(value))) AS hash FROM metric_samples FINAL',
      });
    const before = await contents();
    await run(migrations.slice(0, 5));
    assert.deepEqual(await contents(), before);
    const [table] = await test.engine.query<{ text: string }>({
      sql: `SELECT create_table_query AS text FROM system.tables WHERE database = currentDatabase() AND name = 'metric_samples'`,
    });
    assert.match(table!.text, /`series` UInt64 CODEC\(ZSTD\(1\)\)/);
    assert.match(table!.text, /merge_selector_base = 10/);
    await test.engine.command({ sql: 'OPTIMIZE TABLE metric_samples FINAL' });
    assert.deepEqual(await contents(), before, 'a merge writes the parts anew');
  });

  it('is not harmed by a start that was cut off between a migration and its record', async () => {
    for (const [i, migration] of migrations.entries()) {
      await run(migrations.slice(0, i + 1));
      await runMigration(test.engine, migration, { database: test.engine.database });
    }
  });

  it('refuses a database that a newer program wrote, in a sentence', async () => {
    await run();
    await test.engine.command({ sql: `INSERT INTO _version (number, name, program) VALUES (1000, 'later', '9.0.0')` });
    await assert.rejects(run(), (error) => {
      assert.ok(isBarographError(error, 'newer_database'));
      assert.match(error.message, /at schema version 1000, and this program knows versions up to \d+/);
      return true;
    });
  });

  it('has numbers that follow each other', () => {
    assert.deepEqual(
      migrations.map(({ number }) => number),
      migrations.map((_, i) => i + 1),
    );
  });
});

describe('the schema of a cluster', () => {
  let test: TestEngine;
  before(async () => {
    test = await startTestEngine();
  });
  after(() => test.stop());

  const statementsOf = (topology: Topology) => [
    ...migrations.flatMap((migration) => ('run' in migration ? [] : migration.statements(topology))),
    ...renderBeginning(topology),
    renderExchange(topology),
    ...renderEnd(topology),
  ];
  const statements = statementsOf({ database: 'b', cluster: 'prod' });
  const tables = (sql: string): string => /^CREATE TABLE IF NOT EXISTS `b`\.`(\w+)`/.exec(sql)?.[1] ?? '';

  it('is what the engine itself can parse', async () => {
    for (const sql of statements) {
      const [row] = await test.engine.query<{ text: string }>({
        sql: 'SELECT formatQuery({sql:String}) AS text',
        params: { sql },
      });
      assert.match(row!.text, /ON CLUSTER prod/);
    }
  });

  it('has a replicated table on each shard, and over it a distributed one with the plain name', () => {
    const local = statements.filter((sql) => / ENGINE = Replicated\w*MergeTree\('/.test(sql)).map(tables);
    const distributed = statements
      .filter((sql) => /^CREATE TABLE[\s\S]*ENGINE = Distributed\('prod', 'b', /.test(sql))
      .map(tables);
    assert.deepEqual(
      local,
      distributed.map((name) => `${name}_local`),
    );
    assert.ok(distributed.includes('prediction_rows') && distributed.includes('metric_samples'));
  });

  it('makes the same columns as one node', () => {
    const columnsOf = (sql: string) => /\(\n([\s\S]*?)\n\) ENGINE/.exec(sql)?.[1];
    const one = statementsOf({ database: 'b' });
    const byTable = new Map(statements.map((sql) => [tables(sql), columnsOf(sql)]));
    for (const sql of one.filter((each) => / ENGINE = \w*MergeTree\(/.test(each)))
      assert.equal(byTable.get(`${tables(sql)}_local`), columnsOf(sql));
  });
});
