/**
 * Finds the parts of a series as the text formats write it, `name{label="value",…}` or `{"name","label"="value",…}`, and keeps
 * their places. Nothing is copied: a series that a cache knows needs no more than its end.
 *
 * The grammar is that of Prometheus' lexers (prometheus, model/textparse: promlex.l, openmetricslex.l). The text format allows
 * blanks between all parts and forgives a missing comma between labels; OpenMetrics allows neither.
 */
import { isUtf8 } from 'node:buffer';
import { grownArray } from '../../base/grown-array.js';
import { createScanFailure, failed, failScan } from './scan-failure.js';

const tab = 0x09;
const newline = 0x0a;
const space = 0x20;
const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const equals = 0x3d;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** Numbers kept for each label: where its name starts and ends, and its value. */
export const placesPerLabel = 4;
/** Bits of a text's flags. */
export const nameEscaped = 1;
export const valueEscaped = 2;

const isIn = (predicate: (byte: number) => boolean): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, byte) => (predicate(byte) ? 1 : 0));
const isLetter = (byte: number): boolean => (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a && byte >= 0x41;
const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
const labelStarts = isIn((byte) => (byte < 0x80 && isLetter(byte)) || byte === 0x5f);
const labelBytes = isIn((byte) => labelStarts[byte] === 1 || isDigit(byte));
const metricStarts = isIn((byte) => labelStarts[byte] === 1 || byte === colon);
const metricBytes = isIn((byte) => labelBytes[byte] === 1 || byte === colon);

/** Whether a byte can begin a metric's name that stands without quotes. */
export const startsMetricName = (byte: number | undefined): boolean => metricStarts[byte ?? 0] === 1;

/** Position behind the metric name that begins at `at`. */
export function metricNameEnd(bytes: Buffer, at: number, end: number): number {
  while (at < end && metricBytes[bytes[at]!] === 1) at++;
  return at;
}

export interface ScannerOptions {
  /** Blanks between the parts, and labels without a comma between them. */
  readonly allowBlanks: boolean;
  /** Line breaks within quotes, as Prometheus' parser of the text format takes them. */
  readonly allowLineBreaks: boolean;
}

/** Finds the parts of one series at a time; its fields hold them until the next. */
export class SeriesScanner {
  readonly failure = createScanFailure();
  /** The name's bytes without quotes. */
  nameStart = failed;
  nameEnd = failed;
  nameHasEscapes = false;
  labelCount = 0;
  /** Places of label i from `placesPerLabel` * i on. */
  places = new Int32Array(placesPerLabel * 32);
  /** Of label i, whether its name and its value hold escapes. */
  escapes = new Uint8Array(32);

  private readonly allowBlanks: boolean;
  private readonly allowLineBreaks: boolean;
  /** Of the quoted text scanned last: whether it holds escapes. */
  private quotedHasEscapes = false;

  constructor({ allowBlanks, allowLineBreaks }: ScannerOptions) {
    this.allowBlanks = allowBlanks;
    this.allowLineBreaks = allowLineBreaks;
  }

  /** Scans a series at bytes[at, end); gives the position behind it, or `failed`. */
  scanSeries(bytes: Buffer, at: number, end: number): number {
    this.labelCount = 0;
    this.nameHasEscapes = false;
    this.nameStart = failed;
    const start = at;
    if (metricStarts[bytes[at]!] === 1) {
      this.nameStart = at;
      at = metricNameEnd(bytes, at, end);
      this.nameEnd = at;
      const next = this.skipBlanks(bytes, at, end);
      if (next >= end || bytes[next] !== openBrace) return at;
      at = next;
    } else if (bytes[at] !== openBrace) return failScan(this.failure, at, 'a metric name or {');
    at = this.scanLabels(bytes, at + 1, end, true);
    if (at === failed) return failed;
    if (this.nameStart < 0) return failScan(this.failure, start, 'a series with a metric name', 'missing_field');
    if (this.nameStart === this.nameEnd)
      return failScan(this.failure, start, 'a metric name that is not empty', 'empty_field');
    return at;
  }

  /** Scans the labels of an exemplar behind their brace; gives the position behind the closing one, or `failed`. */
  scanExemplarLabels(bytes: Buffer, at: number, end: number): number {
    this.labelCount = 0;
    return this.scanLabels(bytes, at, end, false);
  }

  private skipBlanks(bytes: Buffer, at: number, end: number): number {
    if (this.allowBlanks) while (at < end && (bytes[at] === space || bytes[at] === tab)) at++;
    return at;
  }

  /** Position of the quote that ends the text which begins at `start`, or `failed`. */
  private scanQuoted(bytes: Buffer, start: number, end: number): number {
    let at = start;
    let seen = 0;
    this.quotedHasEscapes = false;
    for (; at < end && bytes[at] !== quote; at++) {
      const byte = bytes[at]!;
      seen |= byte;
      if (byte === newline && !this.allowLineBreaks) break;
      if (byte === backslash) {
        this.quotedHasEscapes = true;
        // The byte behind a backslash ends nothing; a line break there is as little allowed as elsewhere.
        if (bytes[at + 1] !== newline || this.allowLineBreaks) seen |= bytes[++at] ?? 0;
      }
    }
    if (at >= end || bytes[at] !== quote) return failScan(this.failure, start - 1, 'text that ends with a quote');
    if (seen >= 0x80 && !isUtf8(bytes.subarray(start, at)))
      return failScan(this.failure, start, 'UTF-8', 'invalid_utf8');
    return at;
  }

  /** Scans `="value"` behind a label's name. */
  private scanValue(bytes: Buffer, at: number, end: number, nameStart: number, nameEnd: number, flags: number): number {
    const equalsAt = this.skipBlanks(bytes, at, end);
    if (bytes[equalsAt] !== equals || equalsAt >= end) return failScan(this.failure, equalsAt, '=');
    const quoteAt = this.skipBlanks(bytes, equalsAt + 1, end);
    if (bytes[quoteAt] !== quote || quoteAt >= end) return failScan(this.failure, quoteAt, 'a label value in quotes');
    const valueEnd = this.scanQuoted(bytes, quoteAt + 1, end);
    if (valueEnd === failed) return failed;
    if (nameStart === nameEnd)
      return failScan(this.failure, nameStart, 'a label name that is not empty', 'empty_field');
    const label = this.labelCount++;
    if (label === this.escapes.length) this.growPlaces();
    const { places } = this;
    places[placesPerLabel * label] = nameStart;
    places[placesPerLabel * label + 1] = nameEnd;
    places[placesPerLabel * label + 2] = quoteAt + 1;
    places[placesPerLabel * label + 3] = valueEnd;
    this.escapes[label] = flags | (this.quotedHasEscapes ? valueEscaped : 0);
    return valueEnd + 1;
  }

  private growPlaces(): void {
    const { places, escapes } = this;
    this.places = grownArray(places, places.length * 2);
    this.escapes = grownArray(escapes, escapes.length * 2);
  }

  /** Scans a text in quotes, which is the metric's name where a comma or brace follows and a label's name where not. */
  private scanQuotedName(bytes: Buffer, at: number, end: number, takesName: boolean): number {
    const textEnd = this.scanQuoted(bytes, at + 1, end);
    if (textEnd === failed) return failed;
    const next = this.skipBlanks(bytes, textEnd + 1, end);
    if (bytes[next] !== comma && bytes[next] !== closeBrace)
      return this.scanValue(bytes, next, end, at + 1, textEnd, this.quotedHasEscapes ? nameEscaped : 0);
    if (!takesName) return failScan(this.failure, next, '=');
    if (this.nameStart >= 0) return failScan(this.failure, at, 'a label, since the metric has its name already');
    this.nameStart = at + 1;
    this.nameEnd = textEnd;
    this.nameHasEscapes = this.quotedHasEscapes;
    return next;
  }

  /** Scans labels up to the closing brace and over it. */
  private scanLabels(bytes: Buffer, at: number, end: number, takesName: boolean): number {
    for (;;) {
      at = this.skipBlanks(bytes, at, end);
      if (at >= end) return failScan(this.failure, at, 'a label name');
      const byte = bytes[at]!;
      if (byte === closeBrace) return at + 1;
      if (byte === quote) at = this.scanQuotedName(bytes, at, end, takesName);
      else if (labelStarts[byte] === 1) {
        const nameStart = at++;
        while (at < end && labelBytes[bytes[at]!] === 1) at++;
        at = this.scanValue(bytes, at, end, nameStart, at, 0);
      } else return failScan(this.failure, at, 'a label name');
      if (at === failed) return failed;
      at = this.skipBlanks(bytes, at, end);
      if (bytes[at] === comma) at++;
      else if (bytes[at] !== closeBrace && !this.allowBlanks) return failScan(this.failure, at, 'a comma or }');
    }
  }
}
