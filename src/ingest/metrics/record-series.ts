/** What the codec needs of the series index. */
export interface RecordSeries {
  /** Halves of 64-bit ids, by ref. */
  readonly idLow: Uint32Array;
  readonly idHigh: Uint32Array;
  /** Canonical label bytes. */
  readonly canonicalBytesOf: (ref: number) => Uint8Array;
  /** The ref of a series by its canonical label bytes, new where it is not known. */
  readonly add: (bytes: Uint8Array) => number;
  /** The ref of an id; `noRef` where none is known. */
  readonly refOfId: (low: number, high: number) => number;
}
