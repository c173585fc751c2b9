/**
 * The lines of a request, kept as the bytes of its body from the start. Encoded lines are long chains of short strings; kept until
 * a batch is full, they would outlive the young generation and cost four times the rest of the import in garbage collection.
 */

/** A line of a body, and what it counts for. */
export interface OutgoingLine {
  /** Lines of the same key are sent in their order. */
  readonly key: string;
  readonly line: string | Uint8Array;
  /** Where it comes from, for reports. */
  readonly file: string;
  readonly row: number;
  /** Rows or samples that the line holds. */
  readonly count: number;
}

export interface Batch {
  add(line: OutgoingLine): void;
  /** Rows or samples of the lines so far. */
  readonly count: number;
  readonly byteLength: number;
  /** The lines as a body; valid until `clear`. */
  body(): Uint8Array;
  /** Where a line comes from, by its number from 1. */
  sourceOf(lineNumber: number): { readonly file: string; readonly row: number } | undefined;
  /** Empties the batch; its memory is used again. */
  clear(): void;
}

const initialBytes = 256 * 1024;
/** UTF-8 has at most this many bytes for a UTF-16 code unit. */
const bytesPerUnitMax = 3;
const newline = 0x0a;

export function createBatch(): Batch {
  let bytes = Buffer.allocUnsafe(initialBytes);
  let length = 0;
  let count = 0;
  const rows: number[] = [];
  const files: string[] = [];

  const reserve = (wanted: number): void => {
    if (length + wanted <= bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(bytes.length * 2, length + wanted));
    bytes.copy(larger, 0, 0, length);
    bytes = larger;
  };
  return {
    add({ line, file, row, count: lineCount }) {
      const isText = typeof line === 'string';
      reserve((isText ? line.length * bytesPerUnitMax : line.length) + 1);
      if (isText) length += bytes.write(line, length);
      else {
        bytes.set(line, length);
        length += line.length;
      }
      bytes[length++] = newline;
      rows.push(row);
      files.push(file);
      count += lineCount;
    },
    get count() {
      return count;
    },
    get byteLength() {
      return length;
    },
    body: () => bytes.subarray(0, length),
    sourceOf(lineNumber) {
      const row = rows[lineNumber - 1];
      return row === undefined ? undefined : { file: files[lineNumber - 1]!, row };
    },
    clear() {
      length = 0;
      count = 0;
      rows.length = 0;
      files.length = 0;
    },
  };
}
