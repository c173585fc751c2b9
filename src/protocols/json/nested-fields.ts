/** Fields that hold an object or an array. */

import { type RowScan, scannedKind } from '../../kernel/row-scan.js';
import type { FlagBuilder, ListBuilder, MapBuilder, NumberBuilder, TextBuilder } from '../../model/column-builders.js';
import type { DictionaryBuilder } from '../../model/dictionary-builder.js';
import { type FieldReader, failWithin, readFinite, readText, refuseAt, tooLong, wrongType } from './field-reader.js';
import { byte, isDigit } from './json-bytes.js';
import type { JsonCursor } from './json-cursor.js';
import { readDouble } from './json-number.js';
import { skipValue } from './json-value.js';
import { KeySet } from './key-set.js';
import { NamePlaces } from './name-places.js';
import { ObjectField } from './object-field.js';
import type { QuotedNames } from './quoted-names.js';

// Taken out of the object, because compiled code knows the constants of its own module only.
const { backslash, closeBracket, colon, comma, lowerF, lowerN, lowerT, minus, openBrace, openBracket, quote, space } =
  byte;

type NumberMap = MapBuilder<NumberBuilder, DictionaryBuilder>;

export interface FeatureBuilders {
  readonly features_number: NumberMap;
  readonly features_text: MapBuilder<TextBuilder, DictionaryBuilder>;
  readonly features_flag: MapBuilder<FlagBuilder, DictionaryBuilder>;
  readonly features_null: ListBuilder<TextBuilder>;
}

/** Features by name: numbers, categories (text, which may be empty), booleans, and the names of those that are null. */
export class FeaturesField extends ObjectField<FeatureBuilders> {
  readonly name = 'features';
  readonly wanted = 'an object of numbers, texts, booleans and nulls by name';
  private numbers!: NumberMap;
  private texts!: MapBuilder<TextBuilder, DictionaryBuilder>;
  private flags!: MapBuilder<FlagBuilder, DictionaryBuilder>;
  private nulls!: ListBuilder<TextBuilder>;
  private readonly numberNames = new NamePlaces();
  private readonly textNames = new NamePlaces();
  private readonly flagNames = new NamePlaces();

  constructor(
    featuresMax: number,
    private readonly textBytesMax: number,
  ) {
    super(featuresMax, textBytesMax, 'too_many_features');
  }

  bind(builders: FeatureBuilders): void {
    this.numbers = builders.features_number;
    this.texts = builders.features_text;
    this.flags = builders.features_flag;
    this.nulls = builders.features_null;
    this.numberNames.bind(this.numbers.names);
    this.textNames.bind(this.texts.names);
    this.flagNames.bind(this.flags.names);
  }

  read(cursor: JsonCursor, row: number): boolean {
    this.numbers.padTo(row);
    this.texts.padTo(row);
    this.flags.padTo(row);
    this.nulls.padTo(row);
    if (!this.readEntries(cursor)) return false;
    this.endRow();
    return true;
  }

  take(scan: RowScan, token: number, row: number): boolean {
    this.numbers.padTo(row);
    this.texts.padTo(row);
    this.flags.padTo(row);
    this.nulls.padTo(row);
    if (scan.kinds[token] === scannedKind.numbersByName)
      takeNumbers(scan, token, this.numbers, this.numberNames, this.names.order);
    else if (!this.takeEntries(scan, scan.starts[token]!, scan.ends[token]!)) return false;
    this.endRow();
    return true;
  }

  private endRow(): void {
    this.numbers.endRow();
    this.texts.endRow();
    this.flags.endRow();
    this.nulls.endRow();
  }

  private takeEntries(scan: RowScan, from: number, to: number): boolean {
    const { order } = this.names;
    this.numberNames.follow(order);
    this.textNames.follow(order);
    this.flagNames.follow(order);
    for (let entry = from; entry < to; entry++) {
      const name = scan.entryNames[entry]!;
      switch (scan.entryKinds[entry]) {
        case scannedKind.number:
          this.numberNames.add(name);
          this.numbers.values.add(scan.entryNumbers[entry]!);
          break;
        case scannedKind.text: {
          const start = scan.entryStarts[entry]!;
          const end = scan.entryEnds[entry]!;
          if (end - start > this.textBytesMax) return false;
          this.textNames.add(name);
          this.texts.values.addWords(scan.view, start, end);
          break;
        }
        case scannedKind.null:
          this.nulls.items.addWords(order.view, order.startOf(name), order.endOf(name));
          break;
        default:
          this.flagNames.add(name);
          this.flags.values.add(scan.entryKinds[entry] === scannedKind.true ? 1 : 0);
      }
    }
    return true;
  }

  /** Numbers under the names that are next in the order, without white space: what most features are. */
  protected override readRun(cursor: JsonCursor, max: number): number {
    const { names, numbers } = this;
    const { bytes, view } = cursor;
    this.numberNames.follow(names.order);
    for (let count = 0; ; count++) {
      const start = count === 0 ? cursor.position : cursor.position + 1;
      if (count >= max || (count > 0 && bytes[start - 1] !== comma)) return count;
      const nameEnd = names.matchNext(view, start);
      if (nameEnd < 0 || bytes[nameEnd] !== colon || !beginsNumber(bytes, nameEnd + 1)) return count;
      const before = cursor.position;
      cursor.position = nameEnd + 1;
      if (!readDouble(cursor) || !Number.isFinite(cursor.number)) {
        // Read again by the long way, which says what is wrong.
        cursor.position = before;
        cursor.failure = undefined;
        return count;
      }
      this.numberNames.add(names.next);
      numbers.values.add(cursor.number);
      names.passNext();
    }
  }

  /** The name goes to its column before the value is read, while its bytes are there. */
  protected readEntry(cursor: JsonCursor): boolean {
    const { textView, textStart, textEnd } = cursor;
    switch (cursor.bytes[cursor.position]) {
      case quote:
        this.texts.names.addWords(textView, textStart, textEnd);
        if (!readText(cursor, this.textBytesMax)) return false;
        this.texts.values.addWords(cursor.textView, cursor.textStart, cursor.textEnd);
        return true;
      case lowerT:
      case lowerF: {
        const flag = cursor.bytes[cursor.position] === lowerT;
        this.flags.names.addWords(textView, textStart, textEnd);
        this.flags.values.add(flag ? 1 : 0);
        return cursor.readWord(flag ? 'true' : 'false');
      }
      case lowerN:
        this.nulls.items.addWords(textView, textStart, textEnd);
        return cursor.readWord('null');
      default:
        this.numbers.names.addWords(textView, textStart, textEnd);
        if (!readFinite(cursor, 'a number, text, boolean or null')) return false;
        this.numbers.values.add(cursor.number);
        return true;
    }
  }
}

/** Adds the entries of a scanned object that has only numbers. */
function takeNumbers(scan: RowScan, token: number, into: NumberMap, names: NamePlaces, order: QuotedNames): void {
  const from = scan.starts[token]!;
  const to = scan.ends[token]!;
  names.follow(order);
  names.addAll(scan.entryNames, from, to);
  into.values.addAll(scan.entryNumbers, from, to);
}

const beginsNumber = (bytes: Uint8Array, at: number): boolean =>
  isDigit(bytes[at]!) || (bytes[at] === minus && isDigit(bytes[at + 1]!));

type NumberMapBuilders<Name extends string> = { readonly [name in Name]: NumberMap };

/** Numbers by name. */
export class NumberMapField<Name extends string> extends ObjectField<NumberMapBuilders<Name>> {
  readonly wanted = 'an object of numbers by name';
  private builder!: NumberMap;
  private readonly entryNames = new NamePlaces();

  constructor(
    readonly name: Name,
    entriesMax: number,
    nameBytesMax: number,
  ) {
    super(entriesMax, nameBytesMax, 'too_many_values');
  }

  bind(builders: NumberMapBuilders<Name>): void {
    this.builder = builders[this.name];
    this.entryNames.bind(this.builder.names);
  }

  read(cursor: JsonCursor, row: number): boolean {
    this.builder.padTo(row);
    if (!this.readEntries(cursor)) return false;
    this.builder.endRow();
    return true;
  }

  take(scan: RowScan, token: number, row: number): boolean {
    if (scan.kinds[token] !== scannedKind.numbersByName) return false;
    this.builder.padTo(row);
    takeNumbers(scan, token, this.builder, this.entryNames, this.names.order);
    this.builder.endRow();
    return true;
  }

  protected readEntry(cursor: JsonCursor): boolean {
    this.builder.names.addWords(cursor.textView, cursor.textStart, cursor.textEnd);
    if (!readFinite(cursor)) return false;
    this.builder.values.add(cursor.number);
    return true;
  }
}

type NumberListBuilders<Name extends string> = { readonly [name in Name]: ListBuilder<NumberBuilder> };

/** A list of numbers that 32-bit floats can hold. */
export class NumberListField<Name extends string> implements FieldReader<NumberListBuilders<Name>> {
  readonly required = false;
  readonly wanted = 'an array of numbers';
  readonly scannedKinds = [scannedKind.list];
  private builder!: ListBuilder<NumberBuilder>;

  constructor(
    readonly name: Name,
    private readonly itemsMax: number,
  ) {}

  bind(builders: NumberListBuilders<Name>): void {
    this.builder = builders[this.name];
  }

  read(cursor: JsonCursor, row: number): boolean {
    if (cursor.bytes[cursor.position] !== openBracket) return wrongType(cursor, this.wanted);
    this.builder.padTo(row);
    cursor.position++;
    if (cursor.skipSpace() === closeBracket) cursor.position++;
    else if (!this.readItems(cursor)) return false;
    this.builder.endRow();
    return true;
  }

  take(scan: RowScan, token: number, row: number): boolean {
    const from = scan.starts[token]!;
    const to = scan.ends[token]!;
    if (to - from > this.itemsMax) return false;
    for (let entry = from; entry < to; entry++)
      if (!Number.isFinite(Math.fround(scan.entryNumbers[entry]!))) return false;
    this.builder.padTo(row);
    this.builder.items.addAll(scan.entryNumbers, from, to);
    this.builder.endRow();
    return true;
  }

  private readItems(cursor: JsonCursor): boolean {
    const { items } = this.builder;
    for (let count = 1; ; count++) {
      const start = cursor.position;
      if (count > this.itemsMax) return tooManyNumbers(cursor, this.itemsMax);
      if (!readFinite(cursor)) return failWithinList(cursor, count);
      if (!Number.isFinite(Math.fround(cursor.number))) {
        refuseAt(cursor, start, 'out_of_range', 'a number within ±3.4e38, as 32-bit floats hold');
        return failWithinList(cursor, count);
      }
      items.add(cursor.number);
      const code = cursor.skipSpace();
      cursor.position++;
      if (code === closeBracket) return true;
      if (code !== comma) return cursor.unexpected(cursor.position - 1, 'a comma or ]');
      cursor.skipSpace();
    }
  }
}

const failWithinList = (cursor: JsonCursor, count: number): false => failWithin(cursor, () => `number ${count}`);

const tooManyNumbers = (cursor: JsonCursor, itemsMax: number): false =>
  cursor.fail('too_many_values', () => `got more than ${itemsMax} numbers, the limit`);

/** What an object that is kept as text is held to. */
export interface ObjectTextLimits {
  /** Longest text, white space between its tokens not counted. */
  readonly bytesMax: number;
  readonly depthMax: number;
}

/** An object kept as the sender wrote it, but for white space between its tokens. */
export class ObjectTextField<Name extends string> implements FieldReader<{ readonly [name in Name]: TextBuilder }> {
  readonly required = false;
  readonly wanted = 'an object';
  readonly scannedKinds = [];
  private builder!: TextBuilder;
  private compact = new Uint8Array(256);
  private readonly strictness: { readonly keys: KeySet; readonly depthMax: number };

  constructor(
    readonly name: Name,
    private readonly limits: ObjectTextLimits,
  ) {
    this.strictness = { keys: new KeySet(), depthMax: limits.depthMax };
  }

  bind(builders: { readonly [name in Name]: TextBuilder }): void {
    this.builder = builders[this.name];
  }

  read(cursor: JsonCursor, row: number): boolean {
    const start = cursor.position;
    if (cursor.bytes[start] !== openBrace) return wrongType(cursor, this.wanted);
    if (!skipValue(cursor, this.strictness)) return false;
    const length = this.compacted(cursor.bytes, start, cursor.position);
    if (length > this.limits.bytesMax) return tooLong(cursor, length, this.limits.bytesMax);
    this.builder.padTo(row);
    this.builder.addBytes(this.compact, 0, length);
    return true;
  }

  take(): boolean {
    return false;
  }

  /** Copies sound JSON into `compact` without the white space between tokens; answers the length. */
  private compacted(bytes: Uint8Array, start: number, end: number): number {
    if (this.compact.length < end - start) this.compact = new Uint8Array(2 * (end - start));
    const { compact } = this;
    let length = 0;
    let inString = false;
    for (let at = start; at < end; at++) {
      const code = bytes[at]!;
      if (!inString && code <= space) continue;
      compact[length++] = code;
      if (code === quote) inString = !inString;
      else if (inString && code === backslash) compact[length++] = bytes[++at]!;
    }
    return length;
  }
}
