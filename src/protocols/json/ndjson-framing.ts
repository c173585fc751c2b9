/**
 * Rows as lines (NDJSON). Blank lines are passed over, but counted; a broken line is reported and the rest goes on.
 *
 * A row is read where it stands, without looking for its end first: white space within it holds no newline, so reading stops
 * there. Only when that fails is the newline searched for, and if it has not come yet the row waits for it, read once more when
 * it is whole. So each byte is read at most twice however a body is cut, and what is reported does not depend on the cuts.
 */
import { assert } from '../../base/assert.js';
import type { ColumnBuilder } from '../../model/column-builders.js';
import { byte } from './json-bytes.js';
import type { Failure } from './json-cursor.js';
import type { RowCollector } from './row-collector.js';
import type { RowWindow } from './row-window.js';

/** Divides a body into rows and reads them. */
export interface Framing {
  /** Reads every row of the window that is whole, and drops what it has read. */
  take(window: RowWindow): void;
  /** Reads the rest, once the body has ended. */
  finish(window: RowWindow): void;
}

export class NdjsonFraming<B extends Readonly<Record<string, ColumnBuilder>>> implements Framing {
  /** Bytes of a row that waits for its newline, 0 where none waits. */
  private waitingBytes = 0;
  /** Whether the current line is too long, and passed over as it comes. */
  private passing = false;

  /** `line` and `column` are those of the window's start, from 1. */
  constructor(
    private readonly rows: RowCollector<B>,
    private line = 1,
    private column = 1,
  ) {}

  take(window: RowWindow): void {
    const loadedAt = window.start;
    this.rows.loadScan(window);
    for (;;) {
      if (this.waitingBytes === 0 && !this.passing) this.takeScanned(window, loadedAt);
      if (this.passing ? !this.passLine(window) : !this.takeLine(window)) return;
      this.line++;
      this.column = 1;
    }
  }

  finish(window: RowWindow): void {
    if (this.passing || window.start < window.end) window.append(Uint8Array.of(byte.newline));
    this.take(window);
  }

  private takeScanned(window: RowWindow, loadedAt: number): void {
    const lines = this.rows.takeScanned(window, loadedAt);
    if (lines > 0) this.column = 1;
    this.line += lines;
  }

  /** Takes one line with its newline, if it is there. */
  private takeLine(window: RowWindow): boolean {
    const { bytes, end } = window;
    const start = skipBlanks(bytes, window.start);
    this.column += start - window.start;
    window.start = start;
    if (start === end) return false;
    if (bytes[start] === byte.newline) {
      window.start = start + 1;
      return true;
    }
    return (this.waitingBytes === 0 && this.takeSound(window)) || this.takeWhole(window);
  }

  /** Takes the row at the window's start if it is sound, its newline is there, and it is not too long. */
  private takeSound(window: RowWindow): boolean {
    const { rows } = this;
    const rowEnd = rows.read(window);
    if (rowEnd < 0) return false;
    const newline = skipBlanks(window.bytes, rowEnd);
    const length = newline - window.start;
    if (window.bytes[newline] !== byte.newline || length > rows.bounds.rowBytesMax) {
      rows.rollBack();
      return false;
    }
    rows.commit(length);
    window.start = newline + 1;
    return true;
  }

  /** Takes or refuses the row at the window's start, once its newline is there. */
  private takeWhole(window: RowWindow): boolean {
    const { rows } = this;
    const newline = window.bytes.subarray(0, window.end).indexOf(byte.newline, window.start + this.waitingBytes);
    const length = (newline < 0 ? window.end : newline) - window.start;
    if (length > rows.bounds.rowBytesMax) {
      this.waitingBytes = 0;
      this.passing = true;
      return this.passLine(window);
    }
    this.waitingBytes = newline < 0 ? length : 0;
    if (newline < 0) return false;
    this.judge(window, newline);
    window.start = newline + 1;
    return true;
  }

  /** Takes or refuses the whole row. A line that is no JSON is told so, whatever else is wrong with it. */
  private judge(window: RowWindow, newline: number): void {
    const { rows } = this;
    const rowEnd = rows.read(window);
    if (rowEnd >= 0 && skipBlanks(window.bytes, rowEnd) === newline) {
      rows.commit(newline - window.start);
      return;
    }
    const refusal = rows.failure;
    if (rowEnd >= 0) rows.rollBack();
    const failure = rows.syntaxFailure(window, newline, 'the end of the line') ?? refusal;
    assert(failure !== undefined, 'a row of sound JSON is refused for a reason');
    rows.reject(this.line, failure.code, () => this.describe(failure, window.start));
  }

  private describe({ at, describe }: Failure, start: number): string {
    return at === undefined ? describe() : `column ${this.column + at - start}: ${describe()}`;
  }

  /** Passes over a line that is too long, without keeping it; true once its newline has come. */
  private passLine(window: RowWindow): boolean {
    const newline = window.bytes.subarray(0, window.end).indexOf(byte.newline, window.start);
    window.start = newline < 0 ? window.end : newline + 1;
    if (newline < 0) return false;
    this.passing = false;
    this.rows.rejectTooLarge(this.line);
    return true;
  }
}

/** Position of the first byte from `at` on that is no white space within a line. The window's last byte always stops it. */
function skipBlanks(bytes: Uint8Array, at: number): number {
  let code = bytes[at]!;
  while (code === byte.space || code === byte.tab || code === byte.carriageReturn) code = bytes[++at]!;
  return at;
}
