/** A field that holds an object of named values. */
import type { ErrorCode } from '../../base/errors.js';
import { type NameOrder, type RowScan, scannedKind } from '../../kernel/row-scan.js';
import { DistinctNames } from './distinct-names.js';
import { type FieldReader, failWithin, wrongType } from './field-reader.js';
import { byte } from './json-bytes.js';
import { excerpt, type JsonCursor } from './json-cursor.js';

// Taken out of the object, because compiled code knows the constants of its own module only.
const { closeBrace, colon, comma, openBrace } = byte;

/** Reads the object entry by entry. */
export abstract class ObjectField<Builders> implements FieldReader<Builders> {
  abstract readonly name: string;
  abstract readonly wanted: string;
  readonly required = false;
  protected readonly names: DistinctNames;
  readonly scannedKinds = [scannedKind.entries];

  /** `tooMany` is the code of the failure of an object of more than `entriesMax` entries. */
  constructor(
    private readonly entriesMax: number,
    nameBytesMax: number,
    private readonly tooMany: ErrorCode,
  ) {
    this.names = new DistinctNames(nameBytesMax);
  }

  abstract bind(builders: Builders): void;
  abstract read(cursor: JsonCursor, row: number): boolean;
  abstract take(scan: RowScan, token: number, row: number): boolean;

  get nameOrder(): NameOrder {
    return this.names.order;
  }

  /** Reads the value at the cursor. Its name is the cursor's text, which reading a text overwrites. */
  protected abstract readEntry(cursor: JsonCursor): boolean;

  protected readEntries(cursor: JsonCursor): boolean {
    const { names } = this;
    if (cursor.bytes[cursor.position] !== openBrace) return wrongType(cursor, this.wanted);
    cursor.position++;
    names.begin();
    if (cursor.skipSpace() === closeBrace) {
      cursor.position++;
      return true;
    }
    for (let count = 1; ; count++) {
      const run = this.readRun(cursor, this.entriesMax - count);
      if (run > 0) count += run - 1;
      else if (!this.readNamed(cursor, count)) return false;
      const code = cursor.skipSpace();
      cursor.position++;
      if (code === closeBrace) break;
      if (code !== comma) return cursor.unexpected(cursor.position - 1, 'a comma or }');
      cursor.skipSpace();
    }
    names.end();
    return true;
  }

  /** Reads at most `max` entries in a way of its own that is quicker; answers how many. The cursor is then behind the last of them. */
  protected readRun(_cursor: JsonCursor, _max: number): number {
    return 0;
  }

  private readNamed(cursor: JsonCursor, count: number): boolean {
    const nameStart = cursor.position;
    if (count > this.entriesMax) return failTooMany(cursor, this.tooMany, this.entriesMax);
    if (!this.names.read(cursor)) return false;
    const nameEnd = cursor.position;
    if (cursor.skipSpace() !== colon) return cursor.unexpected(cursor.position, 'a colon');
    cursor.position++;
    cursor.skipSpace();
    return this.readEntry(cursor) || failWithinEntry(cursor, nameStart, nameEnd);
  }
}

function failWithinEntry(cursor: JsonCursor, nameStart: number, nameEnd: number): false {
  const { bytes } = cursor;
  return failWithin(cursor, () => excerpt(bytes, nameStart, nameEnd));
}

const failTooMany = (cursor: JsonCursor, code: ErrorCode, entriesMax: number): false =>
  cursor.fail(code, () => `got more than ${entriesMax} entries, the limit`);
