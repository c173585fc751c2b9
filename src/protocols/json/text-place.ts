/** Line and column of a place in a text that is read in pieces, both from 1; columns count bytes. */
import { byte } from './json-bytes.js';

export class TextPlace {
  line = 1;
  column = 1;

  /** Goes on over bytes[from, to). */
  pass(bytes: Buffer, from: number, to: number): void {
    const piece = bytes.subarray(from, to);
    let lineStart = 0;
    for (let at = piece.indexOf(byte.newline); at >= 0; at = piece.indexOf(byte.newline, lineStart)) {
      this.line++;
      this.column = 1;
      lineStart = at + 1;
    }
    this.column += piece.length - lineStart;
  }

  copy(): TextPlace {
    const copy = new TextPlace();
    copy.line = this.line;
    copy.column = this.column;
    return copy;
  }

  toString(): string {
    return `line ${this.line}, column ${this.column}`;
  }
}
