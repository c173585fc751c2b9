/**
 * A cursor over the bytes of one JSON text, strict as RFC 8259, that makes no object and no string for what it reads:
 * a string comes out as a range of bytes, a number as a double. Every reader starts with `position` at the first byte of
 * what it reads and leaves it behind the last; where it answers false, `failure` says why and `position` where.
 *
 * Invariant: `bytes[end]` exists, and is a byte that stops every reader there (a newline where newlines end rows, else NUL).
 * So no loop has to compare its position with the end, and whatever fails at `end` may only need more bytes.
 */
import { isUtf8 } from 'node:buffer';
import type { ErrorCode } from '../../base/errors.js';
import { byte, hexValue } from './json-bytes.js';
import { copyWords, runEnd, slackBytes } from './json-words.js';

// Taken out of the object, because compiled code knows the constants of its own module only.
const { backslash, carriageReturn, lowerF, lowerN, lowerT, lowerU, newline, quote, space, tab } = byte;

export interface Failure {
  readonly code: ErrorCode;
  /** Where in the cursor's bytes the text stops being JSON; undefined where it is JSON, but not what is wanted here. */
  readonly at?: number;
  /** What was got and what was wanted. A function, so that only failures that get reported cost a message. */
  readonly describe: () => string;
}

/** Bytes to be read: `view` is a view of all of `bytes`, of which `slackBytes` must be readable behind the end. */
export interface JsonText {
  readonly bytes: Buffer;
  readonly view: DataView;
}

/** Whether newlines are white space within a text (a JSON document) or end it (NDJSON). */
export type Newlines = 'space' | 'end';

export class JsonCursor {
  bytes: Buffer = Buffer.alloc(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  position = 0;
  end = 0;
  failure: Failure | undefined;
  /** Bytes of the last string read are text[textStart, textEnd), escapes resolved. Valid until the next string is read. */
  textStart = 0;
  textEnd = 0;
  /** Last number read. Infinite where it is past the range of a double. */
  number = 0;
  /** Off where the bytes are known to be UTF-8 already. */
  checksUtf8 = true;
  private textIsScratch = false;
  private scratch = new Uint8Array(256);
  private scratchView: DataView = new DataView(this.scratch.buffer);
  private readonly newline: number;

  constructor(newlines: Newlines) {
    this.newline = newlines === 'space' ? newline : space;
  }

  /** Puts the cursor at `position` of another text, of which bytes[end] must be as described above. */
  reset({ bytes, view }: JsonText, position: number, end: number, checksUtf8: boolean): void {
    this.bytes = bytes;
    this.view = view;
    this.position = position;
    this.end = end;
    this.checksUtf8 = checksUtf8;
    this.failure = undefined;
  }

  get text(): Uint8Array {
    return this.textIsScratch ? this.scratch : this.bytes;
  }

  get textView(): DataView {
    return this.textIsScratch ? this.scratchView : this.view;
  }

  /** Passes over white space; answers the byte there. Small, so that it is compiled into its callers: there mostly is none. */
  skipSpace(): number {
    const code = this.bytes[this.position]!;
    return code > space ? code : this.passSpace(code);
  }

  private passSpace(code: number): number {
    const { bytes, end } = this;
    let at = this.position;
    while (code === space || code === tab || code === carriageReturn || code === this.newline) {
      if (at === end) break;
      code = bytes[++at]!;
    }
    this.position = at;
    return code;
  }

  fail(code: ErrorCode, describe: () => string): false {
    this.failure = { code, describe };
    return false;
  }

  /** Fails because the text is not JSON at `at`. */
  unexpected(at: number, wanted: string): false {
    this.position = at;
    this.failure = { code: 'invalid_json', at, describe: () => `got ${this.shown(at)}, wanted ${wanted}` };
    return false;
  }

  /** Reads a string into `text`. Fails also where its bytes are no UTF-8 or an escape names half a surrogate pair. */
  readString(wanted = 'a string'): boolean {
    const start = this.position + 1;
    if (this.bytes[start - 1] !== quote) return this.unexpected(start - 1, wanted);
    const end = runEnd(this.view, start);
    if (this.bytes[end] !== quote) return this.readEscaped(start, end);
    this.passString(end + 1);
    return !this.checksUtf8 || this.checkUtf8(start, end);
  }

  /** Passes over a string that is known to hold no escape and to end before `end`, and makes it the text. */
  passString(end: number): void {
    this.textIsScratch = false;
    this.textStart = this.position + 1;
    this.textEnd = end - 1;
    this.position = end;
  }

  /** Passes over a string without resolving its escapes or looking at its encoding. */
  skipString(wanted = 'a string'): boolean {
    const { bytes, view } = this;
    if (bytes[this.position] !== quote) return this.unexpected(this.position, wanted);
    let at = runEnd(view, this.position + 1);
    while (bytes[at] === backslash) {
      const length = escapeLength(bytes, at);
      if (length < 0) return this.unexpected(at - length - 1, escapeWanted);
      at = runEnd(view, at + length);
    }
    if (bytes[at] !== quote) return this.brokenString(at);
    this.position = at + 1;
    return true;
  }

  /** Passes over `word`, one of true, false, null. */
  readWord(word: 'true' | 'false' | 'null'): boolean {
    for (let i = 0; i < word.length; i++)
      if (this.bytes[this.position + i] !== word.charCodeAt(i)) return this.unexpected(this.position + i, word);
    this.position += word.length;
    return true;
  }

  /**
   * Length of the NaN, Infinity or -Infinity at the cursor, else 0. JSON has none of them, but common writers emit them;
   * knowing them keeps one such number from spoiling a whole document.
   */
  nonFiniteLength(): number {
    for (const word of nonFiniteWords) {
      let i = 0;
      while (i < word.length && this.bytes[this.position + i] === word.charCodeAt(i)) i++;
      if (i === word.length) return i;
    }
    return 0;
  }

  private readEscaped(start: number, first: number): boolean {
    const { bytes, view } = this;
    let from = start;
    let to = 0;
    let at = first;
    for (; bytes[at] === backslash; at = runEnd(view, from)) {
      to = this.appendScratch(to, from, at);
      const length = escapeLength(bytes, at);
      if (length < 0) return this.unexpected(at - length - 1, escapeWanted);
      const point = codePointAt(bytes, at);
      if (point < 0) return this.loneSurrogate(at);
      to = appendCodePoint(this.scratch, to, point);
      from = at + (point > 0xffff ? 2 * length : length);
    }
    if (bytes[at] !== quote) return this.brokenString(at);
    this.textIsScratch = true;
    this.textStart = 0;
    this.textEnd = this.appendScratch(to, from, at);
    this.position = at + 1;
    return !this.checksUtf8 || this.checkUtf8(start, at);
  }

  /** Appends bytes[from, to) to the scratch at `at`, and leaves room for one code point more. */
  private appendScratch(at: number, from: number, to: number): number {
    const end = at + to - from;
    if (end + 4 + slackBytes > this.scratch.length) {
      const larger = new Uint8Array(2 * (end + 4 + slackBytes));
      larger.set(this.scratch.subarray(0, at));
      this.scratch = larger;
      this.scratchView = new DataView(larger.buffer);
    }
    copyWords(this.view, from, to, this.scratchView, at);
    return end;
  }

  /** The cursor stays behind the string, since its syntax is sound. */
  private checkUtf8(start: number, end: number): boolean {
    const { bytes } = this;
    if (isUtf8(bytes.subarray(start, end))) return true;
    return this.fail('invalid_utf8', () => `got the text ${excerpt(bytes, start, end)}, whose bytes are not UTF-8`);
  }

  private loneSurrogate(at: number): false {
    this.position = at;
    const written = this.bytes.toString('latin1', at, at + 6);
    return this.fail(
      'invalid_utf8',
      () => `got the escape ${written}, half of a surrogate pair without the other half`,
    );
  }

  private brokenString(at: number): false {
    return this.unexpected(at, 'the rest of a string (control characters must be escaped)');
  }

  /** What stands at a place, as a message shows it: a word or a number, else a single character. */
  private shown(at: number): string {
    if (at >= this.end) return this.newline === newline ? 'the end of the text' : 'the end of the line';
    const code = this.bytes[at]!;
    if (code < 0x20 || code === 0x7f) return `the control character 0x${code.toString(16).padStart(2, '0')}`;
    const isPart = code < 0x80 ? isWordPart : isContinuation;
    let end = at + 1;
    while (end < Math.min(this.end, at + wordShownMax) && isPart(this.bytes[end]!)) end++;
    return excerpt(this.bytes, at, isPart(code) || code >= 0x80 ? end : at + 1);
  }
}

/** Longest piece of a word that a message shows. Guess: enough to know it. */
const wordShownMax = 12;
const isWordPart = (code: number): boolean => /[\w.+-]/.test(String.fromCharCode(code));
const isContinuation = (code: number): boolean => (code & 0xc0) === 0x80;

const nonFiniteWords = ['NaN', 'Infinity', '-Infinity'];
const escapeWanted = 'an escape: \\" \\\\ \\/ \\b \\f \\n \\r \\t, or \\u and four hexadecimal digits';

/** Most characters of a value that a message shows. A guess at what helps and does not flood. */
const excerptCharsMax = 60;

/** Bytes as a message shows them: on one line, and shortened. */
export function excerpt(bytes: Buffer, start: number, end: number): string {
  const shortened = end - start > 4 * excerptCharsMax;
  const text = bytes.toString('utf8', start, shortened ? start + 4 * excerptCharsMax : end).replace(/\s+/g, ' ');
  const chars = [...text];
  return shortened || chars.length > excerptCharsMax ? `${chars.slice(0, excerptCharsMax).join('')}…` : text;
}

/** Bytes of the escape at bytes[at], a backslash; where it is broken, -1 - the offset of the byte that breaks it. */
function escapeLength(bytes: Uint8Array, at: number): number {
  if (bytes[at + 1] !== lowerU) return simpleEscape(bytes[at + 1]!) === 0 ? -2 : 2;
  for (let i = 2; i < 6; i++) if (hexValue(bytes[at + i]!) < 0) return -1 - i;
  return 6;
}

/** Code point of the sound escape at bytes[at], of both escapes of a surrogate pair, or -1 for half a pair. */
function codePointAt(bytes: Uint8Array, at: number): number {
  if (bytes[at + 1] !== lowerU) return simpleEscape(bytes[at + 1]!);
  const unit = codeUnitAt(bytes, at);
  if (unit < 0xd800 || unit > 0xdfff) return unit;
  if (unit > 0xdbff || bytes[at + 6] !== backslash || bytes[at + 7] !== lowerU) return -1;
  if (escapeLength(bytes, at + 6) < 0) return -1;
  const low = codeUnitAt(bytes, at + 6);
  return low < 0xdc00 || low > 0xdfff ? -1 : 0x10000 + ((unit - 0xd800) << 10) + low - 0xdc00;
}

function codeUnitAt(bytes: Uint8Array, at: number): number {
  let unit = 0;
  for (let i = 2; i < 6; i++) unit = (unit << 4) | hexValue(bytes[at + i]!);
  return unit;
}

/** The character that a backslash before `code` stands for, 0 where none. */
function simpleEscape(code: number): number {
  switch (code) {
    case quote:
    case backslash:
    case 0x2f:
      return code;
    case 0x62:
      return 0x08;
    case lowerF:
      return 0x0c;
    case lowerN:
      return newline;
    case 0x72:
      return carriageReturn;
    case lowerT:
      return tab;
    default:
      return 0;
  }
}

/** Writes a code point as UTF-8 at into[at, …); answers where it ends. */
function appendCodePoint(into: Uint8Array, at: number, point: number): number {
  if (point < 0x80) {
    into[at] = point;
    return at + 1;
  }
  const tail = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
  into[at++] = [0xc0, 0xe0, 0xf0][tail - 1]! | (point >> (6 * tail));
  for (let i = tail - 1; i >= 0; i--) into[at++] = 0x80 | ((point >> (6 * i)) & 0x3f);
  return at;
}
