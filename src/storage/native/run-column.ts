/** Whole numbers that go up by one from row to row: row i is `first` + i. For UInt64 columns, without an array. */
export interface RunColumn {
  readonly kind: 'run';
  readonly first: number;
}
