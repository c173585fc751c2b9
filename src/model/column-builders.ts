/** Growing columns. A decoder appends the fields of a row, then ends it; a rejected row is rolled back to where it began. */
import type { Column, FlagColumn, ListColumn, MapColumn, NumberColumn, TextColumn, TimeColumn } from './columns.js';

const initialRows = 256;
const initialBytes = 4096;

type Growable = Uint8Array | Uint32Array | Float64Array;

function grown<T extends Growable>(array: T, wanted: number): T {
  let size = array.length * 2;
  while (size < wanted) size *= 2;
  const larger = new (array.constructor as new (size: number) => T)(size);
  larger.set(array as never);
  return larger;
}

export interface ColumnBuilder {
  readonly length: number;
  /** Appends "not given". */
  addAbsent(): void;
  /** Forgets every row from `length` on. */
  truncate(length: number): void;
  /** The column so far, as views where possible; the builder must not be used afterwards. */
  finish(): Column;
}

export class TextBuilder implements ColumnBuilder {
  length = 0;
  private bytes = new Uint8Array(initialBytes);
  private offsets = new Uint32Array(initialRows);

  addAbsent(): void {
    this.endRow(this.end);
  }

  /** Appends source[start, end) as one row. */
  addBytes(source: Uint8Array, start: number, end: number): void {
    const from = this.end;
    const to = from + end - start;
    if (to > this.bytes.length) this.bytes = grown(this.bytes, to);
    if (end - start > 24) this.bytes.set(source.subarray(start, end), from);
    else for (let i = start, o = from; i < end; i++) this.bytes[o++] = source[i]!;
    this.endRow(to);
  }

  addText(text: string): void {
    const source = Buffer.from(text, 'utf8');
    this.addBytes(source, 0, source.length);
  }

  truncate(length: number): void {
    this.length = length;
  }

  finish(): TextColumn {
    return {
      kind: 'text',
      bytes: this.bytes.subarray(0, this.end),
      offsets: this.offsets.subarray(0, this.length + 1),
    };
  }

  private get end(): number {
    return this.offsets[this.length]!;
  }

  private endRow(end: number): void {
    if (++this.length === this.offsets.length) this.offsets = grown(this.offsets, this.length + 1);
    this.offsets[this.length] = end;
  }
}

abstract class ValueBuilder<T extends Float64Array | Uint8Array> implements ColumnBuilder {
  length = 0;
  protected abstract values: T;

  add(value: number): void {
    if (this.length === this.values.length) this.values = grown(this.values, this.length + 1);
    this.values[this.length++] = value;
  }

  truncate(length: number): void {
    this.length = length;
  }

  abstract addAbsent(): void;
  abstract finish(): Column;
}

export class NumberBuilder extends ValueBuilder<Float64Array> {
  protected values = new Float64Array(initialRows);
  addAbsent(): void {
    this.add(Number.NaN);
  }
  finish(): NumberColumn {
    return { kind: 'number', values: this.values.subarray(0, this.length) };
  }
}

export class TimeBuilder extends ValueBuilder<Float64Array> {
  protected values = new Float64Array(initialRows);
  addAbsent(): void {
    this.add(Number.NaN);
  }
  finish(): TimeColumn {
    return { kind: 'time', values: this.values.subarray(0, this.length) };
  }
}

export class FlagBuilder extends ValueBuilder<Uint8Array> {
  protected values = new Uint8Array(initialRows);
  addAbsent(): void {
    this.add(0);
  }
  finish(): FlagColumn {
    return { kind: 'flag', values: this.values.subarray(0, this.length) };
  }
}

/** Offsets over child builders. Children are appended to directly; `endRow` closes the row over what was appended. */
abstract class NestedBuilder implements ColumnBuilder {
  length = 0;
  protected offsets = new Uint32Array(initialRows);

  protected abstract readonly children: readonly ColumnBuilder[];

  endRow(): void {
    if (++this.length === this.offsets.length) this.offsets = grown(this.offsets, this.length + 1);
    this.offsets[this.length] = this.children[0]!.length;
  }

  addAbsent(): void {
    this.endRow();
  }

  truncate(length: number): void {
    this.length = length;
    for (const child of this.children) child.truncate(this.offsets[length]!);
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
    return { kind: 'list', offsets: this.offsets.subarray(0, this.length + 1), items: this.items.finish() };
  }
}

export class MapBuilder<Values extends ColumnBuilder> extends NestedBuilder {
  readonly names = new TextBuilder();
  protected readonly children: readonly ColumnBuilder[];
  constructor(readonly values: Values) {
    super();
    this.children = [this.names, values];
  }
  finish(): MapColumn {
    const offsets = this.offsets.subarray(0, this.length + 1);
    return { kind: 'map', offsets, names: this.names.finish(), values: this.values.finish() };
  }
}
