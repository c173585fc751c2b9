import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { openCsv } from '../../src/server/cli/import-csv.js';
import { keyOfLine, withExactIntegers } from '../../src/server/cli/import-encode.js';
import { linesOf } from '../../src/server/cli/import-ndjson.js';
import { openParquet } from '../../src/server/cli/import-parquet.js';
import type { Table } from '../../src/server/cli/import-table.js';
import { packageRoot } from './cli-process.js';

/** The bytes cut into pieces at the given places, which may lie anywhere. */
async function* cut(bytes: Uint8Array, places: readonly number[]): AsyncGenerator<Uint8Array> {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  let start = 0;
  for (const end of ends) {
    if (end > start) yield bytes.subarray(start, end);
    start = end;
  }
}

const once = (text: string | Uint8Array): AsyncIterable<Uint8Array> => cut(Buffer.from(text), []);
const cuts = fc.array(fc.nat(), { maxLength: 12 });

async function rowsOf(table: Table, wanted = new Set(table.columns)): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const chunk of table.chunks(wanted)) {
    assert.equal(chunk.firstRow, rows.length + 1);
    rows.push(...chunk.rows);
  }
  await table.close();
  return rows;
}

describe('CSV', () => {
  test('any cells come back from any cutting of the file', async () => {
    const cell = fc.string({ unit: 'grapheme', maxLength: 8 });
    const shape = fc
      .integer({ min: 2, max: 5 })
      .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { maxLength: 20 }));
    const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
    await fc.assert(
      fc.asyncProperty(shape, cuts, fc.constantFrom('\n', '\r\n'), async (records, places, end) => {
        const columns = Array.from(records[0] ?? ['', ''], (_, i) => `c${i}`);
        const text = [columns, ...records].map((record) => record.map(quoted).join(',') + end).join('');
        assert.deepEqual(await rowsOf(await openCsv(cut(Buffer.from(text), places), ',')), records);
      }),
      { numRuns: 50 },
    );
  });

  test('a byte order mark and empty lines are no data', async () => {
    const table = await openCsv(once('\ufeffa;b\n1;2\n\n3;4\n'), ';');
    assert.deepEqual(table.columns, ['a', 'b']);
    assert.deepEqual(await rowsOf(table), [
      ['1', '2'],
      ['3', '4'],
    ]);
  });

  test('a record of another length is told in its place, and the rest is read', async () => {
    assert.deepEqual(await rowsOf(await openCsv(once('a,b\n1\n2,3\n4,5,6\n'), ',')), [
      'the record has 1 cells, the header has 2',
      ['2', '3'],
      'the record has 3 cells, the header has 2',
    ]);
  });

  test('more records than a chunk holds keep their numbers', async () => {
    const records = Array.from({ length: 3500 }, (_, i) => [String(i), 'x']);
    const text = `a,b\n${records.map((record) => record.join(',')).join('\n')}`;
    assert.deepEqual(await rowsOf(await openCsv(once(text), ',')), records);
  });

  for (const [what, text, message] of [
    ['nothing', '', /the file is empty/],
    ['the same column twice', 'a,b,a\n', /names the column "a" twice/],
    ['a quote that never ends', 'a,b\n1,"2\n', /not CSV: .*[Qq]uote/],
    ['a quote in the middle of a cell', 'a,b\n1,2"3"\n', /not CSV: .*line 2/],
    ['bytes that are not UTF-8', Buffer.from([0x61, 0x0a, 0xe9, 0x0a]), /not all valid UTF-8/],
  ] as const) {
    test(`${what} is refused`, async () => {
      const read = async () => rowsOf(await openCsv(once(text), ','));
      await assert.rejects(read, { code: 'invalid_file', message });
    });
  }
});

describe('lines', () => {
  const collect = async (bytes: AsyncIterable<Uint8Array>): Promise<string[]> => {
    const all: string[] = [];
    for await (const { firstRow, lines } of linesOf(bytes)) {
      assert.equal(firstRow, all.length + 1);
      all.push(...lines.map((line) => Buffer.from(line).toString()));
    }
    return all;
  };

  test('any lines come back from any cutting of the file', async () => {
    const line = fc
      .string({ unit: 'grapheme', maxLength: 12 })
      .filter((text) => !/[\r\n]|^\ufeff/.test(text) && !/^[ \t]*\[/.test(text));
    await fc.assert(
      fc.asyncProperty(fc.array(line), cuts, fc.constantFrom('\n', '\r\n'), async (lines, places, end) => {
        const bytes = Buffer.from(lines.map((text) => text + end).join(''));
        assert.deepEqual(await collect(cut(bytes, places)), lines);
      }),
    );
  });

  test('the last line needs no end, and a byte order mark is no data', async () => {
    assert.deepEqual(await collect(once('\ufeff{"a":1}\n{"b":2}')), ['{"a":1}', '{"b":2}']);
  });

  test('a JSON array is refused, with how to make lines of it', async () => {
    for (const text of ['[{"a":1}]', ' [\n{"a":1}]\n']) {
      await assert.rejects(collect(once(text)), { code: 'invalid_file', hint: /jq/ });
    }
  });
});

describe('a line that goes as it lies', () => {
  const keyOf = (line: string): string => keyOfLine(Buffer.from(line));

  test('is ordered by its request id, however it is written', () => {
    assert.equal(keyOf('{"request_id":"a1"}'), 'a1');
    assert.equal(keyOf('{"metadata":{"request_id":"inner"},"request_id" : "a1"}'), 'a1');
    assert.equal(keyOf('{"request_id":"\\u00e9"}'), keyOf('{"request_id":"é"}'));
    assert.equal(keyOf('{"request_id":"a\\"b"}'), 'a"b');
  });

  test('has no key where it is broken or has no id', () => {
    for (const line of ['', 'x', '{}', '{"request_id":7}', '{"request_id":"a']) assert.equal(keyOf(line), '');
  });
});

test('integers that a double cannot hold become texts, and nothing else changes', () => {
  assert.equal(
    withExactIntegers('{"a":9007199254740993,"b":-9007199254740993}'),
    '{"a":"9007199254740993","b":"-9007199254740993"}',
  );
  const same =
    '{"a":9007199254740991,"b":0.12345678901234567,"c":1234567890123456e3,"9007199254740993":"x \\" 9007199254740993"}';
  assert.equal(withExactIntegers(same), same);
});

describe('Parquet', () => {
  const path = join(packageRoot, 'test/server/fixtures/import-types.parquet');

  test('values of every type come out exact', async () => {
    const table = await openParquet(path);
    const rows = (await rowsOf(table)) as unknown[][];
    const byColumn = Object.fromEntries(table.columns.map((column, i) => [column, rows.map((row) => row[i] ?? null)]));
    assert.deepEqual(byColumn, {
      id: [1n, 2n, 9007199254740993n],
      unsigned: [0n, 18446744073709551615n, 7n],
      small: [-1, null, 127],
      double: [0.1, Number.NaN, -2.5e-7],
      infinite: [Number.POSITIVE_INFINITY, 1, 1],
      single: [0.5, Math.fround(0.1), null],
      flag: [true, false, null],
      text: ['01234', '', 'Zoë 😀'],
      category: ['a', 'b', 'a'],
      bytes: [new Uint8Array(Buffer.from('plain')), new Uint8Array([0xff, 0xfe]), null],
      price: [1.15, -0.07, null],
      precise: ['12345678901234567890.123456789', 0.1, 0],
      day: ['2015-01-02', '1969-12-31', null],
      millis: ['2015-01-02T03:04:05.678Z', '2015-01-02T03:04:05.678Z', null],
      micros: ['2015-01-02T03:04:05.678901Z', '1969-12-31T23:59:59.5Z', null],
      nanos: ['2015-01-02T03:04:05.678901234Z', '1969-12-31T23:59:59.999999999Z', null],
      vector: [[0.25, 0.5], [], null],
      record: [{ n: 1n, t: 'x' }, { n: null, t: null }, null],
    });
  });

  test('only the columns asked for are read', async () => {
    const table = await openParquet(path);
    assert.equal(table.rowCount, 3);
    const rows = (await rowsOf(table, new Set(['small']))) as unknown[][];
    assert.deepEqual(
      rows.map((row) => row.filter((cell) => cell !== undefined)),
      [[-1], [null], [127]],
    );
  });

  test('a file that is none is refused', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'barograph-import-'));
    try {
      for (const [name, bytes] of Object.entries({ empty: '', text: 'id,score\n1,2\n', short: 'PAR1' })) {
        writeFileSync(join(folder, name), bytes);
        await assert.rejects(openParquet(join(folder, name)), { code: 'invalid_file' });
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
