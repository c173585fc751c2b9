/** Columns that their owner has brought close to the format already, for batches of a million rows. */
import type { TextColumn } from '../../model/columns.js';

/** Values of fixed width as their bytes, little-endian, end to end. */
export interface RawColumn {
  readonly kind: 'raw';
  readonly bytes: Uint8Array;
}

/** Each different text once, and for each row its place among them. For LowCardinality(String). */
export interface DictionaryColumn {
  readonly kind: 'dictionary';
  readonly texts: TextColumn;
  readonly places: Uint8Array | Uint16Array | Uint32Array;
}
