/** Growing columns. A decoder appends the fields of a row, then ends it; a rejected row is rolled back to where it began. */
import { type Growable, grownArray } from '../base/grown-array.js';
import type {
  Column,
  DictionaryColumn,
  FlagColumn,
  ListColumn,
  MapColumn,
  NumberColumn,
  TextColumn,
  TimeColumn,
} from './columns.js';

/**
 * Entries that a builder keeps room for when it is cleared. A guess: columns of the bodies that most senders send have fewer, and room for one
 * large body is not held for ever.
 */
export const keptLengthMax = 1 << 18;

/** Room that a builder makes when its first row comes. Guess: small, since most bodies fill few columns with few rows. */
const firstLength = 128;

/**
 * Room behind the last byte for the word that it lies in. Twice a word, since Node 24's first optimizing compiler takes an access within
 * the last four bytes for one past the end, and the code that it then gives up on stays slow.
 */
export const slackBytes = 8;

// What a builder holds before its first row. Nobody writes to them, and nobody gets to see them.
const noBytes = new Uint8Array(0);
const noView = new DataView(new ArrayBuffer(0));
const noValues = new Float64Array(0);
const zeroOffset = new Uint32Array(1);

/** Up to this length a loop copies bytes faster than `set`, which has to make a view first. Measured on Node 20. */
const loopBytesMax = 64;

function grown<T extends Growable>(array: T, wanted: number): T {
  return grownArray(array, Math.max(firstLength, array.length * 2, wanted));
}

/** For a column that gets only "not given" so far: if it gets no more than that, there is no room too many. */
const paddedLength = (array: Growable, wanted: number): number =>
  array.length <= 1 ? wanted : Math.max(array.length * 2, wanted);

export interface ColumnBuilder<C extends Column | DictionaryColumn = Column> {
  readonly length: number;
  /** Appends "not given". */
  addAbsent(): void;
  /** Appends "not given" until there are `length` rows, so that a row costs nothing in the columns it does not fill. */
  padTo(length: number): void;
  /** Forgets every row from `length` on, and what was appended to a row not yet ended. */
  truncate(length: number): void;
  /** The column so far, as views where possible: they hold until the builder is cleared, which must come before it is used again. */
  finish(): C;
  /** Begins anew, in the room that is there. */
  clear(): void;
}

/** What is kept of an array when its builder is cleared. */
const kept = <T extends Growable>(array: T, otherwise: T): T => (array.length > keptLengthMax ? otherwise : array);

export class TextBuilder implements ColumnBuilder {
  length = 0;
  private bytes = noBytes;
  private view = noView;
  private offsets = zeroOffset;

  addAbsent(): void {
    this.endRow(this.end);
  }

  padTo(length: number): void {
    if (this.length < length) {
      this.offsets = padded(this.offsets, this.length, length, this.end);
      this.length = length;
    }
  }

  /** Appends source[start, end) as one row. */
  addBytes(source: Uint8Array, start: number, end: number): void {
    const from = this.end;
    const to = from + end - start;
    if (to > this.bytes.length) this.growBytes(to);
    const bytes = this.bytes;
    if (end - start > loopBytesMax) bytes.set(source.subarray(start, end), from);
    else for (let i = start, o = from; i < end; i++) bytes[o++] = source[i]!;
    this.endRow(to);
  }

  /** Appends the bytes source[start, end) as one row, a word at a time: eight bytes behind `end` must be readable too. */
  addWords(source: DataView, start: number, end: number): void {
    const from = this.end;
    const to = from + end - start;
    if (to + slackBytes > this.bytes.length) this.growBytes(to + slackBytes);
    const view = this.view;
    for (let i = start, o = from; i < end; i += 4, o += 4) view.setInt32(o, source.getInt32(i, true), true);
    this.endRow(to);
  }

  addText(text: string): void {
    const source = Buffer.from(text, 'utf8');
    this.addBytes(source, 0, source.length);
  }

  truncate(length: number): void {
    this.length = length;
  }

  clear(): void {
    this.length = 0;
    this.offsets = kept(this.offsets, zeroOffset);
    if (this.bytes.length <= keptLengthMax) return;
    this.bytes = noBytes;
    this.view = noView;
  }

  finish(): TextColumn {
    return {
      kind: 'text',
      bytes: this.end === 0 ? new Uint8Array(0) : this.bytes.subarray(0, this.end),
      offsets: finished(this.offsets, this.length),
    };
  }

  private growBytes(wanted: number): void {
    this.bytes = grown(this.bytes, wanted);
    this.view = new DataView(this.bytes.buffer);
  }

  private get end(): number {
    return this.offsets[this.length]!;
  }

  private endRow(end: number): void {
    if (++this.length === this.offsets.length) this.offsets = grown(this.offsets, this.length + 1);
    this.offsets[this.length] = end;
  }
}

/** Offsets whose rows from `from` to `to` end where the row before them ended. */
function padded<T extends Uint32Array>(offsets: T, from: number, to: number, end: number): T {
  const roomy = to >= offsets.length ? grownArray(offsets, paddedLength(offsets, to + 1)) : offsets;
  return roomy.fill(end, from + 1, to + 1);
}

const finished = (offsets: Uint32Array, length: number): Uint32Array =>
  length === 0 ? new Uint32Array(1) : offsets.subarray(0, length + 1);

/**
 * One value a row. Each kind is a class of its own, sharing no method, because a call site that sees arrays of several
 * types is several times slower.
 */
abstract class DoubleBuilder implements ColumnBuilder {
  length = 0;
  protected values = noValues;

  add(value: number): void {
    if (this.length === this.values.length) this.values = grown(this.values, this.length + 1);
    this.values[this.length++] = value;
  }

  /** Appends source[from, to). */
  addAll(source: Float64Array, from: number, to: number): void {
    const length = this.length + to - from;
    if (length > this.values.length) this.values = grown(this.values, length);
    const { values } = this;
    for (let i = from, o = this.length; i < to; i++) values[o++] = source[i]!;
    this.length = length;
  }

  addAbsent(): void {
    this.add(Number.NaN);
  }

  padTo(length: number): void {
    if (this.length >= length) return;
    if (length > this.values.length) this.values = grownArray(this.values, paddedLength(this.values, length));
    this.values.fill(Number.NaN, this.length, length);
    this.length = length;
  }

  truncate(length: number): void {
    this.length = length;
  }

  clear(): void {
    this.length = 0;
    this.values = kept(this.values, noValues);
  }

  protected finished(): Float64Array {
    return this.length === 0 ? new Float64Array(0) : this.values.subarray(0, this.length);
  }

  abstract finish(): Column;
}

export class NumberBuilder extends DoubleBuilder {
  finish(): NumberColumn {
    return { kind: 'number', values: this.finished() };
  }
}

export class TimeBuilder extends DoubleBuilder {
  finish(): TimeColumn {
    return { kind: 'time', values: this.finished() };
  }
}

export class FlagBuilder implements ColumnBuilder {
  length = 0;
  private values = noBytes;

  add(value: number): void {
    if (this.length === this.values.length) this.values = grown(this.values, this.length + 1);
    this.values[this.length++] = value;
  }

  addAbsent(): void {
    this.add(0);
  }

  padTo(length: number): void {
    if (this.length >= length) return;
    if (length > this.values.length) this.values = grownArray(this.values, paddedLength(this.values, length));
    this.values.fill(0, this.length, length);
    this.length = length;
  }

  truncate(length: number): void {
    this.length = length;
  }

  clear(): void {
    this.length = 0;
    this.values = kept(this.values, noBytes);
  }

  finish(): FlagColumn {
    return { kind: 'flag', values: this.length === 0 ? new Uint8Array(0) : this.values.subarray(0, this.length) };
  }
}

/** Offsets over child builders. Children are appended to directly; `endRow` closes the row over what was appended. */
abstract class NestedBuilder implements ColumnBuilder {
  length = 0;
  protected offsets = zeroOffset;

  protected abstract readonly children: readonly ColumnBuilder<Column | DictionaryColumn>[];

  endRow(): void {
    if (++this.length === this.offsets.length) this.offsets = grown(this.offsets, this.length + 1);
    this.offsets[this.length] = this.children[0]!.length;
  }

  addAbsent(): void {
    this.endRow();
  }

  /** To be called between rows only: what was appended to a row not yet ended would count to a later one. */
  padTo(length: number): void {
    if (this.length >= length) return;
    this.offsets = padded(this.offsets, this.length, length, this.offsets[this.length]!);
    this.length = length;
  }

  truncate(length: number): void {
    this.length = length;
    for (const child of this.children) child.truncate(this.offsets[length]!);
  }

  clear(): void {
    this.length = 0;
    this.offsets = kept(this.offsets, zeroOffset);
    for (const child of this.children) child.clear();
  }

  abstract finish(): Column;
}

export class ListBuilder<Items extends ColumnBuilder> extends NestedBuilder {
  protected readonly children: readonly ColumnBuilder[];
  constructor(readonly items: Items) {
    super();
    this.children = [items];
  }
  finish(): ListColumn {
    return { kind: 'list', offsets: finished(this.offsets, this.length), items: this.items.finish() };
  }
}

type NamesBuilder = ColumnBuilder<TextColumn> | ColumnBuilder<DictionaryColumn>;

export class MapBuilder<Values extends ColumnBuilder, Names extends NamesBuilder = TextBuilder> extends NestedBuilder {
  protected readonly children: readonly ColumnBuilder<Column | DictionaryColumn>[];
  constructor(
    readonly values: Values,
    readonly names: Names = new TextBuilder() as ColumnBuilder as Names,
  ) {
    super();
    this.children = [names, values];
  }
  finish(): MapColumn {
    const offsets = finished(this.offsets, this.length);
    return { kind: 'map', offsets, names: this.names.finish(), values: this.values.finish() };
  }
}
