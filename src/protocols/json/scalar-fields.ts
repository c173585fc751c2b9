/** Fields that hold one text, one number, one time, or one class that is either. */
import { type RowScan, scannedKind } from '../../kernel/row-scan.js';
import type { NumberBuilder, TextBuilder, TimeBuilder } from '../../model/column-builders.js';
import { timeMsMax, timeOfBytes, timeOfEpoch } from '../../model/time.js';
import { type FieldReader, readFinite, readText, refuseAt, type TimeWindow, wrongType } from './field-reader.js';
import { byte } from './json-bytes.js';
import type { JsonCursor } from './json-cursor.js';

// Taken out of the object, because compiled code knows the constants of its own module only.
const { lowerF, lowerT, quote } = byte;

type TextBuilders<Name extends string> = { readonly [name in Name]: TextBuilder };
type NumberBuilders<Name extends string> = { readonly [name in Name]: NumberBuilder };

/** Text of at most `bytesMax` bytes of UTF-8. Empty text is refused where the field is required, else it means "not given". */
export class TextField<Name extends string> implements FieldReader<TextBuilders<Name>> {
  readonly wanted = 'text';
  readonly scannedKinds = [scannedKind.text];
  private builder!: TextBuilder;

  constructor(
    readonly name: Name,
    private readonly bytesMax: number,
    readonly required = false,
  ) {}

  bind(builders: TextBuilders<Name>): void {
    this.builder = builders[this.name];
  }

  read(cursor: JsonCursor, row: number): boolean {
    if (!readText(cursor, this.bytesMax)) return false;
    if (cursor.textEnd === cursor.textStart) return !this.required || emptyText(cursor, this.wanted);
    this.builder.padTo(row);
    this.builder.addWords(cursor.textView, cursor.textStart, cursor.textEnd);
    return true;
  }

  take(scan: RowScan, token: number, row: number): boolean {
    const start = scan.starts[token]!;
    const end = scan.ends[token]!;
    if (end === start) return !this.required;
    if (end - start > this.bytesMax) return false;
    this.builder.padTo(row);
    this.builder.addWords(scan.view, start, end);
    return true;
  }
}

/** What a number field takes beyond being a finite double. */
export interface NumberRange {
  readonly min?: number;
  readonly max?: number;
  readonly whole?: boolean;
}

export class NumberField<Name extends string> implements FieldReader<NumberBuilders<Name>> {
  readonly required = false;
  readonly wanted: string;
  readonly scannedKinds = [scannedKind.number];
  private readonly min: number;
  private readonly max: number;
  private readonly whole: boolean;
  private builder!: NumberBuilder;

  constructor(
    readonly name: Name,
    { min = -Infinity, max = Infinity, whole = false }: NumberRange = {},
  ) {
    this.min = min;
    this.max = max;
    this.whole = whole;
    const bounds = max < Infinity ? ` from ${min} to ${max}` : min > -Infinity ? ` from ${min} on` : '';
    this.wanted = `a ${whole ? 'whole ' : ''}number${bounds}`;
  }

  bind(builders: NumberBuilders<Name>): void {
    this.builder = builders[this.name];
  }

  read(cursor: JsonCursor, row: number): boolean {
    const start = cursor.position;
    if (!readFinite(cursor, this.wanted)) return false;
    return this.add(cursor.number, row) || refuseAt(cursor, start, 'out_of_range', this.wanted);
  }

  take(scan: RowScan, token: number, row: number): boolean {
    return this.add(scan.numbers[token]!, row);
  }

  private add(value: number, row: number): boolean {
    if (value < this.min || value > this.max || (this.whole && !Number.isInteger(value))) return false;
    this.builder.padTo(row);
    this.builder.add(value);
    return true;
  }
}

const booleanHint = '; send a boolean as "true" or "false", or as 1 or 0';

/** A prediction or a label: a class, which is text, or a number. Each kind has a column of its own. */
export class OutcomeField<Text extends string, Numeric extends string>
  implements FieldReader<TextBuilders<Text> & NumberBuilders<Numeric>>
{
  readonly wanted = 'text or a number';
  readonly scannedKinds = [scannedKind.text, scannedKind.number];
  private texts!: TextBuilder;
  private numbers!: NumberBuilder;

  constructor(
    readonly name: string,
    private readonly columns: { readonly text: Text; readonly number: Numeric },
    private readonly bytesMax: number,
    readonly required = false,
  ) {}

  bind(builders: TextBuilders<Text> & NumberBuilders<Numeric>): void {
    this.texts = builders[this.columns.text];
    this.numbers = builders[this.columns.number];
  }

  read(cursor: JsonCursor, row: number): boolean {
    if (cursor.bytes[cursor.position] !== quote) {
      if (!readFinite(cursor, this.wanted, this.hintAt(cursor))) return false;
      this.numbers.padTo(row);
      this.numbers.add(cursor.number);
      return true;
    }
    if (!readText(cursor, this.bytesMax)) return false;
    if (cursor.textEnd === cursor.textStart) return emptyText(cursor, this.wanted);
    this.texts.padTo(row);
    this.texts.addWords(cursor.textView, cursor.textStart, cursor.textEnd);
    return true;
  }

  take(scan: RowScan, token: number, row: number): boolean {
    if (scan.kinds[token] === scannedKind.number) {
      this.numbers.padTo(row);
      this.numbers.add(scan.numbers[token]!);
      return true;
    }
    const start = scan.starts[token]!;
    const end = scan.ends[token]!;
    if (end === start || end - start > this.bytesMax) return false;
    this.texts.padTo(row);
    this.texts.addWords(scan.view, start, end);
    return true;
  }

  private hintAt({ bytes, position }: JsonCursor): string {
    return bytes[position] === lowerT || bytes[position] === lowerF ? booleanHint : '';
  }
}

/** A time: RFC 3339 text or a number since the epoch, see `model/time.ts`. */
export class TimeField<Name extends string> implements FieldReader<{ readonly [name in Name]: TimeBuilder }> {
  readonly required = false;
  readonly scannedKinds = [scannedKind.text, scannedKind.number];
  readonly wanted = 'RFC 3339 text such as "2026-01-31T12:00:00Z", or a number of seconds, ms, µs or ns since 1970';
  private builder!: TimeBuilder;
  private window: TimeWindow = { nowMs: 0, aheadMsMax: 'off' };
  private latestMs = timeMsMax;

  constructor(readonly name: Name) {}

  beginBody(window: TimeWindow): void {
    const { nowMs, aheadMsMax } = window;
    this.window = window;
    this.latestMs = aheadMsMax === 'off' ? timeMsMax : Math.min(timeMsMax, nowMs + aheadMsMax);
  }

  bind(builders: { readonly [name in Name]: TimeBuilder }): void {
    this.builder = builders[this.name];
  }

  read(cursor: JsonCursor, row: number): boolean {
    const start = cursor.position;
    const timeMs = this.readTime(cursor);
    if (timeMs === undefined) return false;
    return this.add(timeMs, row) || this.refuseOutside(cursor, start);
  }

  take(scan: RowScan, token: number, row: number): boolean {
    const timeMs =
      scan.kinds[token] === scannedKind.number
        ? timeOfEpoch(scan.numbers[token]!)
        : timeOfBytes(scan.bytes, scan.starts[token]!, scan.ends[token]!);
    return !Number.isNaN(timeMs) && this.add(timeMs, row);
  }

  private add(timeMs: number, row: number): boolean {
    if (timeMs < 0 || timeMs > this.latestMs) return false;
    this.builder.padTo(row);
    this.builder.add(timeMs);
    return true;
  }

  private refuseOutside(cursor: JsonCursor, start: number): false {
    return refuseAt(cursor, start, 'outside_time_window', `a time ${this.describeWindow()}`);
  }

  private readTime(cursor: JsonCursor): number | undefined {
    const start = cursor.position;
    if (cursor.bytes[start] !== quote) return readFinite(cursor, this.wanted) ? timeOfEpoch(cursor.number) : undefined;
    if (!cursor.readString()) return undefined;
    const timeMs = timeOfBytes(cursor.text, cursor.textStart, cursor.textEnd);
    if (!Number.isNaN(timeMs)) return timeMs;
    cursor.position = start;
    wrongType(cursor, this.wanted);
    return undefined;
  }

  private describeWindow(): string {
    const latest = new Date(this.latestMs).toISOString();
    const { nowMs, aheadMsMax } = this.window;
    const bound = aheadMsMax === 'off' || this.latestMs === timeMsMax ? '' : aheadOf(nowMs, aheadMsMax);
    return `from 1970-01-01T00:00:00Z to ${latest}${bound}`;
  }
}

const aheadOf = (nowMs: number, aheadMsMax: number): string =>
  `, ${aheadMsMax / 1000} s ahead of the server's clock (${new Date(nowMs).toISOString()})`;

const emptyText = (cursor: JsonCursor, wanted: string): false =>
  cursor.fail('empty_field', () => `got empty text, wanted ${wanted}`);
