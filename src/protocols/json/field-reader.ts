/** What reads one field of a row into its columns, and the sentences that refuse a value. */
import type { ErrorCode } from '../../base/errors.js';
import type { NameOrder, RowScan } from '../../kernel/row-scan.js';
import { byte, isDigit } from './json-bytes.js';
import { excerpt, JsonCursor, type JsonText } from './json-cursor.js';
import { readDouble } from './json-number.js';
import { outOfDouble, refuseNonFinite, skipValue } from './json-value.js';

// Taken out of the object, because compiled code knows the constants of its own module only.
const { lowerF, lowerN, lowerT, minus, openBrace, openBracket, quote, upperI } = byte;

/** The times that are taken. */
export interface TimeWindow {
  /** The server's clock, epoch milliseconds. */
  readonly nowMs: number;
  /** How far ahead of the clock a time may lie, milliseconds; 'off' for any time that the tables can hold. */
  readonly aheadMsMax: number | 'off';
}

/**
 * Reads the value of one field. `Builders` are those columns of a batch that it fills. A field answers false with the
 * cursor's `failure` set where it refuses the value; whoever called it rolls the row back.
 */
export interface FieldReader<Builders> {
  readonly name: string;
  readonly required: boolean;
  /** What a value of the field is, for messages: "text", "a number". */
  readonly wanted: string;
  /** Fills the columns of this batch from now on. */
  bind(builders: Builders): void;
  /** A new body begins, in which these times are taken. */
  beginBody?(window: TimeWindow): void;
  /** Reads the value at the cursor, which is not null, into row `row`. Columns may be behind: they are padded first. */
  read(cursor: JsonCursor, row: number): boolean;
  /** Kinds of values that the kernel scans for it, see `kernel/row-scan.ts`. */
  readonly scannedKinds: readonly number[];
  /** For objects: the order in which the kernel expects their names. */
  readonly nameOrder?: NameOrder;
  /** Takes a value of these kinds that was scanned into row `row`. False, without a reason, where it refuses the value: `read` has one. */
  take(scan: RowScan, token: number, row: number): boolean;
}

/** Fails because the value at the cursor has another type. `hint` says what to do about it. */
export function wrongType(cursor: JsonCursor, wanted: string, hint = ''): false {
  if (cursor.nonFiniteLength() > 0) return refuseNonFinite(cursor);
  return refuseAt(cursor, cursor.position, 'wrong_type', wanted + hint);
}

/**
 * Fails because of the value that begins at `start`, where another was wanted. Like all that makes a message it is a function of its
 * own: in a function that holds a closure, each call makes room for what the closure would see, also when it is never made.
 */
export function refuseAt(cursor: JsonCursor, start: number, code: ErrorCode, wanted: string): false {
  const { bytes, view, end } = cursor;
  return cursor.fail(code, () => `got ${describeValue({ bytes, view }, start, end)}, wanted ${wanted}`);
}

/** Reads a number that a double can hold. */
export function readFinite(cursor: JsonCursor, wanted = 'a number', hint = ''): boolean {
  const start = cursor.position;
  const code = cursor.bytes[start]!;
  if (!isDigit(code) && (code !== minus || cursor.bytes[start + 1] === upperI)) return wrongType(cursor, wanted, hint);
  if (!readDouble(cursor)) return false;
  return Number.isFinite(cursor.number) || outOfDouble(cursor, start);
}

/** Reads a text of at most `bytesMax` bytes of UTF-8. */
export function readText(cursor: JsonCursor, bytesMax: number, wanted = 'text', hint = ''): boolean {
  if (cursor.bytes[cursor.position] !== quote) return wrongType(cursor, wanted, hint);
  if (!cursor.readString()) return false;
  const length = cursor.textEnd - cursor.textStart;
  return length <= bytesMax || tooLong(cursor, length, bytesMax);
}

export const tooLong = (cursor: JsonCursor, length: number, bytesMax: number): false =>
  cursor.fail('too_long', () => `got ${length} bytes of text, wanted at most ${bytesMax}`);

/** Puts the name of a field in front of the cursor's failure. */
export function failWithin(cursor: JsonCursor, name: () => string): false {
  const { failure } = cursor;
  if (failure !== undefined) cursor.failure = { ...failure, describe: () => `${name()}: ${failure.describe()}` };
  return false;
}

/** The value at a place as a message names it: its type and the beginning of its text. */
function describeValue(text: JsonText, start: number, end: number): string {
  const cursor = new JsonCursor('space');
  cursor.reset(text, start, end, false);
  skipValue(cursor);
  const type = typeNames[text.bytes[start]!] ?? 'the number';
  return `${type} ${excerpt(text.bytes, start, cursor.position)}`;
}

/** By the first byte. */
const typeNames: Readonly<Record<number, string>> = {
  [quote]: 'the text',
  [openBrace]: 'the object',
  [openBracket]: 'the array',
  [lowerN]: 'the value',
  [lowerT]: 'the boolean',
  [lowerF]: 'the boolean',
};
