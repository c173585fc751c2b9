/** What follows a series on its line: the value, and where they are given a time and, in OpenMetrics, an exemplar. */
import { valueWords } from '../../model/sample-batch.js';
import { numberOutOfRange, readDecimal, readInteger } from '../text/decimal.js';
import type { ExpositionOptions } from './exposition-options.js';
import { parseSampleValue } from './sample-value.js';
import { createScanFailure, failed, failScan, type ScanFailure } from './scan-failure.js';
import type { SeriesKeyBuilder } from './series-key.js';
import type { SeriesScanner } from './series-scanner.js';

const tab = 0x09;
const newline = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const hash = 0x23;
const openBrace = 0x7b;

/** An exemplar as its line has it; the sample's time is its own where it has none. */
export interface LineExemplar {
  readonly labels: Uint8Array;
  readonly value: number;
  readonly timeMs: number | undefined;
}

export class SampleTail {
  /** Where the reason of a failed line stands. */
  failure: ScanFailure = createScanFailure();
  /** The sample's value, and its bits, low half first. */
  readonly value = new Float64Array(1);
  readonly valueBits = valueWords(this.value);
  /** The sample's time, epoch milliseconds. */
  timeMs = 0;
  /** Whether the sample brought a time that counts. */
  hasTime = false;
  exemplar: LineExemplar | undefined;

  private readonly ownFailure = this.failure;
  private readonly isText: boolean;
  private readonly isStrict: boolean;
  private readonly timestamps: 'honor' | 'ignore' | 'refuse';
  private readonly nowMs: number;
  private readonly number = new Float64Array(1);

  constructor(
    { format, mode, timestamps = 'honor', nowMs }: ExpositionOptions,
    private readonly scanner: SeriesScanner,
    private readonly keyBuilder: SeriesKeyBuilder,
  ) {
    this.isText = format === 'text';
    this.isStrict = mode === 'strict';
    this.timestamps = timestamps;
    this.nowMs = nowMs;
  }

  /** Reads the line body[at, …) behind its series into these fields; gives where the next line begins, or `failed`. */
  read(body: Buffer, at: number, end: number): number {
    this.exemplar = undefined;
    this.hasTime = false;
    this.timeMs = this.nowMs;
    const valueAt = this.skipGap(body, at, end);
    if (valueAt === failed) return failed;
    const valueEnd = parseSampleValue(body, valueAt, end, this.value, 0);
    if (valueEnd < 0 || !this.isDelimited(body, valueEnd, end)) return this.failNumber(valueAt, valueEnd, 'a number');
    if (body[valueEnd] === newline) return valueEnd + 1;
    return this.isText ? this.readTextTime(body, valueEnd, end) : this.readOpenMetricsTime(body, valueEnd, end);
  }

  private readTextTime(body: Buffer, at: number, end: number): number {
    at = this.skipBlanks(body, at, end);
    const lineEnd = this.endOfLine(body, at, end);
    if (lineEnd !== failed) return lineEnd;
    const timeEnd = readInteger(body, at, end, this.number, 0);
    if (timeEnd < 0) return this.failNumber(at, timeEnd, 'a time in whole milliseconds or the end of the line');
    const next = this.endOfLine(body, this.skipBlanks(body, timeEnd, end), end);
    if (next === failed) return failScan(this.useOwnFailure(), timeEnd, 'the end of the line');
    return this.setTime(at, this.number[0]!) ? next : failed;
  }

  private readOpenMetricsTime(body: Buffer, at: number, end: number): number {
    let next = this.endOfLine(body, at, end);
    if (next !== failed) return next;
    if (body[at + 1] !== hash) {
      const timeEnd = readDecimal(body, at + 1, end, this.number, 0);
      if (timeEnd < 0 || !this.isDelimited(body, timeEnd, end))
        return this.failNumber(at + 1, timeEnd, 'a time in seconds or the end of the line');
      if (!this.setTime(at + 1, secondsToMs(this.number[0]!))) return failed;
      at = timeEnd;
      next = this.endOfLine(body, at, end);
      if (next !== failed) return next;
    }
    return this.readExemplar(body, at, end);
  }

  /** Reads ` # {labels} value time` to the end of the line. */
  private readExemplar(body: Buffer, at: number, end: number): number {
    const { scanner, keyBuilder } = this;
    if (body[at + 1] !== hash || body[at + 2] !== space || body[at + 3] !== openBrace || at + 3 >= end)
      return failScan(this.useOwnFailure(), at, 'the end of the line or an exemplar');
    const labelsEnd = scanner.scanExemplarLabels(body, at + 4, end);
    if (labelsEnd === failed) return this.failAs(scanner.failure);
    const labels = keyBuilder.buildExemplarLabels(scanner, body);
    if (labels === undefined) return this.failAs(keyBuilder.failure);
    const valueAt = this.skipGap(body, labelsEnd, end);
    if (valueAt === failed) return failed;
    const valueEnd = parseSampleValue(body, valueAt, end, this.number, 0);
    if (valueEnd < 0 || !this.isDelimited(body, valueEnd, end)) return this.failNumber(valueAt, valueEnd, 'a number');
    const value = this.number[0]!;
    let timeMs: number | undefined;
    let next = this.endOfLine(body, valueEnd, end);
    if (next === failed) {
      const timeEnd = readDecimal(body, valueEnd + 1, end, this.number, 0);
      if (timeEnd < 0) return this.failNumber(valueEnd + 1, timeEnd, 'a time in seconds or the end of the line');
      next = this.endOfLine(body, timeEnd, end);
      if (next === failed) return failScan(this.useOwnFailure(), timeEnd, 'the end of the line');
      timeMs = secondsToMs(this.number[0]!);
      if (!Number.isSafeInteger(timeMs)) return this.failNumber(valueEnd + 1, numberOutOfRange, '');
    }
    this.exemplar = { labels, value, timeMs };
    return next;
  }

  private setTime(at: number, timeMs: number): boolean {
    if (!Number.isSafeInteger(timeMs)) this.failNumber(at, numberOutOfRange, '');
    else if (this.timestamps === 'refuse')
      failScan(this.useOwnFailure(), at, 'a sample without a time', 'time_refused');
    else {
      if (this.timestamps === 'ignore') return true;
      this.hasTime = true;
      this.timeMs = timeMs;
      return true;
    }
    return false;
  }

  /** Position behind the blanks between a series and its value, in OpenMetrics one space. */
  private skipGap(body: Buffer, at: number, end: number): number {
    if (this.isText) return this.skipBlanks(body, at, end);
    return at < end && body[at] === space ? at + 1 : failScan(this.useOwnFailure(), at, 'a space');
  }

  private skipBlanks(body: Buffer, at: number, end: number): number {
    while (at < end && (body[at] === space || body[at] === tab)) at++;
    return at;
  }

  /** Where the next line begins when a line ends at `at`, `failed` when it does not. */
  private endOfLine(body: Buffer, at: number, end: number): number {
    if (at >= end) return end;
    if (body[at] === newline) return at + 1;
    return !this.isStrict && body[at] === carriageReturn && body[at + 1] === newline ? at + 2 : failed;
  }

  /** Whether a number ends at `at`. */
  private isDelimited(body: Buffer, at: number, end: number): boolean {
    const byte = body[at];
    return (
      byte === newline || byte === space || (byte === tab && this.isText) || this.endOfLine(body, at, end) !== failed
    );
  }

  private failNumber(at: number, result: number, wanted: string): number {
    const failure = this.useOwnFailure();
    if (result !== numberOutOfRange) return failScan(failure, at, wanted);
    return failScan(failure, at, 'a number that its field can hold', 'out_of_range');
  }

  private useOwnFailure(): ScanFailure {
    this.failure = this.ownFailure;
    return this.failure;
  }

  private failAs(failure: ScanFailure): number {
    this.failure = failure;
    return failed;
  }
}

/** Whole milliseconds, cut. A double near 1.7e9 seconds misses its text by up to 0.0003 ms, for which the slack makes up. */
const secondsToMs = (seconds: number): number => Math.floor(seconds * 1000 + 0.0005);
