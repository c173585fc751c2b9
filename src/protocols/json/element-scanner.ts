/**
 * Finds where an element of a JSON array ends by its brackets and quotes alone, in one pass that can stop and go on anywhere.
 * Of sound JSON it finds the right end; of broken JSON some end, whose text a reader then refuses.
 */
import { byte } from './json-bytes.js';

// Taken out of the object, because compiled code knows the constants of its own module only.
const { backslash, closeBrace, closeBracket, comma, openBrace, openBracket, quote, space } = byte;

export class ElementScanner {
  private depth = 0;
  private inString = false;
  private escaped = false;
  private begun = false;

  /** Starts at the first byte of an element. */
  begin(): void {
    this.depth = 0;
    this.inString = false;
    this.escaped = false;
    this.begun = false;
  }

  /** Goes on through bytes[from, to); answers the position behind the element, -1 where it ends later. */
  scan(bytes: Uint8Array, from: number, to: number): number {
    for (let at = from; at < to; at++) {
      const code = bytes[at]!;
      if (this.inString) {
        if (this.endsString(code) && this.depth === 0) return at + 1;
      } else if (code === openBrace || code === openBracket) {
        if (this.begun && this.depth === 0) return at;
        this.depth++;
      } else if (code === closeBrace || code === closeBracket) {
        if (this.depth === 0) return at;
        if (--this.depth === 0) return at + 1;
      } else if (code === quote) {
        if (this.begun && this.depth === 0) return at;
        this.inString = true;
      } else if (this.depth === 0 && (code <= space || code === comma)) return at;
      this.begun = true;
    }
    return -1;
  }

  private endsString(code: number): boolean {
    if (this.escaped) this.escaped = false;
    else if (code === backslash) this.escaped = true;
    else if (code === quote) this.inString = false;
    return !this.inString;
  }
}
