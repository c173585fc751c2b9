/**
 * Columns → one block of ClickHouse's Native format, the form in which the server itself keeps columns: inserting such a block
 * parses nothing. https://clickhouse.com/docs/interfaces/formats/Native, `src/Formats/NativeWriter.cpp` in ClickHouse.
 *
 * A block is a varint of the number of columns, a varint of the number of rows, and for each column its name, its type and
 * its values. Fixed-width values lie end to end, little-endian; each text has a varint of its length before it; a Nullable
 * column has a byte per row (1 where absent) before its values; an Array column has the end of each row as 64 bits,
 * then the items; a Map column is an Array with two runs of items, keys and values. A LowCardinality column says the version of its
 * dictionary, the width of its places, how many texts there are, the texts, how many rows, and their places
 * (`src/DataTypes/Serializations/SerializationLowCardinality.cpp`).
 */
import { assert } from '../../base/assert.js';
import {
  type Column,
  type DictionaryColumn,
  type ListColumn,
  lengthOf,
  type MapColumn,
  type TextColumn,
} from '../../model/columns.js';
import { copyBytes, wordViewOf } from './copy-bytes.js';
import { fixedBytes } from './fixed-values.js';
import { columnKindOf, fixedTypes, type NativeType, nativeTypeOf } from './native-type.js';
import type { RawColumn } from './raw-column.js';
import type { RunColumn } from './run-column.js';
import { varintSize, writeVarint } from './varint.js';

export interface NativeColumn {
  readonly name: string;
  /** Name of the ClickHouse type, as `nativeTypeOf` knows it. */
  readonly type: string;
  readonly data: ColumnData;
}

type ColumnData = Column | RunColumn | RawColumn | DictionaryColumn;

/** Where the next byte goes. The buffer is as long as the block, so nothing ever grows. */
interface Output {
  readonly bytes: Uint8Array;
  at: number;
}

/**
 * One block of `rowCount` rows. Absent numbers and times (NaN) become NULL where the type is Nullable, as do empty texts.
 * Asserts that each column has that many rows and fits its type, and that the type can hold each number.
 */
export const encodeBlock = (columns: readonly NativeColumn[], rowCount: number): Uint8Array =>
  encodeFramedBlock(columns, rowCount).bytes;

/** A block, and where its columns lie, so that they can be parts of other blocks without being encoded again. */
export interface FramedBlock {
  readonly bytes: Uint8Array;
  /** The columns begin behind so many bytes, */
  readonly headBytes: number;
  /** and each ends here. */
  readonly columnEnds: readonly number[];
}

export const encodeFramedBlock = (columns: readonly NativeColumn[], rowCount: number): FramedBlock =>
  encode(blockHead(columns.length, rowCount), columns, rowCount);

/** The beginning of a block of `columnCount` columns, with the first of them. The bytes of the others follow. */
export const encodeBlockStart = (columnCount: number, columns: readonly NativeColumn[], rowCount: number): Uint8Array =>
  encode(blockHead(columnCount, rowCount), columns, rowCount).bytes;

function encode(head: Uint8Array, columns: readonly NativeColumn[], rowCount: number): FramedBlock {
  const typed = columns.map((column) => ({ ...column, native: nativeTypeOf(column.type) }));
  const size = typed.reduce((sum, column) => sum + columnSize(column, rowCount), head.length);
  // Every byte is written below, so the buffer need not be zeroed first.
  const out: Output = { bytes: unzeroed(size), at: 0 };
  append(out, head);
  const columnEnds: number[] = [];
  for (const column of typed) {
    writeNamed(out, column, rowCount);
    columnEnds.push(out.at);
  }
  assert(out.at === size, `a block of ${size} bytes was announced and ${out.at} were written`);
  return { bytes: out.bytes, headBytes: head.length, columnEnds };
}

/** What stands before the columns of a block. */
function blockHead(columnCount: number, rowCount: number): Uint8Array {
  const head = new Uint8Array(varintSize(columnCount) + varintSize(rowCount));
  writeVarint(head, writeVarint(head, 0, columnCount), rowCount);
  return head;
}

/** The bytes of a block in pieces, of which those of raw columns are their own memory: they are not copied, and must stay as they are until they are sent. */
export function blockPieces(columns: readonly NativeColumn[], rowCount: number): Uint8Array[] {
  const pieces = columns.flatMap((column) => {
    const { name, type, data } = column;
    if (data.kind !== 'raw') return [encode(new Uint8Array(0), [column], rowCount).bytes];
    checkColumn(name, nativeTypeOf(type), data, rowCount);
    const out: Output = { bytes: unzeroed(stringSize(name) + stringSize(type)), at: 0 };
    writeString(out, name);
    writeString(out, type);
    return [out.bytes, data.bytes];
  });
  return [blockHead(columns.length, rowCount), ...pieces];
}

type TypedColumn = NativeColumn & { readonly native: NativeType };

function columnSize({ name, type, native, data }: TypedColumn, rowCount: number): number {
  checkColumn(name, native, data, rowCount);
  return stringSize(name) + stringSize(type) + prefixSize(native) + sizeOf(native, data, rowCount);
}

function writeNamed(out: Output, { name, type, native, data }: TypedColumn, rowCount: number): void {
  writeString(out, name);
  writeString(out, type);
  writePrefix(out, native);
  writeColumn(out, name, native, data, rowCount);
}

function unzeroed(size: number): Uint8Array {
  const buffer = Buffer.allocUnsafeSlow(size);
  return new Uint8Array(buffer.buffer, 0, size);
}

function checkColumn(name: string, type: NativeType, data: ColumnData, rowCount: number): void {
  if (data.kind === 'raw' || data.kind === 'dictionary') {
    checkPrepared(name, type, data, rowCount);
    return;
  }
  if (data.kind === 'run') {
    const last = data.first + rowCount - 1;
    assert(type.form === 'fixed' && type.name === 'UInt64' && !type.nullable, `column ${name}: a run is for UInt64`);
    assert(
      data.first >= 0 && Number.isSafeInteger(last),
      `column ${name}: a run from ${data.first} leaves the safe integers`,
    );
    return;
  }
  assert(!(type.form === 'text' && type.dictionary), `column ${name}: texts are sent as String, not with a dictionary`);
  const wanted = columnKindOf(type);
  assert(data.kind === wanted, `column ${name}: a ${wanted} column is wanted, got ${data.kind}`);
  const length = lengthOf(data);
  assert(length === rowCount, `column ${name}: ${rowCount} rows are wanted, got ${length}`);
  if (data.kind === 'list' && type.form === 'list') checkColumn(name, type.items, data.items, data.offsets[rowCount]!);
  if (data.kind === 'map' && type.form === 'map') {
    checkNames(name, type, data.names, data.offsets[rowCount]!);
    checkColumn(name, type.values, data.values, data.offsets[rowCount]!);
  }
}

function checkNames(
  column: string,
  type: NativeType & { form: 'map' },
  names: MapColumn['names'],
  count: number,
): void {
  const wanted = type.names.dictionary ? 'dictionary' : 'text';
  assert(names.kind === wanted, `column ${column}: names are wanted as ${wanted}, got ${names.kind}`);
  assert(lengthOf(names) === count, `column ${column}: ${count} names are wanted, got ${lengthOf(names)}`);
}

function checkPrepared(name: string, type: NativeType, data: RawColumn | DictionaryColumn, rowCount: number): void {
  if (data.kind === 'raw') {
    assert(type.form === 'fixed' && !type.nullable, `column ${name}: raw values are of a fixed width`);
    assert(
      data.bytes.length === rowCount * fixedTypes[type.name].width,
      `column ${name}: ${rowCount} values are wanted`,
    );
    return;
  }
  assert(type.form === 'text' && type.dictionary, `column ${name}: a dictionary is for LowCardinality(String)`);
  assert(data.places.length === rowCount, `column ${name}: ${rowCount} rows are wanted, got ${data.places.length}`);
}

const endOf = (column: ListColumn | MapColumn): number => column.offsets[column.offsets.length - 1]!;

function sizeOf(type: NativeType, data: ColumnData, rowCount: number): number {
  if (data.kind === 'raw') return data.bytes.length;
  if (data.kind === 'dictionary') return dictionarySize(data);
  switch (type.form) {
    case 'fixed':
      return rowCount * (fixedTypes[type.name].width + (type.nullable ? 1 : 0));
    case 'text':
      return textsSize(data as TextColumn, rowCount) + (type.nullable ? rowCount : 0);
    case 'list': {
      const list = data as ListColumn;
      return rowCount * 8 + sizeOf(type.items, list.items, endOf(list));
    }
    case 'map': {
      const map = data as MapColumn;
      return rowCount * 8 + sizeOf(type.names, map.names, endOf(map)) + sizeOf(type.values, map.values, endOf(map));
    }
  }
}

function textsSize({ offsets }: TextColumn, rowCount: number): number {
  let size = offsets[rowCount]! - offsets[0]!;
  if (size === 0) return rowCount;
  for (let row = 0; row < rowCount; row++) {
    const length = offsets[row + 1]! - offsets[row]!;
    size += length < 128 ? 1 : varintSize(length);
  }
  return size;
}

function writeColumn(out: Output, name: string, type: NativeType, data: ColumnData, rowCount: number): void {
  switch (data.kind) {
    case 'raw':
      append(out, data.bytes);
      break;
    case 'dictionary':
      writeDictionary(out, data);
      break;
    default:
      writeValues(out, name, type, data, rowCount);
  }
}

function writeValues(out: Output, name: string, type: NativeType, data: Column | RunColumn, rowCount: number): void {
  switch (type.form) {
    case 'fixed': {
      const { nulls, values } = fixedBytes(name, type, data, rowCount);
      if (nulls !== undefined) append(out, nulls);
      append(out, values);
      break;
    }
    case 'text':
      if (type.nullable) writeEmptyAsNull(out, data as TextColumn, rowCount);
      writeTexts(out, data as TextColumn, rowCount);
      break;
    case 'list': {
      const list = data as ListColumn;
      writeEnds(out, list.offsets, rowCount);
      writeColumn(out, name, type.items, list.items, endOf(list));
      break;
    }
    case 'map': {
      const map = data as MapColumn;
      writeEnds(out, map.offsets, rowCount);
      writeColumn(out, name, type.names, map.names, endOf(map));
      writeColumn(out, name, type.values, map.values, endOf(map));
      break;
    }
  }
}

/** Flags with the width of a place, number of texts, number of rows: 64 bits each. */
const dictionaryWords = 3;
const dictionaryVersion = 1;
/** The texts stand here in full. */
const hasTexts = 0x200;

/** Whether a dictionary is in the column, which then says its version before anything else of it. */
const hasDictionary = (type: NativeType): boolean =>
  (type.form === 'text' && type.dictionary) || (type.form === 'map' && type.names.dictionary);

const prefixSize = (type: NativeType): number => (hasDictionary(type) ? 8 : 0);

function writePrefix(out: Output, type: NativeType): void {
  if (hasDictionary(type)) writeWord(out, dictionaryVersion);
}

/** Nothing at all where there are no rows. */
const dictionarySize = ({ texts, places }: DictionaryColumn): number =>
  places.length === 0 ? 0 : 8 * dictionaryWords + textsSize(texts, lengthOf(texts)) + places.byteLength;

function writeDictionary(out: Output, { texts, places }: DictionaryColumn): void {
  if (places.length === 0) return;
  writeWord(out, hasTexts | Math.log2(places.BYTES_PER_ELEMENT));
  writeWord(out, lengthOf(texts));
  writeTexts(out, texts, lengthOf(texts));
  writeWord(out, places.length);
  append(out, new Uint8Array(places.buffer, places.byteOffset, places.byteLength));
}

const writeWord = (out: Output, value: number): void => append(out, new Uint8Array(Uint32Array.of(value, 0).buffer));

function append(out: Output, bytes: Uint8Array): void {
  out.bytes.set(bytes, out.at);
  out.at += bytes.length;
}

function writeTexts(out: Output, column: TextColumn, rowCount: number): void {
  const { offsets } = column;
  // A field that nobody sends is a column of empty texts, each the length 0.
  if (offsets[rowCount] === offsets[0]) {
    out.bytes.fill(0, out.at, out.at + rowCount);
    out.at += rowCount;
    return;
  }
  const source = wordViewOf(column.bytes);
  const target = wordViewOf(out.bytes);
  let at = out.at;
  for (let row = 0; row < rowCount; row++) {
    const start = offsets[row]!;
    const length = offsets[row + 1]! - start;
    if (length < 128) out.bytes[at++] = length;
    else at = writeVarint(out.bytes, at, length);
    copyBytes(target, at, source, start, length);
    at += length;
  }
  out.at = at;
}

function writeEmptyAsNull(out: Output, { offsets }: TextColumn, rowCount: number): void {
  for (let row = 0; row < rowCount; row++) out.bytes[out.at++] = offsets[row + 1] === offsets[row] ? 1 : 0;
}

/** The ends of rows as 64-bit numbers; our offsets are 32-bit, so every other word is zero. */
function writeEnds(out: Output, offsets: Uint32Array, rowCount: number): void {
  const words = new Uint32Array(2 * rowCount);
  for (let row = 0; row < rowCount; row++) words[2 * row] = offsets[row + 1]!;
  append(out, new Uint8Array(words.buffer));
}

const stringSize = (text: string): number => {
  const length = Buffer.byteLength(text);
  return varintSize(length) + length;
};

function writeString(out: Output, text: string): void {
  const bytes = Buffer.from(text, 'utf8');
  out.at = writeVarint(out.bytes, out.at, bytes.length);
  append(out, bytes);
}
