import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type ErrorCode, isBarographError } from '../../src/base/errors.js';
import { vetReaderStatement } from '../../src/storage/sandbox.js';
import { startTestEngine, type TestEngine } from './test-engine.js';

let started: TestEngine;
let secretPath: string;
let outfilePath: string;
/** Counts who calls: a statement that reaches the network would show here. */
let listener: Server;
let listenerUrl: string;
let calls = 0;

/** The tests of a group touch nothing of each other's. */
const concurrent = { concurrency: 8 };

const secret = 'the secret of this test';

before(async () => {
  started = await startTestEngine();
  const { engine, folder } = started;
  await engine.command({
    sql: 'CREATE TABLE t (a UInt32, s String, d Date, arr Array(UInt8)) ENGINE = MergeTree ORDER BY a SAMPLE BY a',
  });
  await engine.command({ sql: "INSERT INTO t SELECT number, toString(number), '2026-01-01', [1, 2] FROM numbers(10)" });
  await engine.command({ sql: 'CREATE VIEW v AS SELECT a, s FROM t WHERE a > 4' });
  secretPath = join(folder, 'secret.txt');
  outfilePath = join(folder, 'outfile.txt');
  await writeFile(secretPath, secret);
  listener = createServer((_, answer) => {
    calls++;
    answer.end('1\n');
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  listenerUrl = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/`;
});
after(async () => {
  listener.close();
  await started.stop();
});

/** Statements are written with placeholders, since the folder and port are known only at run time. */
const filledIn = (sql: string) =>
  sql.replaceAll('$SECRET', secretPath).replaceAll('$OUT', outfilePath).replaceAll('$URL', listenerUrl);

const vet = (sql: string, params?: Record<string, unknown>) =>
  vetReaderStatement(started.engine, filledIn(sql), params === undefined ? {} : { params });

/** Runs a statement as the reader without vetting it, so that only the grants stand in its way. */
const runAsReader = (sql: string, params: Record<string, unknown> = {}) =>
  started.engine.stream({ sql: filledIn(sql), user: 'reader', params }, 'TSV').then(async ({ body }) => {
    let text = '';
    for await (const chunk of body.setEncoding('utf8')) text += chunk;
    return text;
  });

const isRefusal = (error: unknown): boolean => {
  const codes: readonly ErrorCode[] = ['query_not_allowed', 'invalid_query'];
  return isBarographError(error) && codes.includes(error.code);
};

describe('a statement on our tables', concurrent, () => {
  const open = [
    'SELECT 1',
    'SELECT 1;',
    '/* why */ select a, s from t -- the end',
    'SELECT count(), Sum(a), sumIf(a, a > 2), uniqExactArray(arr), sumOrNullIf(a, 1), quantilesTDigest(0.5, 0.9)(a) FROM t',
    'SELECT avgMerge(x) FROM (SELECT avgState(a) AS x FROM t)',
    'WITH x AS (SELECT a FROM t) SELECT * FROM x INNER JOIN v USING (a) ORDER BY a LIMIT 3',
    "SELECT a FROM t PREWHERE a > 1 WHERE s != '' GROUP BY a HAVING a > 2 QUALIFY 1 ORDER BY a DESC LIMIT 1 BY a LIMIT 5",
    'SELECT row_number() OVER (PARTITION BY s ORDER BY a ROWS BETWEEN 1 PRECEDING AND CURRENT ROW), lag(a) OVER () FROM t',
    "SELECT arrayMap(x -> x + 1, arr), [1, 2][1], (1, 'a').1, map('k', 1), CASE a WHEN 1 THEN 2 ELSE 3 END, a::String FROM t",
    "SELECT CAST(a AS String), a BETWEEN 1 AND 2, s LIKE 'a%', a IN (1, 2), a IN (SELECT a FROM v), NOT a, INTERVAL 1 DAY + d FROM t",
    "SELECT * EXCEPT (a) REPLACE (upper(s) AS s), COLUMNS('^a') FROM t",
    'SELECT a FROM t UNION ALL SELECT a FROM v INTERSECT SELECT 5',
    'SELECT * FROM barograph.t ARRAY JOIN arr AS x',
    'SELECT a, count() FROM t GROUP BY GROUPING SETS ((a), ())',
    'SELECT a FROM t ORDER BY a WITH FILL FROM 1 TO 20 INTERPOLATE (s AS s)',
    "SELECT toStartOfInterval(d, INTERVAL 1 WEEK), dateDiff('day', d, today()), JSONExtractString('{}', 'a'), quantile(0.5)(a) FROM t GROUP BY d",
    'SELECT number FROM numbers(3)',
    'SELECT * FROM (VALUES (1, 2))',
    "SELECT * FROM values('a UInt8', 1, 2)",
    'SELECT * FROM system.one',
    'SELECT a, count() FROM t GROUP BY a WITH TOTALS',
    'SELECT version(), currentDatabase(), formatReadableSize(1), toTypeName(1)',
    'EXPLAIN SELECT a FROM t',
    'EXPLAIN indexes = 1 SELECT a FROM t WHERE a = 1',
    'EXPLAIN PIPELINE SELECT a FROM t',
    'EXPLAIN SYNTAX SELECT a FROM t',
    'DESCRIBE t',
    'DESCRIBE TABLE (SELECT 1 AS x)',
    'SHOW TABLES',
    "SHOW TABLES FROM barograph LIKE 't%'",
    'SHOW COLUMNS FROM t',
    'SHOW CREATE TABLE t',
    'EXISTS TABLE barograph.t',
  ];
  for (const sql of open) {
    test(`passes and runs: ${sql}`, async () => {
      await vet(sql);
      await runAsReader(sql);
    });
  }
});

describe('bound parameters', () => {
  test('are values of any type', async () => {
    const params = { least: 3, text: "it's; DROP TABLE t --", list: [1, 2] };
    const sql = 'SELECT a FROM t WHERE a > {least:UInt32} AND s != {text:String} AND a NOT IN {list:Array(UInt32)}';
    await vet(sql, params);
    assert.equal(await runAsReader(sql, params), '4\n5\n6\n7\n8\n9\n');
  });

  test('may name a table of ours and no other', async () => {
    await vet('SELECT a FROM {table:Identifier}', { table: 't' });
    await assert.rejects(vet('SELECT a FROM {table:Identifier}', { table: 'system.users' }), isRefusal);
  });

  test('that are missing are said to be', async () => {
    await assert.rejects(
      vet('SELECT {x:UInt8}'),
      (error) => isBarographError(error, 'invalid_query') && /`x`/.test(error.message),
    );
  });
});

/** Refused by both walls: by the vetting, and by the reader's grants where the vetting is left out. */
const refusedTwice: Readonly<Record<string, readonly string[]>> = {
  writes: [
    "INSERT INTO t VALUES (1, 'a', '2026-01-01', [])",
    'INSERT INTO t SELECT * FROM t',
    'CREATE TABLE z (a UInt8) ENGINE = Memory',
    'CREATE TEMPORARY TABLE z (a UInt8)',
    'CREATE FUNCTION f AS x -> x',
    'CREATE USER u',
    'DROP TABLE t',
    'TRUNCATE TABLE t',
    'ALTER TABLE t DELETE WHERE 1',
    'DELETE FROM t WHERE 1',
    'RENAME TABLE t TO z',
    'OPTIMIZE TABLE t',
    'GRANT SELECT ON *.* TO reader',
    "BACKUP TABLE t TO File('$OUT')",
    'KILL QUERY WHERE 1',
    'SYSTEM FLUSH LOGS',
    'SYSTEM STOP LISTEN HTTP',
    'SYSTEM SHUTDOWN',
    'DETACH TABLE t',
    'EXECUTE AS admin SELECT 1',
  ],
  'reads files': [
    "SELECT * FROM file('$SECRET', 'LineAsString')",
    "SELECT * FROM file('$SECRET', 'LineAsString', 'x String')",
    'SELECT * FROM `$SECRET`',
    'SELECT * FROM "$SECRET"',
    'SELECT * FROM default.`$SECRET`',
    "SELECT * FROM fileCluster('default', '$SECRET', 'LineAsString')",
    "SELECT * FROM sqlite('$SECRET', 'x')",
    "SELECT * FROM filesystem('$SECRET')",
    "SELECT * FROM icebergLocal('$SECRET')",
    "SELECT * FROM executable('id', 'TSV', 'x String')",
    "DESCRIBE TABLE file('$SECRET', 'LineAsString')",
    "SELECT 1 IN (SELECT * FROM file('$SECRET', 'LineAsString', 'x String'))",
  ],
  'writes files': [
    "SELECT 1 INTO OUTFILE '$OUT'",
    "SELECT 1 INTO OUTFILE '$OUT' AND STDOUT",
    "INSERT INTO FUNCTION file('$OUT', 'TSV', 'x UInt8') VALUES (1)",
  ],
  'reaches the network': [
    "SELECT * FROM url('$URL', 'TSV', 'x UInt8')",
    "SELECT * FROM url('$URL')",
    "SELECT * FROM s3('$URL', 'TSV', 'x UInt8')",
    "SELECT * FROM remote('127.0.0.1', 'system', 'one')",
    "SELECT * FROM cluster('default', system.one)",
    "SELECT * FROM mysql('127.0.0.1:1', 'd', 't', 'u', 'p')",
    "SELECT * FROM postgresql('127.0.0.1:1', 'd', 't', 'u', 'p')",
    "SELECT * FROM redis('127.0.0.1:1', 'k', 'k String')",
    "SELECT * FROM mongodb('127.0.0.1:1', 'd', 'c', 'u', 'p', 'x String')",
    'SELECT * FROM `$URL`',
  ],
  'changes settings': [
    'SET max_execution_time = 1000',
    'SET readonly = 0',
    'SELECT 1 SETTINGS readonly = 0',
    'SELECT 1 SETTINGS max_execution_time = 100000',
    'SELECT 1 SETTINGS max_execution_time = 0',
    'SELECT 1 SETTINGS max_memory_usage = 0',
    'USE system',
  ],
  'sees credentials and the server': [
    'SELECT * FROM system.users',
    'SELECT * FROM system.processes',
    'SELECT * FROM system.query_log',
    'SELECT * FROM system.server_settings',
    'SELECT * FROM system.clusters',
    'SELECT * FROM system.disks',
    'SELECT * FROM system.parts',
    'SELECT * FROM system.detached_parts',
    'SELECT 1 IN system.users',
    'SELECT (SELECT count() FROM system.users)',
    'SHOW CREATE USER admin',
    'SHOW ACCESS',
    'SHOW USERS',
  ],
  'are several statements': [
    'SELECT 1; SELECT 2',
    'SELECT 1; DROP TABLE t',
    'SELECT 1 /* ; */; DROP TABLE t -- ',
    'SELECT 1;;DROP TABLE t',
  ],
  'are none': ['', '   ', '-- only a comment', '/* unfinished', ';', 'nonsense', 'SELECT', '\0'],
};

for (const [what, statements] of Object.entries(refusedTwice)) {
  describe(`a statement that ${what}`, concurrent, () => {
    for (const sql of statements) {
      const name = JSON.stringify(sql);
      test(`is refused by the vetting: ${name}`, () => assert.rejects(vet(sql), isRefusal));
      test(`is refused by the reader's grants: ${name}`, () => assert.rejects(runAsReader(sql), isRefusal));
    }
  });
}

/** Refused by the vetting alone: ClickHouse has no grant for these. */
const refusedByVetting = [
  // ClickHouse takes settings of a subquery even where those of the query are refused.
  'SELECT * FROM (SELECT 1 SETTINGS max_memory_usage = 0)',
  "SELECT file('$SECRET')",
  "SELECT FILE('$SECRET')",
  "SELECT `file`('$SECRET')",
  'SELECT "file" (\'$SECRET\')',
  "SELECT/**/file/**/('$SECRET')",
  "-- \nSELECT\nfile\n(\n'$SECRET')",
  "SELECT * FROM t WHERE s = file('$SECRET')",
  "SELECT throwIf(1, file('$SECRET'))",
  "SELECT ignore(file('$SECRET')) FROM t",
  "SELECT (SELECT file('$SECRET'))",
  "WITH (x -> file(x)) AS f SELECT f('$SECRET')",
  "EXPLAIN SELECT file('$SECRET')",
  "EXPLAIN SYNTAX SELECT file('$SECRET')",
  "EXPLAIN QUERY TREE SELECT file('$SECRET')",
  "DESCRIBE (SELECT file('$SECRET') AS x)",
  "SELECT COLUMNS('s') APPLY (x -> file('$SECRET')) FROM t",
  "SELECT COLUMNS('s') APPLY (file) FROM t",
  'SELECT * APPLY file FROM t',
  "SHOW TABLES WHERE throwIf(1, file('$SECRET'))",
  "SHOW COLUMNS FROM t WHERE file('$SECRET') = ''",
  "SELECT catboostEvaluate('$SECRET', 1)",
  "SELECT getServerSetting('max_server_memory_usage')",
  "SELECT getSetting('max_threads')",
  "SELECT getMacro('x')",
  "SELECT getClientHTTPHeader('Authorization')",
  'SELECT showCertificate()',
  'SELECT hostName(), FQDN(), serverUUID()',
  "SELECT dictGet('d', 'a', 1)",
  "SELECT joinGet('j', 'a', 1)",
  "SELECT hasColumnInTable('system', 'users', 'name')",
  'SELECT sleep(1)',
  'SELECT sleepEachRow(0.1) FROM t',
  "SELECT aiGenerate('x', 'y')",
  'SELECT addressToLine(1)',
  "SELECT demangle('x')",
  "SELECT * FROM generateRandom('x UInt8')",
  'SELECT * FROM loop(t)',
  "SELECT * FROM merge('barograph', 't')",
  'SELECT * FROM view(SELECT 1)',
  "SELECT * FROM eval('SELECT 1')",
  'SELECT * FROM system.settings',
  'SELECT * FROM system.tables',
  'SELECT * FROM information_schema.tables',
  'SHOW DATABASES',
  "SHOW SETTINGS LIKE 'max%'",
  'SHOW FUNCTIONS',
  'SHOW PROCESSLIST',
  'SHOW GRANTS',
  'SHOW TABLES FROM system',
  'SELECT 1 FORMAT JSON',
  'EXPLAIN SELECT 1 FORMAT TSV',
  'SHOW TABLES FORMAT JSON',
  'SELECT 1 SETTINGS max_execution_time = 1',
  'EXPLAIN SELECT 1 SETTINGS max_execution_time = 1',
  'CHECK TABLE t',
  'EXPLAIN AST INSERT INTO t VALUES (1)',
  'graph = 1 SELECT 1',
  // A quoted name may add lines to the tree, and takes none away.
  "SELECT 1 AS `x) (children 1)\n Literal 1`, file('$SECRET')",
  "SELECT file('$SECRET') AS `x)\n Literal 1`",
  'SELECT 1 AS `x)\n Drop`',
];
describe('a statement that no grant covers', concurrent, () => {
  for (const sql of refusedByVetting) {
    test(`is refused by the vetting: ${JSON.stringify(sql)}`, () => assert.rejects(vet(sql), isRefusal));
  }
});

describe('a function that reads a file', concurrent, () => {
  // Each place of the grammar that holds an expression: were one hidden from the tree, its file() would pass.
  const f = "file('$SECRET')";
  const places = [
    `SELECT DISTINCT ON (${f}) a FROM t`,
    `WITH ${f} AS x SELECT x`,
    `WITH x AS (SELECT ${f}) SELECT * FROM x`,
    `SELECT a FROM (SELECT ${f} AS a)`,
    `SELECT * FROM numbers(length(${f}))`,
    `SELECT t.a FROM t INNER JOIN v ON t.a = v.a AND ${f} = ''`,
    `SELECT * FROM t ARRAY JOIN [${f}] AS x`,
    `SELECT a FROM t PREWHERE ${f} = ''`,
    `SELECT count() FROM t GROUP BY ${f}`,
    `SELECT count() FROM t GROUP BY GROUPING SETS ((a), (${f}))`,
    `SELECT count() FROM t GROUP BY ROLLUP(${f})`,
    `SELECT count() FROM t HAVING ${f} = ''`,
    `SELECT sum(a) OVER (PARTITION BY ${f}) FROM t`,
    `SELECT sum(a) OVER (ORDER BY ${f}) FROM t`,
    `SELECT sum(a) OVER (ORDER BY a ROWS BETWEEN length(${f}) PRECEDING AND CURRENT ROW) FROM t`,
    `SELECT sum(a) OVER w FROM t WINDOW w AS (ORDER BY ${f})`,
    `SELECT a FROM t QUALIFY ${f} = ''`,
    `SELECT a FROM t ORDER BY ${f}`,
    `SELECT a FROM t ORDER BY a WITH FILL FROM length(${f})`,
    `SELECT a FROM t ORDER BY a WITH FILL TO length(${f})`,
    `SELECT a FROM t ORDER BY a WITH FILL STEP length(${f})`,
    `SELECT a, s FROM t ORDER BY a WITH FILL INTERPOLATE (s AS ${f})`,
    `SELECT a FROM t LIMIT length(${f})`,
    `SELECT a FROM t LIMIT 1 OFFSET length(${f})`,
    `SELECT a FROM t LIMIT 1 BY ${f}`,
    `SELECT a FROM t LIMIT length(${f}) BY a`,
    `SELECT sum(a) FILTER (WHERE ${f} = '') FROM t`,
    `SELECT quantile(length(${f}))(a) FROM t`,
    `SELECT CASE ${f} WHEN 'a' THEN 1 ELSE 2 END`,
    `SELECT CASE WHEN a THEN ${f} END FROM t`,
    `SELECT CAST(${f} AS String), ${f}::String`,
    `SELECT (${f}, 1).1, [${f}][1]`,
    `SELECT INTERVAL length(${f}) DAY`,
    `SELECT arrayMap(x -> ${f}, [1])`,
    `SELECT * REPLACE (${f} AS s) FROM t`,
    `SELECT a IN (${f}) FROM t`,
    `SELECT a IN (SELECT ${f}) FROM t`,
    `SELECT EXISTS (SELECT ${f})`,
    `SELECT 1 UNION ALL SELECT length(${f})`,
    `SELECT 'a' EXCEPT SELECT ${f}`,
    `SELECT extract(DAY FROM toDate(${f}))`,
    `SELECT trim(BOTH ${f} FROM s) FROM t`,
  ];
  for (const sql of places) {
    test(`is found in ${sql}`, () =>
      assert.rejects(
        vet(sql),
        (error) => isBarographError(error, 'query_not_allowed') && /file\(\)/.test(error.message),
      ));
  }

  test('is what makes the vetting needed: no grant stands in its way', async () => {
    assert.equal(await runAsReader("SELECT file('$SECRET')"), `${secret}\n`);
  });
});

test('a function that does not exist is called so', () =>
  assert.rejects(vet('SELECT noSuchFunction(1)'), (error) => isBarographError(error, 'invalid_query')));

test('a statement that is too long is refused before the engine sees it', () =>
  assert.rejects(vet(`SELECT '${'x'.repeat(300_000)}'`), (error) => isBarographError(error, 'invalid_query')));

test('none of the refused statements wrote a file, changed a row or called anyone', async () => {
  assert.equal(existsSync(outfilePath), false);
  assert.equal(await readFile(secretPath, 'utf8'), secret);
  assert.deepEqual(await started.engine.query({ sql: 'SELECT count() AS rows, sum(a) AS sum FROM t' }), [
    { rows: '10', sum: '45' },
  ]);
  const tables = await started.engine.query({
    sql: 'SELECT name FROM system.tables WHERE database = currentDatabase()',
  });
  assert.deepEqual(tables, [{ name: 't' }, { name: 'v' }]);
  assert.equal(calls, 0);
});
