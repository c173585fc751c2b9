/** Rows of a file in columns, whatever its format: what CSV and Parquet have in common. */
export interface Table {
  readonly columns: readonly string[];
  /** True where the file says what is a number and what a text. */
  readonly typed: boolean;
  /** Rows in all, where the file says it. */
  readonly rowCount?: number;
  /** Rows in order. Only cells of the columns asked for are filled. Fails with `invalid_file`. */
  chunks(wanted: ReadonlySet<string>): AsyncIterable<TableChunk>;
  close(): Promise<void>;
}

/** Consecutive rows. */
export interface TableChunk {
  /** Number of the first row, from 1. */
  readonly firstRow: number;
  /** Cells in the order of the columns. A row that is a string is none: it says why it could not be read. */
  readonly rows: readonly (readonly unknown[] | string)[];
}
