/** Lines of a text as bytes, a chunk at a time. */
import { BarographError } from '../../base/errors.js';

/** Consecutive lines without their ends. */
export interface Lines {
  /** Number of the first line, from 1. */
  readonly firstRow: number;
  readonly lines: readonly Uint8Array[];
}

/** A line longer than this is not a row; the server takes 4 MiB. */
const lineBytesMax = 64 * 1024 * 1024;
const newline = 0x0a;

/**
 * Splits bytes at line feeds; a carriage return before one goes with it. Lines are views of the chunks they came in.
 * Fails with `invalid_file` where a line is no row by its length, or the text is a JSON array.
 */
export async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Lines> {
  let firstRow = 1;
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  for await (const raw of bytes) {
    const chunk = firstRow === 1 && pendingBytes === 0 ? withoutMark(raw) : raw;
    const lines: Uint8Array[] = [];
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      const piece = chunk.subarray(start, end);
      lines.push(trimmed(pendingBytes === 0 ? piece : Buffer.concat([...pending, piece])));
      if (pendingBytes > 0) {
        pending = [];
        pendingBytes = 0;
      }
      start = end + 1;
    }
    if (start < chunk.length) {
      pending.push(chunk.subarray(start));
      pendingBytes += chunk.length - start;
    }
    checkLine(firstRow + lines.length, pendingBytes);
    if (lines.length === 0) continue;
    if (firstRow === 1) refuseArray(lines[0]!);
    yield { firstRow, lines };
    firstRow += lines.length;
  }
  if (pendingBytes === 0) return;
  const last = trimmed(Buffer.concat(pending));
  if (firstRow === 1) refuseArray(last);
  yield { firstRow, lines: [last] };
}

/** Whether a line holds nothing but blanks. */
export const isBlank = (line: Uint8Array): boolean =>
  line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);

function withoutMark(chunk: Uint8Array): Uint8Array {
  return chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf ? chunk.subarray(3) : chunk;
}

const trimmed = (line: Uint8Array): Uint8Array => (line[line.length - 1] === 0x0d ? line.subarray(0, -1) : line);

function checkLine(row: number, length: number): void {
  if (length <= lineBytesMax) return;
  throw new BarographError(
    'invalid_file',
    `line ${row} is longer than ${lineBytesMax} bytes; wanted one JSON object a line`,
  );
}

function refuseArray(line: Uint8Array): void {
  if (line.find((byte) => byte !== 0x20 && byte !== 0x09) !== 0x5b) return;
  throw new BarographError('invalid_file', 'the file is a JSON array; wanted one JSON object a line', {
    hint: 'jq -c ".[]" makes lines of an array.',
  });
}
