/**
 * Finds the parts of a point in the line protocol and keeps their places:
 * `measurement,tag=value,… field=value,… time`. Nothing is copied.
 *
 * Sources: docs.influxdata.com, "Line protocol"; influxdata/line-protocol, line-protocol.ebnf. As in InfluxDB 3 a tag's value may hold an
 * equals sign. A tag without a value is taken as no tag, as VictoriaMetrics does, because a label without a value is no label.
 */
import { isUtf8 } from 'node:buffer';
import type { ErrorCode } from '../../base/errors.js';
import { noNumber, numberOutOfRange, readDecimal } from '../text/decimal.js';
import { type Precision, timeOfDigits } from './precision.js';

const newline = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const quote = 0x22;
const plus = 0x2b;
const comma = 0x2c;
const minus = 0x2d;
const zero = 0x30;
const equals = 0x3d;
const backslash = 0x5c;
const lowerI = 0x69;
const lowerU = 0x75;

export const failed = -1;

const booleans = new Map([
  ...['t', 'T', 'true', 'True', 'TRUE'].map((word) => [word, 1] as const),
  ...['f', 'F', 'false', 'False', 'FALSE'].map((word) => [word, 0] as const),
]);
/** Length of the longest of them. */
const booleanBytesMax = 5;

/** Digits that every 64-bit integer can have. */
const safeIntegerDigits = 18;
const int64Max = 2n ** 63n - 1n;
const uint64Max = 2n ** 64n - 1n;

export class PointScanner {
  measurementStart = 0;
  measurementEnd = 0;
  /** Places of tag i from 4 * i on: where its key starts and ends, and its value. */
  readonly tags: number[] = [];
  /** Places of numeric field i from 2 * i on: where its key starts and ends. */
  readonly fields: number[] = [];
  readonly values: number[] = [];
  stringFields = 0;
  /** Epoch milliseconds, undefined where the point has no time. */
  timeMs: number | undefined;

  failedAt = 0;
  wanted = '';
  code: ErrorCode = 'invalid_line_protocol';

  private readonly number = new Float64Array(1);

  constructor(
    private readonly body: Buffer,
    private readonly precision: Precision,
  ) {}

  /** Scans the point that begins at `start`; gives where the next line begins, or `failed`. */
  scan(start: number): number {
    const { body } = this;
    this.tags.length = 0;
    this.fields.length = 0;
    this.values.length = 0;
    this.stringFields = 0;
    this.timeMs = undefined;
    let at = this.nameEnd(start, false);
    if (at === failed) return failed;
    if (at === start) return this.fail(start, 'a measurement', 'empty_field');
    this.measurementStart = start;
    this.measurementEnd = at;
    while (body[at] === comma) {
      at = this.scanTag(at + 1);
      if (at === failed) return failed;
    }
    if (body[at] !== space) return this.fail(at, 'a space and fields', 'missing_field');
    at = this.skipSpaces(at);
    at = this.scanField(at);
    while (body[at] === comma) at = this.scanField(at + 1);
    if (at === failed) return failed;
    return this.scanTime(at);
  }

  /** Where the line after a bad point begins. Line breaks within quoted fields do not end it, so that no text is read as points. */
  endOfBadPoint(start: number): number {
    const { body } = this;
    let isInFields = false;
    for (let at = start; at < body.length; at++) {
      const byte = body[at];
      if (byte === newline) return at + 1;
      if (byte === backslash && body[at + 1] !== newline) at++;
      else if (byte === space) isInFields = true;
      else if (byte === quote && isInFields && body[at - 1] === equals) {
        const close = this.closingQuote(at + 1);
        // A quote that nothing closes spoils its own line only.
        if (close !== failed) at = close;
      }
    }
    return body.length;
  }

  private scanTag(start: number): number {
    const { body } = this;
    const keyEnd = this.nameEnd(start, true);
    if (keyEnd === failed) return failed;
    if (keyEnd === start) return this.fail(start, 'a tag', 'empty_field');
    if (body[keyEnd] !== equals) return this.fail(keyEnd, '= and the tag’s value');
    const valueEnd = this.nameEnd(keyEnd + 1, false);
    if (valueEnd === failed) return failed;
    this.tags.push(start, keyEnd, keyEnd + 1, valueEnd);
    return valueEnd;
  }

  private scanField(start: number): number {
    const { body } = this;
    const keyEnd = this.nameEnd(start, true);
    if (keyEnd === failed) return failed;
    if (keyEnd === start) return this.fail(start, 'a field', this.isLineEnd(start) ? 'missing_field' : 'empty_field');
    if (body[keyEnd] !== equals) return this.fail(keyEnd, '= and the field’s value');
    const at = keyEnd + 1;
    if (body[at] === quote) {
      const close = this.closingQuote(at + 1);
      if (close === failed) return this.fail(at, 'text that ends with a quote');
      this.stringFields++;
      return this.isDelimiter(close + 1) ? close + 1 : this.fail(close + 1, 'a comma, a space or the end of the line');
    }
    const end = this.scanValue(at);
    if (end !== failed) this.fields.push(start, keyEnd);
    return end;
  }

  /** Reads a number or a boolean. */
  private scanValue(start: number): number {
    const { body, number } = this;
    const wanted = 'a number, a boolean or text in quotes';
    const end = body[start] === plus ? noNumber : readDecimal(body, start, body.length, number, 0);
    if (end === noNumber) {
      let wordEnd = start;
      while (wordEnd - start <= booleanBytesMax && !this.isDelimiter(wordEnd)) wordEnd++;
      const value = booleans.get(body.toString('latin1', start, wordEnd));
      if (value === undefined) return this.fail(start, wanted);
      this.values.push(value);
      return wordEnd;
    }
    if (end === numberOutOfRange) return this.fail(start, 'a number that a 64-bit float can hold', 'out_of_range');
    const suffix = body[end];
    const isInteger = suffix === lowerI || suffix === lowerU;
    if (!this.isDelimiter(isInteger ? end + 1 : end)) return this.fail(start, wanted);
    if (isInteger && !this.isInteger(start, end, suffix === lowerU)) return failed;
    this.values.push(number[0]!);
    return isInteger ? end + 1 : end;
  }

  /** Whether body[start, end) are the digits of a 64-bit integer. */
  private isInteger(start: number, end: number, isUnsigned: boolean): boolean {
    const { body } = this;
    const isNegative = body[start] === minus;
    const first = isNegative ? start + 1 : start;
    for (let at = first; at < end; at++)
      if ((body[at]! ^ zero) > 9) return this.fail(start, 'digits before the i or u of an integer') !== failed;
    const wanted = isUnsigned ? 'an unsigned 64-bit integer' : 'a 64-bit integer';
    if (isNegative && isUnsigned) return this.fail(start, wanted, 'out_of_range') !== failed;
    if (end - first <= safeIntegerDigits) return true;
    const significant = body.toString('latin1', first, end).replace(/^0+/, '');
    // Longer ones are past any bound, and BigInt takes time with the square of their length.
    if (significant.length > 20) return this.fail(start, wanted, 'out_of_range') !== failed;
    const size = BigInt(significant);
    if (size <= (isUnsigned ? uint64Max : isNegative ? int64Max + 1n : int64Max)) return true;
    return this.fail(start, wanted, 'out_of_range') !== failed;
  }

  /** Reads the time, if there is one, and the end of the line. */
  private scanTime(start: number): number {
    const { body } = this;
    const first = this.skipSpaces(start);
    if (this.isLineEnd(first)) return this.nextLine(first);
    if (first === start) return this.fail(start, 'a comma, a space or the end of the line');
    const isNegative = body[first] === minus;
    const digits = isNegative ? first + 1 : first;
    let end = digits;
    while (end < body.length && (body[end]! ^ zero) <= 9) end++;
    const lineEnd = this.skipSpaces(end);
    if (end === digits || !this.isLineEnd(lineEnd))
      return this.fail(first, 'a time in whole numbers or the end of the line');
    const timeMs = timeOfDigits(body, digits, end, isNegative, this.precision);
    if (Number.isNaN(timeMs)) return this.fail(first, 'a time that a 64-bit integer can hold', 'out_of_range');
    this.timeMs = timeMs;
    return this.nextLine(lineEnd);
  }

  /** Where the name or tag value that begins at `start` ends: at a comma, a space, the line's end, or at an equals sign if it may not hold one. */
  private nameEnd(start: number, endsAtEquals: boolean): number {
    const { body } = this;
    let seen = 0;
    let at = start;
    for (; at < body.length; at++) {
      const byte = body[at]!;
      if (byte === comma || byte === space || byte === newline || (byte === equals && endsAtEquals)) break;
      if (byte === carriageReturn && body[at + 1] === newline) break;
      seen |= byte;
      if (byte === backslash && at + 1 < body.length && body[at + 1] !== newline) seen |= body[++at]!;
    }
    if (seen < 0x80 || isUtf8(body.subarray(start, at))) return at;
    return this.fail(start, 'UTF-8', 'invalid_utf8');
  }

  /** Position of the quote that ends the text which begins at `start`, or `failed`. */
  private closingQuote(start: number): number {
    const { body } = this;
    for (let at = start; at < body.length; at++) {
      if (body[at] === quote) return at;
      if (body[at] === backslash) at++;
    }
    return failed;
  }

  private isDelimiter(at: number): boolean {
    return this.body[at] === comma || this.body[at] === space || this.isLineEnd(at);
  }

  private isLineEnd(at: number): boolean {
    const { body } = this;
    return at >= body.length || body[at] === newline || (body[at] === carriageReturn && body[at + 1] === newline);
  }

  private nextLine(lineEnd: number): number {
    return this.body[lineEnd] === carriageReturn ? lineEnd + 2 : lineEnd + 1;
  }

  private skipSpaces(at: number): number {
    while (this.body[at] === space) at++;
    return at;
  }

  private fail(at: number, wanted: string, code: ErrorCode = 'invalid_line_protocol'): typeof failed {
    this.failedAt = at;
    this.wanted = wanted;
    this.code = code;
    return failed;
  }
}
