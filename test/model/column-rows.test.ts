import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  FlagBuilder,
  ListBuilder,
  MapBuilder,
  NumberBuilder,
  TextBuilder,
  TimeBuilder,
} from '../../src/model/column-builders.js';
import { assertBatch, concatBatches, sameRow, takeRows } from '../../src/model/column-rows.js';
import { type Batch, type Column, lengthOf, type TextColumn, textAt } from '../../src/model/columns.js';

interface Row {
  readonly text: string;
  readonly number: number;
  readonly time: number;
  readonly flag: number;
  readonly list: readonly string[];
  readonly map: readonly (readonly [string, number])[];
}

const row: fc.Arbitrary<Row> = fc.record(
  {
    text: fc.string({ unit: 'grapheme', maxLength: 40 }),
    number: fc.double(),
    time: fc.integer(),
    flag: fc.constantFrom(0, 1),
    list: fc.array(fc.string({ unit: 'grapheme', maxLength: 3 }), { maxLength: 4 }),
    map: fc.uniqueArray(fc.tuple(fc.string({ maxLength: 3 }), fc.double()), {
      maxLength: 4,
      selector: ([name]) => name,
    }),
  },
  { noNullPrototype: true },
);

function batchOf(rows: readonly Row[]): Batch {
  const builders = {
    text: new TextBuilder(),
    number: new NumberBuilder(),
    time: new TimeBuilder(),
    flag: new FlagBuilder(),
    list: new ListBuilder(new TextBuilder()),
    map: new MapBuilder(new NumberBuilder()),
  };
  for (const { text, number, time, flag, list, map } of rows) {
    builders.text.addText(text);
    builders.number.add(number);
    builders.time.add(time);
    builders.flag.add(flag);
    for (const item of list) builders.list.items.addText(item);
    builders.list.endRow();
    for (const [name, value] of map) {
      builders.map.names.addText(name);
      builders.map.values.add(value);
    }
    builders.map.endRow();
  }
  const columns = Object.fromEntries(Object.entries(builders).map(([name, builder]) => [name, builder.finish()]));
  return { rowCount: rows.length, columns };
}

const texts = (column: TextColumn, from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => textAt(column, from + i));

function valueAt(column: Column, at: number): unknown {
  switch (column.kind) {
    case 'text':
      return textAt(column, at);
    case 'list':
      return texts(column.items as TextColumn, column.offsets[at]!, column.offsets[at + 1]!);
    case 'map': {
      const [from, to] = [column.offsets[at]!, column.offsets[at + 1]!];
      return texts(column.names as TextColumn, from, to).map((name, i) => [name, valueAt(column.values, from + i)]);
    }
    default:
      return column.values[at];
  }
}

const rowsOf = (batch: Batch): unknown[] =>
  Array.from({ length: batch.rowCount }, (_, at) =>
    Object.fromEntries(Object.entries(batch.columns).map(([name, column]) => [name, valueAt(column, at)])),
  );

test('columns built from rows hold those rows', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 20 }), (rows) => {
      const batch = batchOf(rows);
      assertBatch(batch);
      assert.deepEqual(rowsOf(batch), rows);
    }),
  );
});

test('chosen rows are the rows at those places, in that order', () => {
  const chosen = fc
    .array(row, { minLength: 1, maxLength: 20 })
    .chain((rows) => fc.tuple(fc.constant(rows), fc.array(fc.nat(rows.length - 1), { maxLength: 30 })));
  fc.assert(
    fc.property(chosen, ([rows, places]) => {
      const taken = takeRows(batchOf(rows), Uint32Array.from(places));
      assertBatch(taken);
      assert.deepEqual(
        rowsOf(taken),
        places.map((place) => rows[place]),
      );
    }),
  );
});

test('batches end to end hold the rows of each in order', () => {
  fc.assert(
    fc.property(fc.array(fc.array(row, { maxLength: 8 }), { minLength: 1, maxLength: 5 }), (parts) => {
      const whole = concatBatches(parts.map(batchOf));
      assertBatch(whole);
      assert.deepEqual(rowsOf(whole), parts.flat());
    }),
  );
});

test('a row is the same as itself with its map in another order, and as no row that differs in one value', () => {
  const none = new Set<string>();
  fc.assert(
    fc.property(row, row, (a, b) => {
      const batch = batchOf([a, { ...a, map: [...a.map].reverse() }, b]);
      assert.ok(sameRow(batch, 0, batch, 1, none));
      const sorted = ({ map, ...rest }: Row) => ({ ...rest, map: [...map].sort(([x], [y]) => (x < y ? -1 : 1)) });
      const normal = (r: Row) =>
        JSON.stringify(sorted(r), (_, v) => (typeof v === 'number' && !Number.isFinite(v) ? String(v) : v));
      assert.equal(sameRow(batch, 0, batch, 2, none), normal(a) === normal(b));
    }),
  );
});

test('a column that is excepted does not make rows differ', () => {
  const base: Row = { text: 'a', number: 1, time: 2, flag: 0, list: [], map: [] };
  const batch = batchOf([base, { ...base, time: 3 }]);
  assert.equal(sameRow(batch, 0, batch, 1, new Set()), false);
  assert.equal(sameRow(batch, 0, batch, 1, new Set(['time'])), true);
});

test('a builder that is rolled back forgets the rows after, children included', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 10 }), fc.array(row, { maxLength: 10 }), (kept, dropped) => {
      const map = new MapBuilder(new NumberBuilder());
      const add = ({ map: pairs }: Row): void => {
        for (const [name, value] of pairs) {
          map.names.addText(name);
          map.values.add(value);
        }
        map.endRow();
      };
      kept.forEach(add);
      dropped.forEach(add);
      map.truncate(kept.length);
      const column = map.finish();
      assert.equal(lengthOf(column), kept.length);
      assert.equal(
        lengthOf(column.names),
        kept.reduce((sum, { map: pairs }) => sum + pairs.length, 0),
      );
    }),
  );
});
