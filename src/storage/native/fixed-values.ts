/** Fixed-width values of a column ↔ their bytes in a block. All platforms with an engine are little-endian, as the format is. */
import { endianness } from 'node:os';
import { AssertionError, assert, unreachable } from '../../base/assert.js';
import type { Column } from '../../model/columns.js';
import type { ByteCursor } from './byte-cursor.js';
import { type FixedTypeName, fixedTypes } from './native-type.js';
import type { RunColumn } from './run-column.js';

assert(endianness() === 'LE', 'the Native format is read and written in the order of bytes of the machine');

const two32 = 4_294_967_296;

interface FixedType {
  readonly name: FixedTypeName;
  readonly nullable: boolean;
}

/**
 * The bytes of a column's values, and where the type is Nullable the byte per row that says which are absent. Times are cut
 * down to whole milliseconds. Asserts that the type can hold every number.
 */
export function fixedBytes(
  column: string,
  type: FixedType,
  data: Column | RunColumn,
  rowCount: number,
): { nulls?: Uint8Array; values: Uint8Array } {
  if (data.kind === 'run') return { values: runBytes(data.first, rowCount) };
  if (data.kind === 'flag') return { values: data.values };
  assert(data.kind === 'number' || data.kind === 'time', `column ${column}: values of fixed width are wanted`);
  if (!type.nullable) return { values: valueBytes(column, type.name, data.values) };
  const nulls = new Uint8Array(rowCount);
  const present = new Float64Array(rowCount);
  for (let row = 0; row < rowCount; row++) {
    const value = data.values[row]!;
    // What stands below a NULL is never read; zero compresses best.
    if (Number.isNaN(value)) nulls[row] = 1;
    else present[row] = value;
  }
  return { nulls, values: valueBytes(column, type.name, present) };
}

function valueBytes(column: string, name: FixedTypeName, values: Float64Array): Uint8Array {
  switch (name) {
    case 'Float64':
      return bytesOf(values);
    case 'Float32':
      return bytesOf(new Float32Array(values));
    case 'UInt8':
      return bytesOf(checked(column, name, values, new Uint8Array(values)));
    case 'UInt32':
      return bytesOf(checked(column, name, values, new Uint32Array(values)));
    case 'Int32':
      return bytesOf(checked(column, name, values, new Int32Array(values)));
    case 'UInt64':
      return wideBytes(column, name, values, 0);
    case 'Int64':
      return wideBytes(column, name, values, Number.MIN_SAFE_INTEGER);
    case "DateTime64(3, 'UTC')":
      return wideBytes(column, name, values.map(Math.floor), Number.MIN_SAFE_INTEGER);
    case 'Bool':
      return unreachable(name as never);
  }
}

const bytesOf = (array: Float64Array | Float32Array | Uint32Array | Int32Array | Uint8Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** A typed array wraps what it cannot hold; this finds the row where it did. */
function checked<T extends Uint8Array | Uint32Array | Int32Array>(
  column: string,
  name: string,
  values: Float64Array,
  stored: T,
): T {
  for (let row = 0; row < values.length; row++) {
    if (stored[row] !== values[row]) misfit(column, row, values[row]!, name);
  }
  return stored;
}

/** Whole numbers as 64 bits, without a BigInt each: the low word is the remainder, the high one the quotient. */
function wideBytes(column: string, name: string, values: Float64Array, least: number): Uint8Array {
  const words = new Uint32Array(2 * values.length);
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    const high = Math.floor(value / two32);
    const low = value - high * two32;
    words[2 * row] = low;
    words[2 * row + 1] = high;
    const fits = value >= least && value <= Number.MAX_SAFE_INTEGER && words[2 * row] === low;
    if (!fits) misfit(column, row, value, name);
  }
  return bytesOf(words);
}

function misfit(column: string, row: number, value: number, name: string): never {
  throw new AssertionError(`column ${column}, row ${row}: ${value} is not a ${name}`);
}

function runBytes(first: number, rowCount: number): Uint8Array {
  const words = new Uint32Array(2 * rowCount);
  let high = Math.floor(first / two32);
  let low = first - high * two32;
  for (let row = 0; row < rowCount; row++) {
    words[2 * row] = low;
    words[2 * row + 1] = high;
    if (++low === two32) {
      low = 0;
      high++;
    }
  }
  return bytesOf(words);
}

/** The column that the next `rowCount` values are, absent ones as NaN. */
export function fixedColumn(cursor: ByteCursor, type: FixedType, rowCount: number): Column {
  const { kind } = fixedTypes[type.name];
  if (kind === 'flag') return { kind, values: cursor.flags(rowCount) };
  const nulls = type.nullable ? cursor.flags(rowCount) : undefined;
  const values = valuesOf(cursor, type.name, rowCount);
  if (nulls !== undefined) for (let row = 0; row < rowCount; row++) if (nulls[row] === 1) values[row] = Number.NaN;
  return { kind, values };
}

function valuesOf(cursor: ByteCursor, name: FixedTypeName, rowCount: number): Float64Array {
  const bytes = cursor.copy(rowCount, fixedTypes[name].width);
  switch (name) {
    case 'Float64':
      return new Float64Array(bytes);
    case 'Float32':
      return new Float64Array(new Float32Array(bytes));
    case 'UInt8':
    case 'Bool':
      return new Float64Array(new Uint8Array(bytes));
    case 'UInt32':
      return new Float64Array(new Uint32Array(bytes));
    case 'Int32':
      return new Float64Array(new Int32Array(bytes));
    case 'UInt64':
    case 'Int64':
    case "DateTime64(3, 'UTC')":
      return wideValues(cursor, name, bytes);
  }
}

function wideValues(cursor: ByteCursor, name: FixedTypeName, bytes: ArrayBuffer): Float64Array {
  const lows = new Uint32Array(bytes);
  // The high word of a time carries its sign.
  const highs = name === 'UInt64' ? lows : new Int32Array(bytes);
  const values = new Float64Array(lows.length / 2);
  for (let row = 0; row < values.length; row++) {
    const value = highs[2 * row + 1]! * two32 + lows[2 * row]!;
    if (!Number.isSafeInteger(value)) cursor.fail(`a ${name} is past 2^53`);
    values[row] = value;
  }
  return values;
}
