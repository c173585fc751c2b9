import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AssertionError } from '../../../src/base/assert.js';
import { isBarographError } from '../../../src/base/errors.js';
import { type Column, textColumnOf } from '../../../src/model/columns.js';
import { decodeBlocks, decodeSparseBlock } from '../../../src/storage/native/decode.js';
import { encodeBlock } from '../../../src/storage/native/encode.js';
import { columnsArbitrary } from './column-arbitraries.js';

const number = (...values: number[]): Column => ({ kind: 'number', values: Float64Array.from(values) });
const time = (...values: number[]): Column => ({ kind: 'time', values: Float64Array.from(values) });
const encodeOne = (type: string, data: Column, rowCount: number) => encodeBlock([{ name: 'c', type, data }], rowCount);

test('decoding what was encoded gives the same columns', () => {
  fc.assert(
    fc.property(columnsArbitrary(40), ({ rowCount, columns }) => {
      const named = columns.map((column, i) => ({ name: `c${i}`, ...column }));
      const types = Object.fromEntries(named.map(({ name, type }) => [name, type]));
      const batch = decodeBlocks(encodeBlock(named, rowCount), types);
      assert.equal(batch.rowCount, rowCount);
      assert.deepEqual(batch.columns, Object.fromEntries(named.map(({ name, data }) => [name, data])));
    }),
    { numRuns: 300 },
  );
});

test('blocks end to end decode to their rows in order', () => {
  fc.assert(
    fc.property(columnsArbitrary(8), fc.integer({ min: 1, max: 4 }), ({ rowCount, columns }, repeats) => {
      const named = columns.map((column, i) => ({ name: `c${i}`, ...column }));
      const types = Object.fromEntries(named.map(({ name, type }) => [name, type]));
      const block = encodeBlock(named, rowCount);
      const batch = decodeBlocks(Buffer.concat(Array(repeats).fill(block)), types);
      assert.equal(batch.rowCount, rowCount * repeats);
      const again = named.map(({ name, type }) => ({ name, type, data: batch.columns[name]! }));
      const first = decodeBlocks(encodeBlock(again, batch.rowCount), types);
      assert.deepEqual(first.columns, batch.columns);
    }),
    { numRuns: 60 },
  );
});

test('bytes that are no block, or a damaged one, are refused with the code asked for and never crash', () => {
  const damage = fc.array(fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }) }), { maxLength: 3 });
  fc.assert(
    fc.property(columnsArbitrary(12), damage, fc.option(fc.nat()), ({ rowCount, columns }, edits, cut) => {
      const named = columns.map((column, i) => ({ name: `c${i}`, ...column }));
      const types = Object.fromEntries(named.map(({ name, type }) => [name, type]));
      const bytes = encodeBlock(named, rowCount).slice();
      for (const { at, byte } of edits) bytes[at % bytes.length] = byte;
      const whole = cut === null ? bytes : bytes.subarray(0, cut % bytes.length);
      try {
        decodeBlocks(whole, types, 'log_corrupt');
      } catch (error) {
        assert.ok(isBarographError(error, 'log_corrupt'), String(error));
      }
    }),
    { numRuns: 500 },
  );
});

test('a block that is cut anywhere is refused', () => {
  const columns = [
    { name: 't', type: 'String', data: textColumnOf(['a', 'bc']) },
    { name: 'n', type: 'Nullable(Float64)', data: number(1, Number.NaN) },
  ];
  const bytes = encodeBlock(columns, 2);
  for (let length = 1; length < bytes.length; length++) {
    assert.throws(
      () => decodeBlocks(bytes.subarray(0, length), { t: 'String', n: 'Nullable(Float64)' }),
      (error) => isBarographError(error, 'engine_failed'),
      `cut to ${length} bytes`,
    );
  }
});

test('a length far past the end of the bytes allocates nothing', () => {
  const huge = [255, 255, 255, 255, 255, 255, 15];
  const header = [1, ...huge, 1, 99];
  const type = (name: string) => [name.length, ...Buffer.from(name)];
  for (const name of ['String', 'Float64', 'Nullable(UInt32)', 'Array(String)', 'Map(String, Bool)']) {
    const bytes = Uint8Array.from([...header, ...type(name), 0, 0, 0, 0]);
    assert.throws(
      () => decodeBlocks(bytes, { c: name }),
      (error) => isBarographError(error, 'engine_failed'),
    );
  }
});

const damaged: readonly (readonly [string, string, readonly number[]])[] = [
  ['a flag that is neither 0 nor 1', 'Bool', [2]],
  ['a mark of absence that is neither 0 nor 1', 'Nullable(UInt8)', [7, 0]],
  ['an unsigned number of 2^53', 'UInt64', [0, 0, 0, 0, 0, 0, 0x20, 0]],
  ['a time below -2^53', "DateTime64(3, 'UTC')", [0, 0, 0, 0, 0, 0, 0, 0x80]],
  ['a list that ends past 2^32 items', 'Array(UInt8)', [0, 0, 0, 0, 1, 0, 0, 0]],
  ['a text that is longer than the rest', 'String', [2, 65]],
];
for (const [what, type, bytes] of damaged) {
  test(`${what} is refused`, () => {
    const block = Uint8Array.from([1, 1, 1, 99, type.length, ...Buffer.from(type), ...bytes]);
    assert.throws(
      () => decodeBlocks(block, { c: type }),
      (error) => isBarographError(error, 'engine_failed'),
    );
  });
}

const dictionaryBlock = (...tail: number[]) => {
  const type = 'LowCardinality(String)';
  return Uint8Array.from([1, 2, 1, 99, type.length, ...Buffer.from(type), ...tail]);
};
const word = (low: number, second = 0) => [low, second, 0, 0, 0, 0, 0, 0];
const oneText = [...word(1), 1, 65];

test('texts with a dictionary are read as plain ones', () => {
  const block = dictionaryBlock(...word(1), ...word(0, 6), ...word(2), 0, 1, 65, ...word(2), 1, 0);
  assert.deepEqual(decodeBlocks(block, { c: 'String' }).columns, { c: textColumnOf(['A', '']) });
});

const damagedDictionaries: readonly (readonly [string, readonly number[]])[] = [
  ['of another version', [...word(2), ...word(0, 6), ...oneText, ...word(2), 0, 0]],
  ['that stands in another place', [...word(1), ...word(0, 7), ...oneText, ...word(2), 0, 0]],
  ['without texts of its own', [...word(1), ...word(0, 4), ...oneText, ...word(2), 0, 0]],
  ['with places of 64 bits', [...word(1), ...word(3, 6), ...oneText, ...word(2), ...word(0), ...word(0)]],
  ['with a place past its end', [...word(1), ...word(0, 6), ...oneText, ...word(2), 0, 1]],
  ['for fewer rows', [...word(1), ...word(0, 6), ...oneText, ...word(1), 0]],
  ['that is cut', [...word(1), ...word(0, 6), ...oneText, ...word(2), 0]],
];
for (const [what, tail] of damagedDictionaries) {
  test(`a dictionary ${what} is refused`, () => {
    assert.throws(
      () => decodeBlocks(dictionaryBlock(...tail), { c: 'String' }),
      (error) => isBarographError(error, 'engine_failed'),
    );
  });
}

test('a dictionary whose long text stands in very many rows is refused before it fills the memory', () => {
  const type = 'LowCardinality(String)';
  const rows = 300_000;
  const header = Buffer.from([
    1,
    0xe0,
    0xa7,
    0x12,
    1,
    99,
    type.length,
    ...Buffer.from(type),
    ...word(1),
    ...word(0, 6),
    ...word(1),
  ]);
  const text = Buffer.concat([Buffer.from([0x80, 0x08]), Buffer.alloc(1024, 'x')]);
  const count = Buffer.alloc(8);
  count.writeUInt32LE(rows);
  const block = Buffer.concat([header, text, count, Buffer.alloc(rows)]);
  assert.throws(() => decodeBlocks(block, { c: 'String' }), /grows past/);
});

test('a list whose second row ends before its first is refused', () => {
  const type = 'Array(UInt8)';
  const ends = [2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
  const block = Uint8Array.from([1, 2, 1, 99, type.length, ...Buffer.from(type), ...ends, 1, 2]);
  assert.throws(
    () => decodeBlocks(block, { c: type }),
    (error) => isBarographError(error, 'engine_failed'),
  );
});

test('a column of another name or type than wanted is refused', () => {
  const bytes = encodeOne('UInt32', number(1), 1);
  assert.throws(() => decodeBlocks(bytes, { d: 'UInt32' }), /column d of UInt32 is wanted, got ."name":"c"/);
  assert.throws(() => decodeBlocks(bytes, { c: 'Float64' }), /column c of Float64 is wanted, got .*UInt32/);
});

test('no bytes are a batch of no rows with the columns wanted', () => {
  const batch = decodeBlocks(new Uint8Array(), { t: 'String', m: 'Map(String, Float64)' });
  assert.equal(batch.rowCount, 0);
  assert.deepEqual(batch.columns.t, textColumnOf([]));
});

const misfits: readonly (readonly [string, Column])[] = [
  ['UInt32', number(-1)],
  ['UInt32', number(4_294_967_296)],
  ['UInt32', number(1.5)],
  ['UInt32', number(Number.NaN)],
  ['UInt8', number(256)],
  ['UInt64', number(-1)],
  ['UInt64', number(0.5)],
  ['UInt64', number(2 ** 53)],
  ['UInt64', number(Number.NaN)],
  ["DateTime64(3, 'UTC')", time(Number.NaN)],
  ["DateTime64(3, 'UTC')", time(Number.POSITIVE_INFINITY)],
];
for (const [type, data] of misfits) {
  const value = 'values' in data ? String((data.values as Float64Array)[0]) : '';
  test(`${value} is not written as ${type}`, () => {
    assert.throws(() => encodeOne(type, data, 1), AssertionError);
  });
}

test('a column of the wrong length or kind is a bug', () => {
  assert.throws(() => encodeOne('Float64', number(1, 2), 1), AssertionError);
  assert.throws(() => encodeOne('Float64', textColumnOf(['a']), 1), AssertionError);
  assert.throws(() => encodeOne('Decimal(9, 2)', number(1), 1), AssertionError);
});

test('a time is cut down to whole milliseconds', () => {
  const type = "DateTime64(3, 'UTC')";
  assert.deepEqual(decodeBlocks(encodeOne(type, time(1.9, -0.1), 2), { c: type }).columns.c, time(1, -1));
});

test('a run is written as the numbers it stands for, over the border of 32 bits too', () => {
  const first = 2 ** 32 - 2;
  const bytes = encodeBlock([{ name: 'c', type: 'UInt64', data: { kind: 'run', first } }], 4);
  assert.deepEqual(bytes, encodeOne('UInt64', number(first, first + 1, first + 2, first + 3), 4));
});

test('a sparse block comes with the columns that it lacks as not given', () => {
  const types = { n: 'UInt32', t: 'String', f: 'Nullable(Float64)', m: 'Map(String, Bool)', l: 'Array(Float32)' };
  const block = encodeBlock([{ name: 't', type: 'String', data: textColumnOf(['a', 'b']) }], 2);
  const zeros = new Uint32Array(3);
  assert.deepEqual(decodeSparseBlock(block, types, 'log_corrupt'), {
    rowCount: 2,
    columns: {
      n: number(Number.NaN, Number.NaN),
      t: textColumnOf(['a', 'b']),
      f: number(Number.NaN, Number.NaN),
      m: { kind: 'map', offsets: zeros, names: textColumnOf([]), values: { kind: 'flag', values: new Uint8Array(0) } },
      l: { kind: 'list', offsets: zeros, items: number() },
    },
  });
  for (const bytes of [Buffer.concat([block, block]), Uint8Array.of(0, 200), Uint8Array.of(0, 0, 1)])
    assert.throws(
      () => decodeSparseBlock(bytes, types, 'log_corrupt'),
      (error) => isBarographError(error, 'log_corrupt'),
    );
});
