/**
 * Reads rows, each a JSON object of known fields, into the columns of a batch. A row costs only what it holds: columns that it
 * does not fill are padded later, and a row that is refused leaves no trace.
 */
import { closestMatch } from 'leven';
import { assert } from '../../base/assert.js';
import type { RowScan } from '../../kernel/row-scan.js';
import type { ColumnBuilder } from '../../model/column-builders.js';
import type { Batch, Column } from '../../model/columns.js';
import { FieldNames } from './field-names.js';
import { type FieldReader, failWithin, type TimeWindow, wrongType } from './field-reader.js';
import { byte } from './json-bytes.js';
import type { JsonCursor } from './json-cursor.js';

// Taken out of the object, because compiled code knows the constants of its own module only.
const { closeBrace, colon, comma, lowerN, openBrace } = byte;

type Builders = Readonly<Record<string, ColumnBuilder>>;

/** Batches of the columns that builders of type B make. */
export type BatchOf<B extends Builders> = Batch<{ readonly [name in keyof B]: ReturnType<B[name]['finish']> }>;

export class RowReader<B extends Builders> {
  /** Rows in the batch being built. */
  rowCount = 0;
  /** Undefined until the batch's first row. */
  private builders: B | undefined;
  /** Those of the first batch that was taken. */
  private taken: B | undefined;
  /** Cleared ones, for the next batch. */
  private spare: B | undefined;
  private readonly names: FieldNames;
  private readonly requiredMask: number;

  constructor(
    private readonly fields: readonly FieldReader<B>[],
    private readonly newBuilders: () => B,
  ) {
    assert(fields.length <= 31, 'the fields seen in a row are bits of one integer');
    this.names = new FieldNames(fields.map(({ name }) => name));
    this.requiredMask = fields.reduce((mask, { required }, i) => (required ? mask | (1 << i) : mask), 0);
  }

  /** Reads the row at the cursor. Either `commit` or `rollBack` has to follow. */
  read(cursor: JsonCursor): boolean {
    if (cursor.bytes[cursor.position] !== openBrace) return wrongType(cursor, 'a row, which is an object');
    if (this.builders === undefined) this.startBatch();
    cursor.position++;
    let seen = 0;
    let previous = -1;
    if (cursor.skipSpace() === closeBrace) cursor.position++;
    else
      for (;;) {
        const index = this.readName(cursor, previous);
        if (index < 0) return false;
        if ((seen & (1 << index)) !== 0) return failTwice(cursor, this.fields[index]!.name);
        seen |= 1 << index;
        if (!this.readField(cursor, this.fields[index]!)) return false;
        previous = index;
        const code = cursor.skipSpace();
        cursor.position++;
        if (code === closeBrace) break;
        if (code !== comma) return cursor.unexpected(cursor.position - 1, 'a comma or }');
        cursor.skipSpace();
      }
    return (seen & this.requiredMask) === this.requiredMask || this.failMissing(cursor, seen);
  }

  /** Makes the scan one of such rows. */
  prepare(scan: RowScan): void {
    const { fields } = this;
    scan.describe(fields);
    for (let i = 0; i < fields.length; i++) {
      const { nameOrder } = fields[i]!;
      if (nameOrder !== undefined) scan.setOrder(i, nameOrder);
    }
  }

  /** Takes row `i` of a scan. Either `commit` or `rollBack` has to follow; after false the row is to be read. */
  take(scan: RowScan, i: number): boolean {
    if (this.builders === undefined) this.startBatch();
    const { fields, rowCount } = this;
    const end = scan.rowTokenEnds[i]!;
    for (let token = i === 0 ? 0 : scan.rowTokenEnds[i - 1]!; token < end; token++)
      if (!fields[scan.fields[token]!]!.take(scan, token, rowCount)) return false;
    return true;
  }

  commit(): void {
    this.rowCount++;
  }

  rollBack(): void {
    for (const builder of Object.values(this.builders ?? {}))
      if (builder.length >= this.rowCount) builder.truncate(this.rowCount);
  }

  /** The rows committed since the last batch was taken, of which there must be one. */
  takeBatch(): BatchOf<B> {
    const { builders, rowCount } = this;
    assert(builders !== undefined && rowCount > 0, 'a batch has rows');
    const columns: Record<string, Column> = {};
    for (const [name, builder] of Object.entries(builders)) {
      builder.padTo(rowCount);
      columns[name] = builder.finish();
    }
    this.taken ??= builders;
    this.builders = undefined;
    this.rowCount = 0;
    return { rowCount, columns } as BatchOf<B>;
  }

  /** Makes it ready for another body. The batches that were taken are overwritten from now on. */
  reset(window: TimeWindow): void {
    this.spare = this.taken ?? this.builders ?? this.spare;
    for (const builder of Object.values(this.spare ?? {})) builder.clear();
    this.taken = undefined;
    this.builders = undefined;
    this.rowCount = 0;
    for (const field of this.fields) field.beginBody?.(window);
  }

  private startBatch(): void {
    this.builders = this.spare ?? this.newBuilders();
    this.spare = undefined;
    for (const field of this.fields) field.bind(this.builders);
  }

  private readName(cursor: JsonCursor, previous: number): number {
    const index = this.names.read(cursor, previous);
    if (index < 0) return cursor.failure === undefined ? this.failUnknown(cursor) : -1;
    if (cursor.skipSpace() === colon) {
      cursor.position++;
      return index;
    }
    cursor.unexpected(cursor.position, 'a colon');
    return -1;
  }

  private readField(cursor: JsonCursor, field: FieldReader<B>): boolean {
    if (cursor.skipSpace() === lowerN) {
      if (!cursor.readWord('null')) return false;
      return !field.required || failNull(cursor, field);
    }
    return field.read(cursor, this.rowCount) || failWithinField(cursor, field.name);
  }

  private failMissing(cursor: JsonCursor, seen: number): false {
    const missing = this.fields.filter(({ required }, i) => required && (seen & (1 << i)) === 0);
    const [{ name, wanted }, ...others] = missing as [FieldReader<B>, ...FieldReader<B>[]];
    const also = others.length === 0 ? '' : `; also missing: ${others.map((other) => other.name).join(', ')}`;
    return cursor.fail('missing_field', () => `${name}: the row does not have it, wanted ${wanted}${also}`);
  }

  private failUnknown(cursor: JsonCursor): number {
    const name = Buffer.from(cursor.text.subarray(cursor.textStart, cursor.textEnd)).toString();
    cursor.fail('unknown_field', () =>
      describeUnknown(
        name,
        [...this.fields].map((field) => field.name),
      ),
    );
    return -1;
  }
}

const failTwice = (cursor: JsonCursor, name: string): false =>
  cursor.fail('duplicate_key', () => `${name}: got the field twice in one row`);

const failNull = (cursor: JsonCursor, { name, wanted }: { readonly name: string; readonly wanted: string }): false =>
  cursor.fail('missing_field', () => `${name}: got null, wanted ${wanted}`);

const failWithinField = (cursor: JsonCursor, name: string): false => failWithin(cursor, () => name);

/** Longest unknown name that is compared with the known ones: the comparison's cost grows with the product of the lengths. */
const comparedCharsMax = 60;

function describeUnknown(name: string, known: readonly string[]): string {
  if (name.length > comparedCharsMax)
    return `${JSON.stringify(`${name.slice(0, comparedCharsMax)}…`)} is not a known field`;
  const nearest = closestMatch(name.toLowerCase(), known, { maxDistance: Math.floor(name.length / 2) });
  const advice = nearest === undefined ? `known are ${known.join(', ')}` : `did you mean ${nearest}?`;
  return `${JSON.stringify(name)} is not a known field; ${advice}`;
}
