/** The Native encoder and decoder against the engine itself: what is inserted comes back as it was. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { type Column, textColumnOf } from '../../../src/model/columns.js';
import { decodeBlocks } from '../../../src/storage/native/decode.js';
import { encodeBlock } from '../../../src/storage/native/encode.js';
import { startTestEngine, type TestEngine } from '../test-engine.js';
import { columnsArbitrary } from './column-arbitraries.js';

let started: TestEngine;
before(async () => {
  started = await startTestEngine();
});
beforeEach(() => started.clear());
after(() => started.stop());

interface TypedColumn {
  readonly name: string;
  readonly type: string;
  readonly data: Column;
}

/** Inserts the columns into a table of `tableTypes` and reads them back as blocks of the columns' own types. */
async function thereAndBack(columns: readonly TypedColumn[], rowCount: number, tableTypes: readonly string[]) {
  const { engine } = started;
  const names = columns.map(({ name }) => name);
  const definitions = names.map((name, i) => `${name} ${tableTypes[i]}`);
  await engine.command({ sql: `CREATE OR REPLACE TABLE t (${definitions.join(', ')}) ENGINE = MergeTree ORDER BY ()` });
  await engine.insert({ table: 't', columns: names, blocks: [encodeBlock(columns, rowCount)] });
  const { body } = await engine.stream({ sql: `SELECT ${names.join(', ')} FROM t` }, 'Native');
  const types = Object.fromEntries(columns.map(({ name, type }) => [name, type]));
  return decodeBlocks(Buffer.concat(await body.toArray()), types);
}

test('any columns come back as they were inserted', async () => {
  await fc.assert(
    fc.asyncProperty(columnsArbitrary(30), async ({ rowCount, columns }) => {
      const named = columns.map((column, i) => ({ name: `c${i}`, ...column }));
      const batch = await thereAndBack(
        named,
        rowCount,
        columns.map(({ type }) => type),
      );
      assert.equal(batch.rowCount, rowCount);
      assert.deepEqual(batch.columns, Object.fromEntries(named.map(({ name, data }) => [name, data])));
    }),
    { numRuns: 40 },
  );
});

const lowCardinality = (type: string) => type.replaceAll(/(?<!Nullable\()String/g, 'LowCardinality(String)');

test('texts sent plain land in columns of low cardinality, and come back plain', async () => {
  await fc.assert(
    fc.asyncProperty(columnsArbitrary(30), async ({ rowCount, columns }) => {
      const named = columns.map((column, i) => ({ name: `c${i}`, ...column }));
      const batch = await thereAndBack(
        named,
        rowCount,
        columns.map(({ type }) => lowCardinality(type)),
      );
      assert.equal(batch.rowCount, rowCount);
      assert.deepEqual(batch.columns, Object.fromEntries(named.map(({ name, data }) => [name, data])));
    }),
    { numRuns: 40 },
  );
});

test('a dictionary of many texts comes back in full, with places of any width', async () => {
  const { engine } = started;
  for (const different of [2, 300, 70_000]) {
    const sql = `SELECT toLowCardinality(concat('text ', toString(number % ${different}))) AS s FROM numbers(100000)`;
    const { body } = await engine.stream({ sql, settings: { max_block_size: 100_000 } }, 'Native');
    const { s } = decodeBlocks(Buffer.concat(await body.toArray()), { s: 'String' }).columns;
    const wanted = textColumnOf(Array.from({ length: 100_000 }, (_, i) => `text ${i % different}`));
    assert.deepEqual(s, wanted);
  }
});

test('what is absent is NULL to SQL, and what is there is what it was', async () => {
  const { engine } = started;
  const numbers: Column = { kind: 'number', values: Float64Array.of(0, Number.NaN, -1.5) };
  const times: Column = { kind: 'time', values: Float64Array.of(-1, Number.NaN, 1_767_225_600_123) };
  const features: Column = {
    kind: 'map',
    offsets: Uint32Array.of(0, 1, 1, 3),
    names: textColumnOf(['größe', 'a', 'b']),
    values: { kind: 'flag', values: Uint8Array.of(1, 0, 1) },
  };
  await engine.command({
    sql: `CREATE TABLE t (id UInt64, n Nullable(Float64), t Nullable(DateTime64(3, 'UTC')), f Map(String, Bool)) ENGINE = MergeTree ORDER BY id`,
  });
  const columns = [
    { name: 'id', type: 'UInt64', data: { kind: 'run', first: 7 } as const },
    { name: 'n', type: 'Nullable(Float64)', data: numbers },
    { name: 't', type: "Nullable(DateTime64(3, 'UTC'))", data: times },
    { name: 'f', type: 'Map(String, Bool)', data: features },
  ];
  await engine.insert({ table: 't', columns: ['id', 'n', 't', 'f'], blocks: [encodeBlock(columns, 3)] });
  assert.deepEqual(await engine.query({ sql: 'SELECT * FROM t ORDER BY id' }), [
    { id: '7', n: 0, t: '1969-12-31 23:59:59.999', f: { größe: true } },
    { id: '8', n: null, t: null, f: {} },
    { id: '9', n: -1.5, t: '2026-01-01 00:00:00.123', f: { a: false, b: true } },
  ]);
});

test('an answer of many blocks comes back whole and in order', async () => {
  const { engine } = started;
  const sql = 'SELECT number AS n, toString(number) AS s FROM numbers(300000)';
  const { body } = await engine.stream({ sql, settings: { max_block_size: 10_000 } }, 'Native');
  const batch = decodeBlocks(Buffer.concat(await body.toArray()), { n: 'UInt64', s: 'String' });
  assert.equal(batch.rowCount, 300_000);
  const { n, s } = batch.columns;
  assert.ok(n?.kind === 'number' && s?.kind === 'text');
  assert.ok(n.values.every((value, i) => value === i));
  assert.equal(Buffer.from(s.bytes).toString(), Array.from({ length: 300_000 }, (_, i) => i).join(''));
});

test('columns that are prepared land as they are: raw values, and texts with a dictionary of any width', async () => {
  const { engine } = started;
  await engine.command({
    sql: 'CREATE TABLE prepared (m LowCardinality(String), id UInt64) ENGINE = MergeTree ORDER BY ()',
  });
  const texts = textColumnOf(['up', 'größe', '']);
  for (const places of [Uint8Array.of(1, 0, 2), Uint16Array.of(1, 0, 2), Uint32Array.of(1, 0, 2)]) {
    const ids = new Uint8Array(Uint32Array.of(1, 0, 0xffffffff, 0xffffffff, 0, 1).buffer);
    const block = encodeBlock(
      [
        { name: 'm', type: 'LowCardinality(String)', data: { kind: 'dictionary', texts, places } },
        { name: 'id', type: 'UInt64', data: { kind: 'raw', bytes: ids } },
      ],
      3,
    );
    await engine.insert({ table: 'prepared', columns: ['m', 'id'], blocks: [block] });
    assert.deepEqual(await engine.query({ sql: 'SELECT * FROM prepared' }), [
      { m: 'größe', id: '1' },
      { m: 'up', id: '18446744073709551615' },
      { m: '', id: '4294967296' },
    ]);
    await engine.command({ sql: 'TRUNCATE TABLE prepared' });
  }
});

test('blocks that lack columns, and maps whose names stand in a dictionary, land in one insert', async () => {
  const { engine } = started;
  await engine.command({
    sql: `CREATE TABLE sparse (n UInt32, m Map(LowCardinality(String), Float64), t String) ENGINE = MergeTree ORDER BY n`,
  });
  const names = { kind: 'dictionary', texts: textColumnOf(['größe', 'b']), places: Uint8Array.of(0, 1, 0) } as const;
  const values = { kind: 'number', values: Float64Array.of(1.5, 2, 3) } as const;
  const n = (...rows: number[]) =>
    ({ name: 'n', type: 'UInt32', data: { kind: 'number', values: Float64Array.from(rows) } }) as const;
  const type = 'Map(LowCardinality(String), Float64)';
  const map = (offsets: number[], none = false): TypedColumn => ({
    name: 'm',
    type,
    data: {
      kind: 'map',
      offsets: Uint32Array.from(offsets),
      names: none ? { ...names, places: new Uint8Array(0) } : names,
      values: none ? { kind: 'number', values: new Float64Array(0) } : values,
    },
  });
  const blocks = [
    encodeBlock([n(1, 2), map([0, 2, 3])], 2),
    encodeBlock([n(3), { name: 't', type: 'String', data: textColumnOf(['x']) }], 1),
    encodeBlock([n(4), map([0, 0], true)], 1),
  ];
  await engine.insert({ table: 'sparse', columns: ['n', 'm', 't'], blocks });
  assert.deepEqual(await engine.query({ sql: 'SELECT * FROM sparse ORDER BY n' }), [
    { n: 1, m: { größe: 1.5, b: 2 }, t: '' },
    { n: 2, m: { größe: 3 }, t: '' },
    { n: 3, m: {}, t: 'x' },
    { n: 4, m: {}, t: '' },
  ]);
});
