/**
 * Blocks of ClickHouse's Native format → columns; `encode.ts` says what a block is. The bytes may come from a damaged file, so
 * each length is checked against what is left before anything is allocated for it.
 */
import type { ErrorCode } from '../../base/errors.js';
import { concatBatches } from '../../model/column-rows.js';
import type { Batch, Column, TextColumn } from '../../model/columns.js';
import { ByteCursor } from './byte-cursor.js';
import { fixedColumn } from './fixed-values.js';
import { fixedTypes, type NativeType, nativeTypeOf, plainTypeName, type TextType } from './native-type.js';
import { readDictionaryPrefix, readDictionaryTexts, readTexts } from './text-columns.js';

/**
 * All blocks of `bytes` as one batch. `types` gives the name and type of each column in order, and blocks with other columns
 * are refused; where `String` is wanted, LowCardinality(String) will do. NULL becomes NaN or empty text. Whole numbers
 * come as doubles, so 2^53 and more is refused. Throws `code` where the bytes are not such blocks; at worst it has allocated a
 * few times their size, and for each column of low cardinality up to `dictionaryTextBytesMax`.
 */
export function decodeBlocks<Columns = Readonly<Record<string, Column>>>(
  bytes: Uint8Array,
  types: Readonly<Record<string, string>>,
  code: ErrorCode = 'engine_failed',
): Batch<Columns> {
  const wanted = wantedColumns(types);
  const cursor = new ByteCursor(bytes, code);
  const batches: Batch[] = [];
  while (cursor.left > 0) batches.push(wholeBlock(cursor, wanted));
  const batch = concatBatches(batches.length > 0 ? batches : [absentBatch(wanted, 0)]);
  // That `types` are the types of `Columns` is the caller's word.
  return batch as unknown as Batch<Columns>;
}

/** One block that may lack columns, but not all of them: they come as "not given". Else as `decodeBlocks`. */
export function decodeSparseBlock<Columns = Readonly<Record<string, Column>>>(
  bytes: Uint8Array,
  types: Readonly<Record<string, string>>,
  code: ErrorCode,
): Batch<Columns> {
  const cursor = new ByteCursor(bytes, code);
  const wanted = wantedColumns(types);
  const { rowCount, columns } = readBlock(cursor, wanted);
  if (cursor.left > 0) cursor.fail(`${cursor.left} bytes follow the only block`);
  const lacking = wanted.filter(({ name }) => columns[name] === undefined);
  return { rowCount, columns: { ...absentBatch(lacking, rowCount).columns, ...columns } as unknown as Columns };
}

const wantedColumns = (types: Readonly<Record<string, string>>): WantedColumn[] =>
  Object.entries(types).map(([name, type]) => ({ name, type, native: nativeTypeOf(type) }));

/** Longest name or type of a column, bytes. Those of our tables are far shorter. */
const nameBytesMax = 1024;

interface WantedColumn {
  readonly name: string;
  readonly type: string;
  readonly native: NativeType;
}

function wholeBlock(cursor: ByteCursor, wanted: readonly WantedColumn[]): Batch {
  const batch = readBlock(cursor, wanted);
  const columnCount = Object.keys(batch.columns).length;
  if (columnCount !== wanted.length) cursor.fail(`${wanted.length} columns are wanted, got ${columnCount}`);
  return batch;
}

/** The columns that are there, which stand in the order of those wanted. */
function readBlock(cursor: ByteCursor, wanted: readonly WantedColumn[]): Batch {
  const columnCount = cursor.varint();
  const rowCount = cursor.varint();
  // No bytes would back the rows of a block without columns.
  if (columnCount === 0 && rowCount > 0) cursor.fail(`${rowCount} rows of no columns`);
  const columns: Record<string, Column> = {};
  let next = 0;
  for (let i = 0; i < columnCount; i++) {
    const got = { name: cursor.text(nameBytesMax), type: cursor.text(nameBytesMax) };
    const at = wanted.findIndex(({ name }, place) => place >= next && name === got.name);
    const { name, type, native } =
      wanted[at] ?? wanted[next] ?? cursor.fail(`got ${JSON.stringify(got)} past the last column`);
    if (got.name !== name || plainTypeName(got.type) !== type)
      cursor.fail(`column ${name} of ${type} is wanted, got ${JSON.stringify(got)}`);
    const sent = got.type === type ? native : nativeTypeOf(got.type);
    // The server writes nothing at all for a column without rows.
    if (rowCount > 0) readPrefixes(cursor, sent);
    columns[name] = readColumn(cursor, sent, rowCount);
    next = at + 1;
  }
  return { rowCount, columns };
}

/** ClickHouse sends nothing at all for an answer without rows. */
function absentBatch(wanted: readonly WantedColumn[], rowCount: number): Batch {
  return {
    rowCount,
    columns: Object.fromEntries(wanted.map(({ name, native }) => [name, absentColumn(native, rowCount)])),
  };
}

function absentColumn(type: NativeType, rowCount: number): Column {
  switch (type.form) {
    case 'fixed': {
      const { kind } = fixedTypes[type.name];
      if (kind === 'flag') return { kind, values: new Uint8Array(rowCount) };
      return { kind, values: new Float64Array(rowCount).fill(Number.NaN) };
    }
    case 'text':
      return noTexts(rowCount);
    case 'list':
      return { kind: 'list', offsets: new Uint32Array(rowCount + 1), items: absentColumn(type.items, 0) };
    case 'map': {
      const offsets = new Uint32Array(rowCount + 1);
      return { kind: 'map', offsets, names: noTexts(0), values: absentColumn(type.values, 0) };
    }
  }
}

const noTexts = (rowCount: number): TextColumn => ({
  kind: 'text',
  bytes: new Uint8Array(0),
  offsets: new Uint32Array(rowCount + 1),
});

function readColumn(cursor: ByteCursor, type: NativeType, rowCount: number): Column {
  switch (type.form) {
    case 'fixed':
      return fixedColumn(cursor, type, rowCount);
    case 'text':
      return readText(cursor, type, rowCount);
    case 'list': {
      const offsets = readEnds(cursor, rowCount);
      return { kind: 'list', offsets, items: readColumn(cursor, type.items, offsets[rowCount]!) };
    }
    case 'map': {
      const offsets = readEnds(cursor, rowCount);
      const names = readText(cursor, type.names, offsets[rowCount]!);
      return { kind: 'map', offsets, names, values: readColumn(cursor, type.values, offsets[rowCount]!) };
    }
  }
}

function readText(cursor: ByteCursor, type: TextType, rowCount: number): TextColumn {
  if (type.dictionary) return readDictionaryTexts(cursor, rowCount);
  // Below a NULL ClickHouse keeps an empty text, which is how a text column says "absent".
  if (type.nullable) cursor.flags(rowCount);
  return readTexts(cursor, rowCount);
}

/** Columns with a dictionary announce it before anything else of the column they are part of. */
function readPrefixes(cursor: ByteCursor, type: NativeType): void {
  if (type.form === 'text' && type.dictionary) readDictionaryPrefix(cursor);
  if (type.form === 'list') readPrefixes(cursor, type.items);
  if (type.form === 'map') {
    readPrefixes(cursor, type.names);
    readPrefixes(cursor, type.values);
  }
}

/** The 64-bit ends of rows as our 32-bit offsets. */
function readEnds(cursor: ByteCursor, rowCount: number): Uint32Array {
  const words = new Uint32Array(cursor.copy(rowCount, 8));
  const offsets = new Uint32Array(rowCount + 1);
  for (let row = 0; row < rowCount; row++) {
    if (words[2 * row + 1] !== 0 || words[2 * row]! < offsets[row]!) cursor.fail('the ends of rows do not ascend');
    offsets[row + 1] = words[2 * row]!;
  }
  return offsets;
}
