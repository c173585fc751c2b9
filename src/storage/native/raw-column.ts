/** A column that its owner has brought close to the format already, for batches of a million rows. */

/** Values of fixed width as their bytes, little-endian, end to end. */
export interface RawColumn {
  readonly kind: 'raw';
  readonly bytes: Uint8Array;
}
