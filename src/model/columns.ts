/**
 * A batch of rows as columns: what decoders produce, the log carries and the engine takes. No object per row or value.
 *
 * A column of n rows is one of
 * - text: UTF-8 bytes end to end; row i is bytes[offsets[i], offsets[i+1]). Empty text means "not given".
 * - number: doubles. NaN means "not given"; JSON cannot carry NaN, so nothing is lost.
 * - time: epoch milliseconds as doubles, NaN means "not given".
 * - flag: one byte a row, 0 or 1.
 * - list: row i is items[offsets[i], offsets[i+1]) of the child column. An empty list means "not given".
 * - map: as list, with two child columns of the same length: names and values.
 */
export type Column = TextColumn | NumberColumn | TimeColumn | FlagColumn | ListColumn | MapColumn;
export type ColumnKind = Column['kind'];

export interface TextColumn {
  readonly kind: 'text';
  readonly bytes: Uint8Array;
  /** Length n + 1, first 0. */
  readonly offsets: Uint32Array;
}
/** Texts of which few differ: row i is row places[i] of `texts`. Stands for a text column as the names of a map. */
export interface DictionaryColumn {
  readonly kind: 'dictionary';
  /** Each different text once; some may be in no row. */
  readonly texts: TextColumn;
  readonly places: Uint8Array | Uint16Array | Uint32Array;
}
export interface NumberColumn {
  readonly kind: 'number';
  readonly values: Float64Array;
}
export interface TimeColumn {
  readonly kind: 'time';
  readonly values: Float64Array;
}
export interface FlagColumn {
  readonly kind: 'flag';
  readonly values: Uint8Array;
}
export interface ListColumn {
  readonly kind: 'list';
  readonly offsets: Uint32Array;
  readonly items: Column;
}
export interface MapColumn {
  readonly kind: 'map';
  readonly offsets: Uint32Array;
  readonly names: TextColumn | DictionaryColumn;
  readonly values: Column;
}

/** Columns by name, all of `rowCount` rows. */
export interface Batch<Columns = Readonly<Record<string, Column>>> {
  readonly rowCount: number;
  readonly columns: Columns;
}

export function lengthOf(column: Column | DictionaryColumn): number {
  if (column.kind === 'dictionary') return column.places.length;
  return 'offsets' in column ? column.offsets.length - 1 : column.values.length;
}

/** Whether no row of the column is given. */
export function isAbsent(column: Column): boolean {
  switch (column.kind) {
    case 'text':
    case 'list':
    case 'map':
      return column.offsets.at(-1) === 0;
    case 'flag':
      return false;
    default:
      return column.values.every(Number.isNaN);
  }
}

/** Bytes that a column holds, its offsets included. */
export function byteSizeOf(column: Column | DictionaryColumn): number {
  switch (column.kind) {
    case 'dictionary':
      return byteSizeOf(column.texts) + column.places.byteLength;
    case 'text':
      return column.bytes.byteLength + column.offsets.byteLength;
    case 'list':
      return column.offsets.byteLength + byteSizeOf(column.items);
    case 'map':
      return column.offsets.byteLength + byteSizeOf(column.names) + byteSizeOf(column.values);
    default:
      return column.values.byteLength;
  }
}

export const byteSizeOfBatch = (batch: Batch): number =>
  Object.values(batch.columns).reduce((sum, column) => sum + byteSizeOf(column), 0);

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Places as narrow as the number of texts lets them be. */
export function narrowedPlaces(places: Uint32Array, textCount: number): DictionaryColumn['places'] {
  if (textCount <= 0x100) return new Uint8Array(places);
  return textCount <= 0x10000 ? new Uint16Array(places) : places;
}

/** The text of one row. */
export const textAt = (column: TextColumn | DictionaryColumn, row: number): string =>
  column.kind === 'dictionary'
    ? textAt(column.texts, column.places[row]!)
    : decoder.decode(column.bytes.subarray(column.offsets[row], column.offsets[row + 1]));

/** A text column out of strings, for callers off the hot path. */
export function textColumnOf(texts: readonly string[]): TextColumn {
  const parts = texts.map((text) => encoder.encode(text));
  const offsets = new Uint32Array(parts.length + 1);
  parts.forEach((part, i) => {
    offsets[i + 1] = offsets[i]! + part.length;
  });
  const bytes = new Uint8Array(offsets[parts.length]!);
  parts.forEach((part, i) => {
    bytes.set(part, offsets[i]!);
  });
  return { kind: 'text', bytes, offsets };
}
