import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { startTestServer, type TestServer } from '../server/test-server.js';

let server: TestServer;
before(async () => {
  server = await startTestServer({
    set: ['query.result_rows_max=5000', 'query.time_max=5s', 'query.memory_bytes_max=200MiB'],
  });
  const rows = Array.from({ length: 10 }, (_, i) => ({ request_id: `r${i}`, model: 'm', version: '1', score: i / 10 }));
  await server.send('/api/ml/predictions', rows);
  await server.get('/api/ml/models?fresh=1');
});
after(() => server.stop());

type Failure = { error: { code: string; message: string; hint?: string } };
const json = { 'content-type': 'application/json' };
const ask = <Body>(query: string, rest: object = {}) =>
  server.post<Body>('/api/sql', JSON.stringify({ query, ...rest }), json);

describe('answers', () => {
  test('rows come in the format asked for', async () => {
    const csv = await ask<string>('SELECT request_id, score FROM predictions ORDER BY score LIMIT 2', {
      format: 'CSVWithNames',
    });
    assert.equal(csv.body, '"request_id","score"\n"r0",0\n"r1",0.1\n');
    assert.match(csv.headers.get('content-type') ?? '', /^text\/csv/);
    const parquet = await fetch(`${server.url}/api/sql`, {
      method: 'POST',
      headers: json,
      body: JSON.stringify({ query: 'SELECT 1 AS one', format: 'Parquet' }),
    });
    assert.equal(
      Buffer.from(await parquet.arrayBuffer())
        .subarray(0, 4)
        .toString(),
      'PAR1',
    );
  });

  test('values are bound, whatever they hold', async () => {
    const nasty = "x' OR 1=1; DROP TABLE prediction_rows --";
    const { body } = await ask<{ data: { echo: string }[] }>('SELECT {value:String} AS echo', {
      params: { value: nasty },
    });
    assert.deepEqual(body.data, [{ echo: nasty }]);
  });

  test('an array and a number are bound by their types', async () => {
    const { body } = await ask<{ data: { rows: string }[] }>(
      'SELECT count() AS rows FROM predictions WHERE request_id IN {ids:Array(String)} AND score < {most:Float64}',
      { params: { ids: ['r1', 'r2', 'r9'], most: 0.5 } },
    );
    assert.deepEqual(body.data, [{ rows: '2' }]);
  });
});

describe('limits', () => {
  const cases: [string, string, string][] = [
    ['rows', 'SELECT number FROM numbers(10000)', 'query_too_large'],
    ['time', 'SELECT count() FROM numbers(9000000000) WHERE cityHash64(number) = 1', 'query_timeout'],
    ['memory', 'SELECT groupArray(toString(number)) FROM numbers(100000000)', 'query_memory'],
  ];
  for (const [limit, query, code] of cases)
    test(`a query over the limit of ${limit} is stopped with ${code}`, async () => {
      const { status, body } = await ask<Failure>(query);
      assert.equal(status, 422);
      assert.equal(body.error.code, code);
    });

  test('a query is cancelled in the engine when its client goes away', async () => {
    const marker = `gone_${Date.now()}`;
    const sent = request(`${server.url}/api/sql`, { method: 'POST', headers: json });
    sent.on('error', () => {});
    sent.end(
      JSON.stringify({ query: `SELECT count() AS ${marker} FROM numbers(9000000000) WHERE cityHash64(number) = 1` }),
    );
    const running = async (): Promise<number> => server.metric('barograph_queries_running');
    while ((await running()) === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    sent.destroy();
    // Well before its own limit of time the slot is free again.
    const deadline = Date.now() + 4_000;
    while ((await running()) > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(await running(), 0);
  });
});

describe('what a statement may not do', () => {
  const refused = [
    "SELECT * FROM file('/etc/passwd')",
    "SELECT file('/etc/passwd')",
    "SELECT length(file('/etc/passwd')) FROM predictions",
    "SELECT /* harmless */ file /* really */ ('/etc/passwd')",
    "SELECT `file`('/etc/passwd')",
    "SELECT * FROM url('http://127.0.0.1:1/x', CSV, 'a String')",
    "SELECT * FROM s3('http://127.0.0.1:1/x', 'CSV', 'a String')",
    "SELECT * FROM remote('127.0.0.1', system.one)",
    "SELECT * FROM executable('ls', CSV, 'a String')",
    'SELECT * FROM `/etc/passwd`',
    "SELECT 1 INTO OUTFILE '/tmp/barograph-outfile'",
    'SELECT 1 SETTINGS max_execution_time = 0',
    'SET max_execution_time = 0',
    'SELECT * FROM system.users',
    'SELECT * FROM system.processes',
    'SELECT * FROM system.query_log',
    'SELECT 1; SELECT 2',
    'SELECT 1; DROP TABLE prediction_rows',
    'SELECT 1 -- comment\n; DROP TABLE prediction_rows',
    'DROP TABLE prediction_rows',
    'INSERT INTO prediction_rows (request_id) VALUES (1)',
    'ALTER TABLE prediction_rows DELETE WHERE 1',
    'CREATE TABLE stolen ENGINE = MergeTree ORDER BY a AS SELECT 1 AS a',
    'CREATE TEMPORARY TABLE stolen (a UInt8)',
    'TRUNCATE TABLE ground_truth',
    'OPTIMIZE TABLE prediction_rows FINAL',
    'KILL QUERY WHERE 1',
    'SYSTEM SHUTDOWN',
    'GRANT ALL ON *.* TO reader',
    'SHOW GRANTS FOR admin',
    'SHOW CREATE USER admin',
    "EXPLAIN SYNTAX SELECT file('/etc/passwd')",
    "WITH file('/etc/passwd') AS stolen SELECT stolen",
    "SELECT * FROM (SELECT file('/etc/passwd'))",
  ];
  for (const query of refused)
    test(query.replaceAll('\n', '⏎'), async () => {
      const { status, body } = await ask<Failure>(query);
      assert.ok(status === 403 || status === 400, `answered ${status}: ${JSON.stringify(body).slice(0, 200)}`);
      assert.ok(['query_not_allowed', 'invalid_query'].includes(body.error.code), body.error.code);
    });

  test('nothing was changed by all these', async () => {
    const { body } = await ask<{ data: { rows: string }[] }>('SELECT count() AS rows FROM predictions');
    assert.deepEqual(body.data, [{ rows: '10' }]);
  });
});

describe('requests that are wrong', () => {
  const cases: [string, object, string][] = [
    ['without a query', {}, 'bad_request'],
    ['with an unknown field', { query: 'SELECT 1', parms: {} }, 'unknown_parameter'],
    ['with a parameter missing', { query: 'SELECT {x:UInt8}' }, 'invalid_query'],
    ['with a table that is not there', { query: 'SELECT * FROM nowhere' }, 'invalid_query'],
    ['with broken SQL', { query: 'SELEC 1' }, 'invalid_query'],
    ['with a format that is not there', { query: 'SELECT 1', format: 'Nonsense' }, 'invalid_query'],
  ];
  for (const [what, body, code] of cases)
    test(`a request ${what} is answered with ${code}`, async () => {
      const answer = await server.post<Failure>('/api/sql', JSON.stringify(body), json);
      assert.equal(answer.status, 400);
      assert.equal(answer.body.error.code, code);
    });
});
