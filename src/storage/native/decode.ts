/**
 * Blocks of ClickHouse's Native format → columns; `encode.ts` says what a block is. The bytes may come from a damaged file, so
 * each length is checked against what is left before anything is allocated for it.
 */
import type { ErrorCode } from '../../base/errors.js';
import { concatBatches } from '../../model/column-rows.js';
import type { Batch, Column, TextColumn } from '../../model/columns.js';
import { ByteCursor } from './byte-cursor.js';
import { copyBytes, wordViewOf } from './copy-bytes.js';
import { fixedColumn } from './fixed-values.js';
import { type NativeType, nativeTypeOf } from './native-type.js';

/**
 * All blocks of `bytes` as one batch. `types` gives the name and type of each column in order, and blocks with other columns
 * are refused. NULL becomes NaN or empty text. Whole numbers come as doubles, so 2^53 and more is refused.
 * Throws `code` where the bytes are not such blocks; at worst it has allocated a few times their size.
 */
export function decodeBlocks<Columns = Readonly<Record<string, Column>>>(
  bytes: Uint8Array,
  types: Readonly<Record<string, string>>,
  code: ErrorCode = 'engine_failed',
): Batch<Columns> {
  const wanted = Object.entries(types).map(([name, type]) => ({ name, type, native: nativeTypeOf(type) }));
  const cursor = new ByteCursor(bytes, code);
  const batches: Batch[] = [];
  while (cursor.left > 0) batches.push(readBlock(cursor, wanted));
  const batch = concatBatches(batches.length > 0 ? batches : [emptyBatch(wanted, code)]);
  // That `types` are the types of `Columns` is the caller's word.
  return batch as unknown as Batch<Columns>;
}

interface WantedColumn {
  readonly name: string;
  readonly type: string;
  readonly native: NativeType;
}

function readBlock(cursor: ByteCursor, wanted: readonly WantedColumn[]): Batch {
  const columnCount = cursor.varint();
  const rowCount = cursor.varint();
  if (columnCount !== wanted.length) cursor.fail(`${wanted.length} columns are wanted, got ${columnCount}`);
  // No bytes would back the rows of a block without columns.
  if (columnCount === 0 && rowCount > 0) cursor.fail(`${rowCount} rows of no columns`);
  const columns: Record<string, Column> = {};
  for (const { name, type, native } of wanted) {
    cursor.expectText(name);
    cursor.expectText(type);
    columns[name] = readColumn(cursor, native, rowCount);
  }
  return { rowCount, columns };
}

/** ClickHouse sends nothing at all for an answer without rows. */
function emptyBatch(wanted: readonly WantedColumn[], code: ErrorCode): Batch {
  const nothing = new ByteCursor(new Uint8Array(), code);
  return {
    rowCount: 0,
    columns: Object.fromEntries(wanted.map(({ name, native }) => [name, readColumn(nothing, native, 0)])),
  };
}

function readColumn(cursor: ByteCursor, type: NativeType, rowCount: number): Column {
  switch (type.form) {
    case 'fixed':
      return fixedColumn(cursor, type, rowCount);
    case 'text':
      // Below a NULL ClickHouse keeps an empty text, which is how a text column says "absent".
      if (type.nullable) cursor.flags(rowCount);
      return readTexts(cursor, rowCount);
    case 'list': {
      const offsets = readEnds(cursor, rowCount);
      return { kind: 'list', offsets, items: readColumn(cursor, type.items, offsets[rowCount]!) };
    }
    case 'map': {
      const offsets = readEnds(cursor, rowCount);
      const names = readTexts(cursor, offsets[rowCount]!);
      return { kind: 'map', offsets, names, values: readColumn(cursor, type.values, offsets[rowCount]!) };
    }
  }
}

/** A text column's offsets are 32 bits. */
const offsetMax = 4_294_967_295;

function readTexts(cursor: ByteCursor, rowCount: number): TextColumn {
  const start = cursor.at;
  // Each text has at least the byte of its length, which bounds the offsets by the bytes that are left.
  if (rowCount > cursor.left) cursor.fail(`${rowCount} texts are announced and ${cursor.left} bytes are left`);
  const offsets = new Uint32Array(rowCount + 1);
  for (let row = 0, end = 0; row < rowCount; row++) {
    const length = cursor.varint();
    cursor.skip(length, 1);
    end += length;
    if (end > offsetMax) cursor.fail('the texts of a column are longer than 4 GiB');
    offsets[row + 1] = end;
  }
  const bytes = new Uint8Array(offsets[rowCount]!);
  copyTexts(cursor.bytes, start, bytes, offsets);
  return { kind: 'text', bytes, offsets };
}

/** Copies texts without the lengths that stand before each. All bounds were checked by the caller's pass. */
function copyTexts(source: Uint8Array, start: number, target: Uint8Array, offsets: Uint32Array): void {
  const sourceView = wordViewOf(source);
  const targetView = wordViewOf(target);
  let from = start;
  for (let row = 0; row + 1 < offsets.length; row++) {
    while (source[from]! >= 128) from++;
    from++;
    const length = offsets[row + 1]! - offsets[row]!;
    copyBytes(targetView, offsets[row]!, sourceView, from, length);
    from += length;
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
