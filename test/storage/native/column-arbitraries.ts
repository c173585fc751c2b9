/** Random columns for property tests: a type's name, and a column whose values that type can hold. */
import fc from 'fast-check';
import { type Column, textColumnOf } from '../../../src/model/columns.js';

export interface ArbitraryColumn {
  readonly type: string;
  readonly data: Column;
}

/** A way to make columns of one type with a given number of rows. */
interface Recipe {
  readonly type: string;
  readonly make: (rowCount: number) => fc.Arbitrary<Column>;
}

const exactly = <T>(values: fc.Arbitrary<T>, rowCount: number) =>
  fc.array(values, { minLength: rowCount, maxLength: rowCount });

const numbers = (type: string, values: fc.Arbitrary<number>): Recipe => ({
  type,
  make: (rowCount) =>
    exactly(values, rowCount).map((list) => ({ kind: 'number', values: Float64Array.from(list) }) as const),
});

const times = (type: string, values: fc.Arbitrary<number>): Recipe => ({
  type,
  make: (rowCount) =>
    exactly(values, rowCount).map((list) => ({ kind: 'time', values: Float64Array.from(list) }) as const),
});

const orAbsent = (values: fc.Arbitrary<number>) => fc.oneof(values, fc.constant(Number.NaN));

/** Times that ClickHouse's DateTime64(3) holds: 1900 to 2299. */
const epochMs = fc.integer({ min: -2_208_988_800_000, max: 10_413_791_999_999 });
const float64 = fc.double({ noNaN: true });
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: 'binary', minLength: 120, maxLength: 300 }),
);

const texts: Recipe = { type: 'String', make: (rowCount) => exactly(text, rowCount).map(textColumnOf) };

const leaves: readonly Recipe[] = [
  texts,
  { ...texts, type: 'Nullable(String)' },
  numbers('Float64', fc.double()),
  numbers('Nullable(Float64)', orAbsent(float64)),
  numbers('Float32', fc.float()),
  numbers('UInt8', fc.integer({ min: 0, max: 255 })),
  numbers('UInt32', fc.integer({ min: 0, max: 4_294_967_295 })),
  numbers('Nullable(UInt32)', orAbsent(fc.integer({ min: 0, max: 4_294_967_295 }))),
  numbers('UInt64', fc.maxSafeNat()),
  numbers('Int64', fc.maxSafeInteger()),
  times("DateTime64(3, 'UTC')", epochMs),
  times("Nullable(DateTime64(3, 'UTC'))", orAbsent(epochMs)),
  {
    type: 'Bool',
    make: (rowCount) =>
      exactly(fc.integer({ min: 0, max: 1 }), rowCount).map(
        (list) => ({ kind: 'flag', values: Uint8Array.from(list) }) as const,
      ),
  },
];

const offsetsOf = (lengths: readonly number[]): Uint32Array => {
  const offsets = new Uint32Array(lengths.length + 1);
  lengths.forEach((length, i) => {
    offsets[i + 1] = offsets[i]! + length;
  });
  return offsets;
};

const lengths = (rowCount: number) => exactly(fc.integer({ min: 0, max: 4 }), rowCount).map(offsetsOf);

const listOf = (items: Recipe): Recipe => ({
  type: `Array(${items.type})`,
  make: (rowCount) =>
    lengths(rowCount).chain((offsets) =>
      items.make(offsets[rowCount]!).map((column) => ({ kind: 'list', offsets, items: column }) as const),
    ),
});

const mapOf = (values: Recipe): Recipe => ({
  type: `Map(String, ${values.type})`,
  make: (rowCount) =>
    lengths(rowCount).chain((offsets) =>
      fc
        .tuple(texts.make(offsets[rowCount]!), values.make(offsets[rowCount]!))
        .map(([names, column]) => ({ kind: 'map', offsets, names, values: column }) as Column),
    ),
});

const recipes: readonly Recipe[] = [
  ...leaves,
  ...leaves.map(listOf),
  ...leaves.map(mapOf),
  ...leaves.map((leaf) => listOf(listOf(leaf))),
  ...leaves.map((leaf) => mapOf(listOf(leaf))),
];

/** Columns of random types, all of the same number of rows. */
export const columnsArbitrary = (rowsMax: number): fc.Arbitrary<{ rowCount: number; columns: ArbitraryColumn[] }> =>
  fc.integer({ min: 0, max: rowsMax }).chain((rowCount) => {
    const column = fc
      .constantFrom(...recipes)
      .chain(({ type, make }) => make(rowCount).map((data): ArbitraryColumn => ({ type, data })));
    return fc.array(column, { minLength: 1, maxLength: 6 }).map((columns) => ({ rowCount, columns }));
  });
