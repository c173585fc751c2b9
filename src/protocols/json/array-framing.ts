/**
 * Rows as the elements of one JSON array. A row of the wrong shape is reported by its element's number and the rest goes on;
 * text that is no JSON array fails as a whole. States, in the order of the text:
 *
 *   open ─[─► first ─element─► after ─,─► next ─element─► after … ─]─► closed
 *               └───────────────────────── ] ─────────────────────────► closed
 *
 * As with lines, an element is read where it stands; only one that is not sound or not whole is scanned for its end, waits for
 * it, and is read once more. The inside of a row that is too long is passed over by its brackets and quotes alone.
 */
import { assert } from '../../base/assert.js';
import { BarographError } from '../../base/errors.js';
import type { ColumnBuilder } from '../../model/column-builders.js';
import { ElementScanner } from './element-scanner.js';
import { byte } from './json-bytes.js';
import { type Failure, JsonCursor } from './json-cursor.js';
import type { Framing } from './ndjson-framing.js';
import type { RowCollector } from './row-collector.js';
import type { RowWindow } from './row-window.js';
import type { TextPlace } from './text-place.js';

export class ArrayFraming<B extends Readonly<Record<string, ColumnBuilder>>> implements Framing {
  private state: 'open' | 'first' | 'next' | 'after' | 'closed' = 'open';
  /** Elements read so far. */
  private elements = 0;
  private readonly scanner = new ElementScanner();
  /** Bytes of an element that were scanned for its end, -1 where none waits for it. */
  private scannedBytes = -1;
  /** Whether the current element is too long, and passed over as it comes. */
  private passing = false;

  /** Position in the window that `place` speaks of. Newlines are counted late, and once. */
  private placedAt = 0;

  /** `place` is that of the window's start. */
  constructor(
    private readonly rows: RowCollector<B>,
    private readonly place: TextPlace,
  ) {}

  take(window: RowWindow): void {
    this.placedAt = window.start;
    while (this.step(window));
    this.advancePlace(window.bytes, window.start);
  }

  finish(window: RowWindow): void {
    this.take(window);
    if (this.state === 'closed') return;
    const waits = !this.passing && this.scannedBytes > 0;
    const failure = waits ? this.rows.syntaxFailure(window, window.end, 'a comma or ]') : undefined;
    if (failure?.at !== undefined && failure.at < window.end) this.throwSyntax(window, failure);
    this.advancePlace(window.bytes, window.end);
    throw new BarographError('incomplete_body', `the JSON array ends at ${this.place} without its ]`);
  }

  /** Takes the next token of the array, or all of an element; false where more bytes are needed. */
  private step(window: RowWindow): boolean {
    if (this.passing) return this.passElement(window);
    if (this.scannedBytes >= 0) return this.takeWhole(window);
    window.start = skipWhiteSpace(window.bytes, window.start);
    if (window.start === window.end) return false;
    const code = window.bytes[window.start];
    switch (this.state) {
      case 'open':
        return code === byte.openBracket ? this.passToken(window, 'first') : this.throwUnexpected(window, '[');
      case 'after':
        if (code === byte.comma) return this.passToken(window, 'next');
        return code === byte.closeBracket
          ? this.passToken(window, 'closed')
          : this.throwUnexpected(window, 'a comma or ]');
      case 'closed':
        return this.throwUnexpected(window, 'nothing after the array');
      case 'first':
        if (code === byte.closeBracket) return this.passToken(window, 'closed');
        return this.takeElement(window);
      case 'next':
        return this.takeElement(window);
    }
  }

  private passToken(window: RowWindow, state: 'first' | 'next' | 'closed'): true {
    window.start++;
    this.state = state;
    return true;
  }

  private takeElement(window: RowWindow): boolean {
    const rowEnd = this.rows.read(window);
    const length = rowEnd - window.start;
    if (rowEnd >= 0 && length <= this.rows.bounds.rowBytesMax) {
      this.rows.commit(length);
      this.endElement(window, rowEnd);
      return true;
    }
    if (rowEnd >= 0) this.rows.rollBack();
    this.scanner.begin();
    this.scannedBytes = 0;
    return this.takeWhole(window);
  }

  /** Takes or refuses the element at the window's start, once its end is there. */
  private takeWhole(window: RowWindow): boolean {
    const elementEnd = this.scanner.scan(window.bytes, window.start + this.scannedBytes, window.end);
    this.scannedBytes = (elementEnd < 0 ? window.end : elementEnd) - window.start;
    if (this.scannedBytes > this.rows.bounds.rowBytesMax) {
      this.passing = true;
      if (elementEnd < 0) window.start = window.end;
      else this.endTooLarge(window, elementEnd);
      return elementEnd >= 0;
    }
    if (elementEnd < 0) return false;
    this.judge(window, elementEnd);
    this.endElement(window, elementEnd);
    return true;
  }

  /** Takes or refuses the whole element; throws where it is no JSON. */
  private judge(window: RowWindow, elementEnd: number): void {
    const { rows } = this;
    const rowEnd = rows.read(window);
    if (rowEnd === elementEnd) {
      rows.commit(elementEnd - window.start);
      return;
    }
    const { failure } = rows;
    if (rowEnd >= 0) rows.rollBack();
    const syntax = rows.syntaxFailure(window, elementEnd, 'a comma or ]');
    if (syntax !== undefined) this.throwSyntax(window, syntax);
    assert(failure !== undefined, 'a row of sound JSON is refused for a reason');
    rows.reject(this.elements + 1, failure.code, () => this.describe(failure, window));
  }

  /** Passes over an element that is too long, without keeping it. */
  private passElement(window: RowWindow): boolean {
    const elementEnd = this.scanner.scan(window.bytes, window.start, window.end);
    if (elementEnd >= 0) this.endTooLarge(window, elementEnd);
    else window.start = window.end;
    return elementEnd >= 0;
  }

  private endTooLarge(window: RowWindow, elementEnd: number): void {
    this.passing = false;
    this.rows.rejectTooLarge(this.elements + 1);
    this.endElement(window, elementEnd);
  }

  private endElement(window: RowWindow, elementEnd: number): void {
    window.start = elementEnd;
    this.scannedBytes = -1;
    this.elements++;
    this.state = 'after';
  }

  private throwUnexpected(window: RowWindow, wanted: string): never {
    return this.throwSyntax(window, unexpectedAt(window, wanted));
  }

  private throwSyntax(window: RowWindow, failure: Failure): never {
    throw new BarographError('invalid_json', this.describe(failure, window));
  }

  /** A failure's sentence, with its place in the document where the text is not JSON. */
  private describe({ at, describe }: Failure, window: RowWindow): string {
    if (at === undefined) return describe();
    this.advancePlace(window.bytes, window.start);
    const place = this.place.copy();
    place.pass(window.bytes, window.start, at);
    return `${place}: ${describe()}`;
  }

  private advancePlace(bytes: Buffer, to: number): void {
    this.place.pass(bytes, this.placedAt, to);
    this.placedAt = to;
  }
}

function skipWhiteSpace(bytes: Uint8Array, at: number): number {
  let code = bytes[at]!;
  while (code === byte.space || code === byte.tab || code === byte.carriageReturn || code === byte.newline)
    code = bytes[++at]!;
  return at;
}

function unexpectedAt(window: RowWindow, wanted: string): Failure {
  const cursor = new JsonCursor('space');
  // One byte is all that is sure to be there, however the body was cut.
  cursor.reset(window, window.start, window.start + 1, false);
  cursor.unexpected(window.start, wanted);
  return cursor.failure!;
}
