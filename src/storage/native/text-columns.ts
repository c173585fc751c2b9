/** Text columns of a block, plain or with a dictionary. `src/DataTypes/Serializations/SerializationLowCardinality.cpp` in ClickHouse. */
import type { TextColumn } from '../../model/columns.js';
import type { ByteCursor } from './byte-cursor.js';
import { copyBytes, wordViewOf } from './copy-bytes.js';

/** A text column's offsets are 32 bits. */
const offsetMax = 4_294_967_295;

/** Texts, each with its length before it. */
export function readTexts(cursor: ByteCursor, rowCount: number): TextColumn {
  const start = cursor.at;
  // Each text has at least the byte of its length, which bounds the offsets by the bytes that are left.
  if (rowCount > cursor.left) cursor.fail(`${rowCount} texts are announced and ${cursor.left} bytes are left`);
  const offsets = new Uint32Array(rowCount + 1);
  const source = cursor.bytes;
  for (let row = 0, end = 0; row < rowCount; row++) {
    // Nearly all lengths are one byte, which is read without a call.
    const first = source[cursor.at];
    let length = first as number;
    if (first !== undefined && first < 128) cursor.at++;
    else length = cursor.varint();
    if (length > cursor.left) cursor.fail(`a text of ${length} bytes, and ${cursor.left} are left`);
    cursor.at += length;
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

/**
 * Most that a column with a dictionary may grow to, bytes: a long text may stand in millions of rows that cost a byte each. More
 * than any answer that is read back at once.
 */
export const dictionaryTextBytesMax = 256 * 1024 ** 2;

/** What a column with a dictionary says first: the only version there is. */
export function readDictionaryPrefix(cursor: ByteCursor): void {
  const version = cursor.uint64();
  if (version !== 1) cursor.fail(`a dictionary of version ${version}`);
}

/** The dictionary stands here in full, and no part of it in another place. */
const ownKeysFlag = 0x200;
const sharedDictionaryFlag = 0x100;
/** By the lowest byte of the flags. A fourth kind of place, of 64 bits, needs more texts than fit here. */
const placeArrays = [Uint8Array, Uint16Array, Uint32Array] as const;

/** The different texts of a column, and for each row the place of its text among them. */
export interface TextDictionary {
  readonly texts: TextColumn;
  readonly places: Uint8Array | Uint16Array | Uint32Array;
}

/** The texts of a column with a dictionary, row by row. */
export function readDictionaryTexts(cursor: ByteCursor, rowCount: number): TextColumn {
  if (rowCount === 0) return readTexts(cursor, 0);
  return expanded(cursor, readDictionary(cursor, rowCount));
}

/** As they stand there. A place may lie past the end of the texts where the bytes are damaged. */
export function readDictionary(cursor: ByteCursor, rowCount: number): TextDictionary {
  const flags = cursor.uint64();
  const PlaceArray = placeArrays[flags & 0xff];
  if (PlaceArray === undefined || (flags & ownKeysFlag) === 0 || (flags & sharedDictionaryFlag) !== 0) {
    cursor.fail(`a dictionary with the flags ${flags}`);
  }
  const texts = readTexts(cursor, cursor.uint64());
  const placeCount = cursor.uint64();
  if (placeCount !== rowCount) cursor.fail(`${rowCount} rows and ${placeCount} places in a dictionary`);
  return { texts, places: new PlaceArray(cursor.copy(rowCount, PlaceArray.BYTES_PER_ELEMENT)) };
}

function expanded(cursor: ByteCursor, { texts, places }: TextDictionary): TextColumn {
  const offsets = new Uint32Array(places.length + 1);
  for (let row = 0, end = 0; row < places.length; row++) {
    const place = places[row]!;
    if (place + 1 >= texts.offsets.length) cursor.fail(`a place past the end of a dictionary`);
    end += texts.offsets[place + 1]! - texts.offsets[place]!;
    if (end > dictionaryTextBytesMax) cursor.fail(`a column that grows past ${dictionaryTextBytesMax} bytes`);
    offsets[row + 1] = end;
  }
  const bytes = new Uint8Array(offsets[places.length]!);
  const target = wordViewOf(bytes);
  const source = wordViewOf(texts.bytes);
  for (let row = 0; row < places.length; row++) {
    copyBytes(target, offsets[row]!, source, texts.offsets[places[row]!]!, offsets[row + 1]! - offsets[row]!);
  }
  return { kind: 'text', bytes, offsets };
}
