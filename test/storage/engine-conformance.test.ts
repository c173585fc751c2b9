import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isBarographError } from '../../src/base/errors.js';
import { openClickhouseEngine } from '../../src/storage/clickhouse-engine.js';
import { clickhouseErrors } from '../../src/storage/clickhouse-errors.js';
import { freePort } from '../../src/storage/embedded/free-port.js';
import { readerUserStatements } from '../../src/storage/reader-profile.js';
import { engineConformance } from './engine-conformance.js';
import { startExternalEngine } from './external-engine.js';
import { startTestEngine } from './test-engine.js';

engineConformance('the private engine', async () => {
  const { engine, stop } = await startTestEngine();
  return { engine, close: stop };
});

engineConformance('a ClickHouse reached by URL', async () => {
  const external = await startExternalEngine();
  const engine = openClickhouseEngine(external);
  return {
    engine,
    async close() {
      await engine.close();
      await external.stop();
    },
  };
});

test('an engine that is not there is unavailable, and says so', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const engine = openClickhouseEngine({ url, database: 'd', admin: { username: 'u', password: 'p' } });
  const unavailable = (error: unknown) => isBarographError(error, 'engine_unavailable') && error.kind.retryable;
  await assert.rejects(engine.query({ sql: 'SELECT 1' }), unavailable);
  await assert.rejects(engine.command({ sql: 'SELECT 1' }), unavailable);
  await assert.rejects(engine.insert({ table: 't', columns: ['a'], blocks: [new Uint8Array(9)] }), unavailable);
  assert.equal((await engine.health()).ok, false);
  await engine.close();
});

for (const url of ['nonsense', 'ftp://127.0.0.1:1']) {
  test(`${url} is refused as an engine's URL`, () => {
    const admin = { username: 'u', password: 'p' };
    assert.throws(
      () => openClickhouseEngine({ url, database: 'd', admin }),
      (error) => isBarographError(error, 'bad_configuration'),
    );
  });
}

test('a statement for the reader is refused where there is none', async () => {
  const engine = openClickhouseEngine({
    url: 'http://127.0.0.1:1',
    database: 'd',
    admin: { username: 'u', password: 'p' },
  });
  await assert.rejects(engine.query({ sql: 'SELECT 1', user: 'reader' }), (error) =>
    isBarographError(error, 'query_not_allowed'),
  );
  await engine.close();
});

test("ClickHouse's error numbers have the names that the table gives them, and statements that make a reader parse", async () => {
  const { engine, stop } = await startTestEngine();
  for (const names of Object.values(clickhouseErrors)) {
    const numbers = Object.keys(names).map(Number);
    const sql =
      'SELECT number, errorCodeToName(number) AS name FROM (SELECT arrayJoin({numbers:Array(UInt32)}) AS number)';
    const rows = await engine.query<{ number: number; name: string }>({ sql, params: { numbers } });
    assert.deepEqual(Object.fromEntries(rows.map(({ number, name }) => [number, name])), names);
  }
  for (const sql of readerUserStatements('barograph', { username: 'analyst', password: "it's \\ secret" })) {
    await engine.query({ sql: 'SELECT formatQuery({sql:String})', params: { sql } });
  }
  await stop();
});
