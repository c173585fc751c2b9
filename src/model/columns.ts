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
  readonly names: TextColumn;
  readonly values: Column;
}

/** Columns by name, all of `rowCount` rows. */
export interface Batch<Columns = Readonly<Record<string, Column>>> {
  readonly rowCount: number;
  readonly columns: Columns;
}

export const lengthOf = (column: Column): number =>
  'offsets' in column ? column.offsets.length - 1 : column.values.length;

/** Bytes that a column holds, its offsets included. */
export function byteSizeOf(column: Column): number {
  switch (column.kind) {
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

/** The text of one row. */
export const textAt = (column: TextColumn, row: number): string =>
  decoder.decode(column.bytes.subarray(column.offsets[row], column.offsets[row + 1]));

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
