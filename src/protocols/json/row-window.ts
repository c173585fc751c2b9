/**
 * The part of a body that is being read: the unfinished row and the bytes after it. Every chunk is copied in, so that rows
 * cut anywhere lie in one piece; what was read is dropped, so that memory is bounded by the longest row and one slice.
 *
 * Invariants: the bytes are bytes[start, end); bytes[end] is NUL, which stops every reader of `json-cursor.ts`;
 * a row that starts at or after `suspectEnd`, and is whole, is valid UTF-8.
 */
import { isUtf8 } from 'node:buffer';
import type { JsonText } from './json-cursor.js';
import { slackBytes } from './json-words.js';

/** A guess: room for the slices that are taken at once and the row that one of them cuts. */
const keptBytesMax = 512 * 1024;

export class RowWindow implements JsonText {
  bytes: Buffer = Buffer.allocUnsafeSlow(4096);
  view = viewOf(this.bytes);
  start = 0;
  end = 0;
  suspectEnd = 0;
  /** Up to here the bytes were looked at for UTF-8. */
  private checkedEnd = 0;

  /** Adds bytes at the end. Positions may shift: keep them relative to `start` across this call. */
  append(chunk: Uint8Array): void {
    this.makeRoom(chunk.length);
    this.bytes.set(chunk, this.end);
    this.end += chunk.length;
    this.bytes[this.end] = 0;
    this.checkUtf8();
  }

  /** Forgets everything. Room for long rows is let go. */
  clear(): void {
    this.start = this.end = this.suspectEnd = this.checkedEnd = 0;
    if (this.bytes.length <= keptBytesMax) return;
    this.bytes = Buffer.allocUnsafeSlow(4096);
    this.view = viewOf(this.bytes);
  }

  private makeRoom(length: number): void {
    const kept = this.end - this.start;
    const wanted = kept + length + slackBytes;
    const { bytes, start, end } = this;
    if (wanted > bytes.length) {
      this.bytes = Buffer.allocUnsafeSlow(2 * wanted);
      this.view = viewOf(this.bytes);
      bytes.copy(this.bytes, 0, start, end);
    } else if (start > 0) bytes.copyWithin(0, start, end);
    this.start = 0;
    this.end = kept;
    this.suspectEnd = Math.max(0, this.suspectEnd - start);
    this.checkedEnd = Math.max(0, this.checkedEnd - start);
  }

  /** One native pass over new bytes spares a check of each text. A sequence cut by the chunk's end waits for the next one. */
  private checkUtf8(): void {
    const whole = this.end - cutSequenceLength(this.bytes, this.checkedEnd, this.end);
    if (!isUtf8(this.bytes.subarray(this.checkedEnd, whole))) this.suspectEnd = whole;
    this.checkedEnd = whole;
  }
}

const viewOf = ({ buffer, byteOffset, byteLength }: Buffer): DataView => new DataView(buffer, byteOffset, byteLength);

/** Bytes at the end of bytes[start, end) that begin a UTF-8 sequence without ending it. */
function cutSequenceLength(bytes: Uint8Array, start: number, end: number): number {
  for (let length = 1; length <= 3 && end - length >= start; length++) {
    const code = bytes[end - length]!;
    if (code < 0x80) return 0;
    if (code >= 0xc0) return (code >= 0xf0 ? 4 : code >= 0xe0 ? 3 : 2) > length ? length : 0;
  }
  return 0;
}
