/**
 * The types of ClickHouse columns that batches are sent as and read back from, and which kind of column each holds.
 * Columns of low cardinality are sent as plain text, which the server converts, and read as the server sends them.
 */
import { assert } from '../../base/assert.js';
import type { ColumnKind } from '../../model/columns.js';

/** Types whose values all have the same width, with that width in bytes. */
export const fixedTypes = {
  Float64: { kind: 'number', width: 8 },
  Float32: { kind: 'number', width: 4 },
  UInt8: { kind: 'number', width: 1 },
  UInt32: { kind: 'number', width: 4 },
  Int32: { kind: 'number', width: 4 },
  UInt64: { kind: 'number', width: 8 },
  Int64: { kind: 'number', width: 8 },
  "DateTime64(3, 'UTC')": { kind: 'time', width: 8 },
  Bool: { kind: 'flag', width: 1 },
} as const satisfies Record<string, { kind: ColumnKind; width: number }>;

export type FixedTypeName = keyof typeof fixedTypes;

/** A type, taken apart. `nullable` stands for absent values: NaN, or empty text. */
export type NativeType =
  | { readonly form: 'fixed'; readonly name: FixedTypeName; readonly nullable: boolean }
  | TextType
  | { readonly form: 'list'; readonly items: NativeType }
  | { readonly form: 'map'; readonly names: TextType; readonly values: NativeType };

export interface TextType {
  readonly form: 'text';
  readonly nullable: boolean;
  /** LowCardinality: each different text once, and its place for each row. The server sends such columns so. */
  readonly dictionary: boolean;
}

const plainText: TextType = { form: 'text', nullable: false, dictionary: false };
const dictionaryText: TextType = { ...plainText, dictionary: true };
const lowCardinalityText = 'LowCardinality(String)';
const mapOpenings = [
  ['Map(String, ', plainText],
  [`Map(${lowCardinalityText}, `, dictionaryText],
] as const;

/** The same type without LowCardinality, which changes how a column is written and not what it holds. */
export const plainTypeName = (name: string): string => name.replaceAll(lowCardinalityText, 'String');

/** The type of a map with the same values, whose names are kept in a dictionary. */
export const dictionaryTypeName = (name: string): string => name.replace('Map(String, ', `Map(${lowCardinalityText}, `);

/** Takes a type's name apart. The names are the program's own, so one that is not known is a bug. */
export function nativeTypeOf(name: string): NativeType {
  const nullable = insideOf(name, 'Nullable(');
  if (nullable !== undefined) return nullableOf(nativeTypeOf(nullable), name);
  const items = insideOf(name, 'Array(');
  if (items !== undefined) return { form: 'list', items: nativeTypeOf(items) };
  for (const [opening, names] of mapOpenings) {
    const values = insideOf(name, opening);
    if (values !== undefined) return { form: 'map', names, values: nativeTypeOf(values) };
  }
  if (name === 'String') return plainText;
  if (name === lowCardinalityText) return dictionaryText;
  assert(isFixed(name), `a type that the Native encoder knows is wanted, got ${name}`);
  return { form: 'fixed', name, nullable: false };
}

/** The kind of column that holds values of a type. */
export const columnKindOf = (type: NativeType): ColumnKind =>
  type.form === 'fixed' ? fixedTypes[type.name].kind : type.form;

function nullableOf(type: NativeType, name: string): NativeType {
  assert(type.form === 'text' || type.form === 'fixed', `${name} is not a type of ClickHouse`);
  assert(type.form !== 'text' || !type.dictionary, `${name} is not a type of ClickHouse`);
  assert(columnKindOf(type) !== 'flag', `a flag column cannot say that a value is absent, so ${name} has none`);
  return { ...type, nullable: true };
}

const insideOf = (name: string, opening: string): string | undefined =>
  name.startsWith(opening) && name.endsWith(')') ? name.slice(opening.length, -1) : undefined;

const isFixed = (name: string): name is FixedTypeName => Object.hasOwn(fixedTypes, name);
