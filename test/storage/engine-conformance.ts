// Long because it is one suite: the whole contract, against whatever engine it is given.
/** What the contract in `engine.ts` promises, as tests of any engine. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { type ErrorCode, isBarographError } from '../../src/base/errors.js';
import { textColumnOf } from '../../src/model/columns.js';
import type { Engine, Statement } from '../../src/storage/engine.js';
import { encodeBlock } from '../../src/storage/native/encode.js';

export interface Opened {
  readonly engine: Engine;
  close(): Promise<void>;
}

const failsWith = (code: ErrorCode) => (error: unknown) => {
  assert.ok(isBarographError(error, code), `${code} is wanted, got ${String(error)}`);
  return true;
};

export function engineConformance(name: string, open: () => Promise<Opened>): void {
  describe(`the engine's contract, ${name}`, () => {
    let opened: Opened;
    let engine: Engine;
    before(async () => {
      opened = await open();
      engine = opened.engine;
      await engine.command({ sql: 'CREATE TABLE kept (a UInt32, s String) ENGINE = MergeTree ORDER BY a' });
      await engine.command({ sql: "INSERT INTO kept SELECT number, 's' FROM numbers(100)" });
    });
    after(() => opened.close());

    const text = async (statement: Statement, format: string) => {
      const { body } = await engine.stream(statement, format);
      let all = '';
      for await (const chunk of body.setEncoding('utf8')) all += chunk;
      return all;
    };
    const one = async <T>(sql: string, params: Record<string, unknown> = {}): Promise<T> => {
      const [row] = await engine.query<{ x: T }>({ sql, params });
      return row!.x;
    };
    /** Waits until the engine runs the query, or runs it no more. */
    const untilRunning = async (queryId: string, wanted: boolean): Promise<void> => {
      const sql = 'SELECT count() AS x FROM system.processes WHERE query_id = {queryId:String}';
      while ((await one<string>(sql, { queryId })) !== (wanted ? '1' : '0')) await delay(10);
    };
    const endless = 'SELECT sum(number) AS x FROM system.numbers';

    describe('query', () => {
      test('gives rows as objects by column name', async () => {
        const sql = "SELECT 1 AS a, 'ü\\n\"' AS b, [1, 2] AS c, NULL AS d, true AS e, map('k', 1.5) AS f";
        assert.deepEqual(await engine.query({ sql }), [
          { a: 1, b: 'ü\n"', c: [1, 2], d: null, e: true, f: { k: 1.5 } },
        ]);
      });
      test('gives an empty list where there is no row', async () => {
        assert.deepEqual(await engine.query({ sql: 'SELECT a FROM kept WHERE a > 1000' }), []);
      });
      test('gives whole numbers of 64 bits as text, so that none is rounded', async () => {
        assert.equal(await one('SELECT toUInt64(18446744073709551615) AS x'), '18446744073709551615');
      });
      test('gives times in UTC', async () => {
        assert.equal(await one('SELECT toString(toDateTime(0)) AS x'), '1970-01-01 00:00:00');
      });
      test('asks as the reader where told so', async () => {
        const [row] = await engine.query<{ x: number }>({ sql: 'SELECT count() > 0 AS x FROM kept', user: 'reader' });
        assert.equal(row?.x, 1);
        await assert.rejects(
          engine.query({ sql: 'SELECT * FROM system.users', user: 'reader' }),
          failsWith('query_not_allowed'),
        );
        await assert.rejects(
          engine.command({ sql: 'DROP TABLE kept', user: 'reader' }),
          failsWith('query_not_allowed'),
        );
      });
      test('runs many statements at once', async () => {
        const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => one('SELECT {i:UInt32} AS x', { i })));
        assert.deepEqual(answers, [...Array(40).keys()]);
      });
    });

    describe('parameters', () => {
      const values: readonly (readonly [string, unknown, unknown])[] = [
        ['String', "a'b\\c\n\t\r\0\b\fü€😀 {x} -- /* ;", "a'b\\c\n\t\r\0\b\fü€😀 {x} -- /* ;"],
        ['String', '', ''],
        ['UInt64', 9007199254740991, '9007199254740991'],
        ['Int64', -5n, '-5'],
        ['Float64', 1e-300, 1e-300],
        ['Float64', Number.POSITIVE_INFINITY, 'inf'],
        ['Bool', true, true],
        ['Nullable(String)', null, null],
        ['Array(String)', ["a'b", 'c\\', '\n', 'ü', ''], ["a'b", 'c\\', '\n', 'ü', '']],
        ['Array(UInt8)', [], []],
        ['Array(Float64)', [1, -0.5], [1, -0.5]],
        ['Array(Nullable(UInt8))', [1, null], [1, null]],
        ['Map(String, UInt8)', { "k'": 1 }, { "k'": 1 }],
        ['Map(String, UInt8)', new Map([['a', 1]]), { a: 1 }],
        ["DateTime64(3, 'UTC')", new Date(1_767_225_600_123), '2026-01-01 00:00:00.123'],
        ['Array(Array(String))', [['a'], []], [['a'], []]],
      ];
      for (const [type, value, wanted] of values) {
        test(`carry ${type} ${typeof value === 'bigint' ? value : JSON.stringify(value)}`, async () => {
          assert.deepEqual(await one(`SELECT {x:${type}} AS x`, { x: value }), wanted);
        });
      }
      test('carry any text, alone and in a list', async () => {
        await fc.assert(
          fc.asyncProperty(fc.array(fc.string({ unit: 'binary' })), async (texts) => {
            const joined = texts.join('');
            assert.deepEqual(
              await engine.query({
                sql: 'SELECT {a:String} AS a, {b:Array(String)} AS b',
                params: { a: joined, b: texts },
              }),
              [{ a: joined, b: texts }],
            );
          }),
          { numRuns: 40 },
        );
      });
      test('carry a list of 20,000 ids', async () => {
        const ids = Array.from({ length: 20_000 }, () => randomUUID());
        const sql = 'SELECT length({ids:Array(String)}) AS n, {ids:Array(String)}[20000] AS last';
        assert.deepEqual(await engine.query({ sql, params: { ids } }), [{ n: '20000', last: ids.at(-1) }]);
      });
      test('that are lists of more than 1 MiB are refused, since the engine would not look them up by an index', async () => {
        const params = { ids: Array.from({ length: 25_000 }, () => randomUUID()) };
        await assert.rejects(engine.query({ sql: 'SELECT {ids:Array(String)}', params }), failsWith('invalid_query'));
      });
      test('carry a text of 300,000 bytes and a list of long texts, in parts that no one sees', async () => {
        const long = "a'😀\n".repeat(40_000);
        const list = ['', long.slice(0, 60_000), 'x', long.slice(0, 40_000), 'ü'.repeat(40_000)];
        const sql = `SELECT {x:String} AS x, {list:Array(String)} AS list, '{x:String} -- ' AS quoted /* {x:String} */ -- {x:String}`;
        assert.deepEqual(await engine.query({ sql, params: { x: long, list } }), [
          { x: long, list, quoted: '{x:String} -- ' },
        ]);
      });
      test('in a long list still use the index', async () => {
        // The longest list of numbers that is taken.
        const list = Array.from({ length: 116_000 }, (_, i) => i);
        const sql = 'EXPLAIN indexes = 1 SELECT s FROM kept WHERE a IN {list:Array(UInt32)}';
        const rows = await engine.query<{ explain: string }>({ sql, params: { list } });
        const conditions = rows.filter(({ explain }) => explain.includes('Condition: (a in 116000-element set)'));
        assert.equal(conditions.length, 1);
      });
      test('with a name that could break out are refused', async () => {
        const params = { 'a"\r\n\r\nx': 1 };
        await assert.rejects(engine.query({ sql: 'SELECT 1', params }), failsWith('invalid_query'));
      });
    });

    describe('tables of a statement', () => {
      test('carry 100,000 ids', async () => {
        const ids = Array.from({ length: 100_000 }, () => randomUUID());
        const column = { name: 'id', type: 'String', data: textColumnOf(ids) };
        const wanted = { name: 'wanted', columns: { id: 'String' }, blocks: [encodeBlock([column], ids.length)] };
        const sql = 'SELECT uniqExact(id) AS ids, countIf(id = {last:String}) AS last FROM wanted';
        assert.deepEqual(await engine.query({ sql, params: { last: ids.at(-1) }, tables: [wanted] }), [
          { ids: '100000', last: '1' },
        ]);
      });
      test('may be several, of several blocks, and are gone afterwards', async () => {
        const numbers = (...values: number[]) =>
          encodeBlock(
            [{ name: 'a', type: 'UInt32', data: { kind: 'number', values: Float64Array.from(values) } }],
            values.length,
          );
        const columns = { a: 'UInt32' };
        const tables = [
          { name: 'few', columns, blocks: [numbers(1, 2), numbers(13)] },
          { name: 'others', columns, blocks: [numbers(13, 2)] },
        ];
        const sql = 'SELECT a FROM kept WHERE a IN few AND a IN (SELECT a FROM others) ORDER BY a';
        assert.deepEqual(await engine.query({ sql, tables }), [{ a: 2 }, { a: 13 }]);
        await assert.rejects(engine.query({ sql: 'SELECT * FROM few' }), failsWith('invalid_query'));
      });
      test('may be empty', async () => {
        const tables = [{ name: 'none', columns: { a: 'UInt32' }, blocks: [] }];
        assert.deepEqual(await engine.query({ sql: 'SELECT a FROM kept WHERE a IN none', tables }), []);
      });
      test('stand in commands as well', async () => {
        const column = { name: 'x', type: 'String', data: textColumnOf(["it's", 'ü']) };
        const tables = [{ name: 'given', columns: { x: 'String' }, blocks: [encodeBlock([column], 2)] }];
        await engine.command({ sql: 'CREATE TABLE taken (x String) ENGINE = MergeTree ORDER BY x' });
        await engine.command({ sql: 'INSERT INTO taken SELECT x FROM given', tables });
        assert.deepEqual(await engine.query({ sql: 'SELECT x FROM taken ORDER BY x' }), [{ x: "it's" }, { x: 'ü' }]);
      });
    });

    describe('stream', () => {
      test('gives the answer in the format asked for, with its content type', async () => {
        const sql = 'SELECT a, s FROM kept ORDER BY a LIMIT 2';
        assert.equal(await text({ sql }, 'CSVWithNames'), '"a","s"\n0,"s"\n1,"s"\n');
        const { contentType, body } = await engine.stream({ sql }, 'JSON');
        assert.match(contentType, /^application\/json/);
        assert.equal(JSON.parse(Buffer.concat(await body.toArray()).toString()).rows, 2);
        const parquet = await engine.stream({ sql }, 'Parquet');
        assert.equal(
          Buffer.concat(await parquet.body.toArray())
            .subarray(0, 4)
            .toString(),
          'PAR1',
        );
      });
      test('gives every byte of a long answer', async () => {
        const { body } = await engine.stream({ sql: 'SELECT number FROM numbers(3000000)' }, 'RowBinary');
        let at = 0;
        let sum = 0n;
        for await (const chunk of body as AsyncIterable<Buffer>) {
          at += chunk.length;
          sum += BigInt(chunk.length);
        }
        assert.equal(at, 24_000_000);
        assert.equal(sum, 24_000_000n);
      });
      for (const format of ['JSONEachRow', 'CSV', 'RowBinary', 'Native', 'JSON']) {
        test(`fails with the engine's error where a query fails half-way, in ${format}`, async () => {
          const sql =
            "SELECT throwIf(number = 900000, 'half-way') AS x, number FROM numbers(1000000) SETTINGS max_block_size = 1000";
          const { body } = await engine.stream({ sql }, format);
          let bytes = 0;
          const reading = async () => {
            for await (const chunk of body as AsyncIterable<Buffer>) {
              bytes += chunk.length;
              // A slow reader: the end of the answer and the error wait in buffers meanwhile.
              if (bytes < 300_000) await delay(1);
            }
          };
          await assert.rejects(
            reading(),
            (error) => failsWith('invalid_query')(error) && /half-way/.test(String(error)),
          );
          assert.ok(bytes > 0, 'some of the answer came before the error');
        });
      }
      test('lets the reader set the pace', async () => {
        const queryId = randomUUID();
        const { body } = await engine.stream({ sql: 'SELECT number FROM numbers(500000000)', queryId }, 'RowBinary');
        await new Promise((resolve) => body.once('readable', resolve));
        const readRows = () =>
          one<string>('SELECT sum(read_rows) AS x FROM system.processes WHERE query_id = {queryId:String}', {
            queryId,
          });
        // Nobody reads, so once the buffers on the way are full the query stands still.
        let before = '';
        for (let now = await readRows(); now !== before; now = await readRows()) {
          before = now;
          await delay(200);
        }
        assert.ok(Number(before) < 50_000_000, `${before} rows were read ahead`);
        body.destroy();
        await untilRunning(queryId, false);
      });
      test('stops the query when its body is destroyed', async () => {
        const queryId = randomUUID();
        const { body } = await engine.stream({ sql: 'SELECT number FROM system.numbers', queryId }, 'RowBinary');
        await new Promise((resolve) => body.once('readable', resolve));
        body.destroy();
        await untilRunning(queryId, false);
      });
    });

    describe('cancelling', () => {
      test('stops a running query and says that there was one', async () => {
        const queryId = randomUUID();
        const running = assert.rejects(engine.query({ sql: endless, queryId }), failsWith('query_cancelled'));
        await untilRunning(queryId, true);
        assert.equal(await engine.cancel(queryId), true);
        await running;
        await untilRunning(queryId, false);
      });
      test('says where there was none', async () => {
        assert.equal(await engine.cancel(randomUUID()), false);
      });
      test('by signal stops the query', async () => {
        const queryId = randomUUID();
        const abort = new AbortController();
        const running = assert.rejects(
          engine.query({ sql: endless, queryId, signal: abort.signal }),
          failsWith('query_cancelled'),
        );
        await untilRunning(queryId, true);
        abort.abort();
        await running;
        await untilRunning(queryId, false);
      });
      test('by signal ends a body that is being read', async () => {
        const abort = new AbortController();
        const queryId = randomUUID();
        const { body } = await engine.stream(
          { sql: 'SELECT number FROM system.numbers', queryId, signal: abort.signal },
          'TSV',
        );
        const reading = async () => {
          for await (const _ of body) abort.abort();
        };
        await assert.rejects(reading(), failsWith('query_cancelled'));
        await untilRunning(queryId, false);
      });
      test('by a signal that was there before sends nothing', async () => {
        await assert.rejects(
          engine.query({ sql: 'SELECT 1', signal: AbortSignal.abort() }),
          failsWith('query_cancelled'),
        );
      });
    });

    describe('limits', () => {
      for (const user of ['admin', 'reader'] as const) {
        test(`of time, memory, rows read and rows returned hold for the ${user}`, async () => {
          const limited = (sql: string, limits: NonNullable<Statement['limits']>) =>
            engine.query({ sql, user, limits });
          await assert.rejects(
            limited('SELECT sleepEachRow(0.1) FROM numbers(100)', { timeMs: 200 }),
            failsWith('query_timeout'),
          );
          await assert.rejects(
            limited('SELECT uniqExact(number) FROM numbers(30000000)', { memoryBytes: 20_000_000 }),
            failsWith('query_memory'),
          );
          await assert.rejects(limited('SELECT a FROM kept', { readRows: 50 }), failsWith('query_too_large'));
          await assert.rejects(limited('SELECT a FROM kept', { resultRows: 50 }), failsWith('query_too_large'));
          assert.equal(
            (await limited('SELECT a FROM kept', { resultRows: 100, readRows: 100, timeMs: 60_000 })).length,
            100,
          );
        });
      }
      test('of the reader cannot be raised or lifted', async () => {
        for (const limits of [
          { timeMs: 10 ** 9 },
          { timeMs: 0 },
          { memoryBytes: 0 },
          { resultRows: 0 },
          { readRows: 0 },
        ]) {
          await assert.rejects(
            engine.query({ sql: 'SELECT 1', user: 'reader', limits }),
            failsWith('query_not_allowed'),
          );
        }
        await assert.rejects(
          engine.query({ sql: 'SELECT 1', user: 'reader', settings: { max_threads: 1000 } }),
          failsWith('query_not_allowed'),
        );
      });
    });

    describe('errors', () => {
      const failing: readonly (readonly [string, ErrorCode])[] = [
        ['SELEC 1', 'invalid_query'],
        ['SELECT nope', 'invalid_query'],
        ['SELECT * FROM nope', 'invalid_query'],
        ['SELECT * FROM nope.nope', 'invalid_query'],
        ["SELECT toUInt8('x')", 'invalid_query'],
        ['SELECT 1; SELECT 2', 'invalid_query'],
        ['SELECT 1 FORMAT Nope', 'invalid_query'],
        ['SELECT 1 SETTINGS nope = 1', 'invalid_query'],
        ["SELECT 1 INTO OUTFILE 'x'", 'query_not_allowed'],
      ];
      for (const [sql, code] of failing) {
        test(`are ${code} for ${sql}`, () => assert.rejects(engine.query({ sql }), failsWith(code)));
      }
    });

    describe('insert', () => {
      const block = (from: number, rows: number) =>
        encodeBlock(
          [
            {
              name: 'a',
              type: 'UInt32',
              data: { kind: 'number', values: Float64Array.from({ length: rows }, (_, i) => from + i) },
            },
            { name: 's', type: 'String', data: textColumnOf(Array.from({ length: rows }, (_, i) => `s${i}`)) },
          ],
          rows,
        );
      const makeTable = async () => {
        const table = `t_${randomUUID().slice(0, 8)}`;
        await engine.command({
          sql: `CREATE TABLE ${table} (a UInt32, s LowCardinality(String), d UInt8 DEFAULT 7) ENGINE = MergeTree ORDER BY a
            SETTINGS non_replicated_deduplication_window = 100`,
        });
        return table;
      };
      const columns = ['a', 's'];
      const rowsOf = (table: string) => one<string>(`SELECT count() AS x FROM ${table}`);

      test('stores all blocks and fills in defaults', async () => {
        const table = await makeTable();
        await engine.insert({ table, columns, blocks: [block(0, 1000), block(1000, 500)] });
        assert.deepEqual(
          await engine.query({ sql: `SELECT count() AS n, sum(a) AS a, uniq(s) AS s, sum(d) AS d FROM ${table}` }),
          [{ n: '1500', a: '1124250', s: '1000', d: '10500' }],
        );
      });
      test('stores the same rows twice where no token says that they are the same', async () => {
        const table = await makeTable();
        for (let i = 0; i < 2; i++) await engine.insert({ table, columns, blocks: [block(0, 10)] });
        assert.equal(await rowsOf(table), '20');
      });
      test('by a statement stores the same rows twice too', async () => {
        const table = await makeTable();
        const sql = `INSERT INTO ${table} (a, s) SELECT number, 's' FROM numbers(10) ORDER BY ALL`;
        for (let i = 0; i < 2; i++) await engine.command({ sql });
        assert.equal(await rowsOf(table), '20');
      });
      test('stores rows once for each token', async () => {
        const table = await makeTable();
        for (const deduplicationToken of ['x', 'x', 'y', 'x']) {
          await engine.insert({ table, columns, blocks: [block(0, 10)], deduplicationToken });
        }
        assert.equal(await rowsOf(table), '20');
      });
      test('stores nothing of a block that is damaged', async () => {
        const table = await makeTable();
        const whole = block(0, 10_000);
        const blocks = [whole.subarray(0, whole.length - 5)];
        await assert.rejects(engine.insert({ table, columns, blocks }), (error) => isBarographError(error));
        assert.equal(await rowsOf(table), '0');
      });
      test('into a table that is not there fails with its name, however large the block', async () => {
        // Far more than the sockets hold, so that the answer comes while the block is still being sent.
        const values = Float64Array.from({ length: 3_000_000 }, (_, i) => i);
        const blocks = [encodeBlock([{ name: 'a', type: 'UInt32', data: { kind: 'number', values } }], values.length)];
        await assert.rejects(
          engine.insert({ table: 'nowhere', columns: ['a'], blocks }),
          (error) => failsWith('invalid_query')(error) && /nowhere/.test(String(error)),
        );
      });
      test('of a column that is not there fails', async () => {
        const table = await makeTable();
        await assert.rejects(
          engine.insert({ table, columns: ['a', 'q'], blocks: [block(0, 1)] }),
          failsWith('invalid_query'),
        );
      });
      test('by a signal that aborts fails and leaves the engine sound', async () => {
        const table = await makeTable();
        await assert.rejects(
          engine.insert({ table, columns, blocks: [block(0, 10)], signal: AbortSignal.abort() }),
          failsWith('query_cancelled'),
        );
        await engine.insert({ table, columns, blocks: [block(0, 10)] });
        assert.equal(await rowsOf(table), '10');
      });
    });

    test('command runs statements that answer nothing, with values and settings of its own', async () => {
      await engine.command({ sql: 'CREATE TABLE c (x String) ENGINE = MergeTree ORDER BY x' });
      await engine.command({ sql: 'INSERT INTO c SELECT {x:String}', params: { x: 'a' } });
      await assert.rejects(
        engine.command({ sql: 'INSERT INTO c SELECT 1', settings: { readonly: 1 } }),
        failsWith('query_not_allowed'),
      );
      assert.deepEqual(await engine.query({ sql: 'SELECT x FROM c' }), [{ x: 'a' }]);
    });

    test('health names the version', async () => {
      const { ok, version } = await engine.health();
      assert.equal(ok, true);
      assert.equal(version, await one('SELECT version() AS x'));
    });
  });
}
