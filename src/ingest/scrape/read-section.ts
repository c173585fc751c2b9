/**
 * Reads a section of Prometheus' configuration by its schema, strictly: every key is known, or is told with the nearest known
 * one. All problems are found before any is told. The property `scrapeIntervalMs` of a schema is the key `scrape_interval` (the
 * text carries the unit).
 */
import { closestMatch } from 'leven';
import type { Static, TObject } from 'typebox';
import { isSection, type SectionFormName, sectionForms } from './section-forms.js';

/** What a schema says about one key. */
interface FieldSchema {
  /** How the value is written; absent where it is a section, or a list of sections. */
  readonly form?: SectionFormName;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  /** True for passwords: the value is never printed. */
  readonly secret?: boolean;
  /** Of a list, the schema of its sections. */
  readonly items?: SectionSchema;
}

/** What a schema says about a section. */
interface SectionSchema {
  readonly properties: Readonly<Record<string, FieldSchema | SectionSchema>>;
  readonly required?: readonly string[];
  /** Keys that Prometheus has and that are not supported here. */
  readonly unsupported?: readonly string[];
}

/** Takes one problem, in a sentence that begins with its place. */
export type TellProblem = (problem: string) => void;

/**
 * The value of a section, with defaults filled in. `place` names the section in problems, '' for the root. Where a problem was
 * told, the value lacks what could not be read.
 */
export function readSection<Schema extends TObject>(
  schema: Schema,
  value: unknown,
  place: string,
  tell: TellProblem,
): Static<Schema> {
  return readBySchema(schema as unknown as SectionSchema, value, place, tell) as Static<Schema>;
}

function readBySchema(schema: SectionSchema, value: unknown, place: string, tell: TellProblem): object {
  const section = value ?? {};
  if (!isSection(section)) {
    tell(`${place}: got ${kindOf(value)}, wanted a section of keys`);
    return {};
  }
  const fields = new Map(Object.entries(schema.properties).map(([name, field]) => [keyOf(name, field), field]));
  for (const key of Object.keys(section))
    if (!fields.has(key)) tell(`${within(place, key)}: ${strangeKey(key, schema, [...fields.keys()])}`);
  const read = Object.entries(schema.properties).flatMap(([name, field]) => {
    const key = keyOf(name, field);
    const isGiven = Object.hasOwn(section, key) && (section[key] !== null || isNullable(field));
    if (!isGiven && schema.required?.includes(name) && defaultOf(field) === undefined)
      tell(`${within(place, key)}: is missing`);
    const fieldValue = isGiven ? readField(field, section[key], within(place, key), tell) : defaultOf(field);
    return fieldValue === undefined ? [] : [[name, fieldValue] as const];
  });
  return Object.fromEntries(read);
}

const defaultOf = (field: FieldSchema | SectionSchema): unknown => ('properties' in field ? undefined : field.default);
/** Elsewhere a key without a value counts as absent. */
const isNullable = (field: FieldSchema | SectionSchema): boolean => 'form' in field && field.form === 'regex';

function readField(field: FieldSchema | SectionSchema, value: unknown, place: string, tell: TellProblem): unknown {
  if ('properties' in field) return readBySchema(field, value, place, tell);
  if (field.form === undefined) return readList(field, value, place, tell);
  const form = sectionForms[field.form];
  const parsed = form.parse(value);
  const isKnown = field.enum === undefined || field.enum.includes(parsed as string);
  if (parsed !== undefined && isKnown) return parsed;
  const wanted = field.enum === undefined ? form.wanted : `one of ${field.enum.join(', ')}`;
  tell(`${place}: got ${field.secret ? 'a value that is not shown here' : shown(value)}, wanted ${wanted}`);
  return undefined;
}

function readList({ items }: FieldSchema, value: unknown, place: string, tell: TellProblem): unknown {
  if (Array.isArray(value) && items !== undefined)
    return value.map((item, i) => {
      if (item === null) tell(`${place}[${i}]: is empty`);
      return readBySchema(items, item, `${place}[${i}]`, tell);
    });
  tell(`${place}: got ${kindOf(value)}, wanted a list of sections`);
  return undefined;
}

function strangeKey(key: string, { unsupported = [] }: SectionSchema, known: readonly string[]): string {
  if (unsupported.includes(key)) return 'Prometheus has this key, Barograph does not support it';
  return `unknown key; the nearest known key is ${closestMatch(key, [...known]) ?? ''}`;
}

function keyOf(property: string, field: FieldSchema | SectionSchema): string {
  const form = 'form' in field ? field.form : undefined;
  const name = form === 'duration' ? property.replace(/Ms$/, '') : property.replace(/Bytes$/, '');
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

const within = (place: string, key: string): string => (place === '' ? key : `${place}.${key}`);

/** A value in a message, at most so many characters of it. */
const shownCharactersMax = 100;

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > shownCharactersMax ? `${text.slice(0, shownCharactersMax)}…` : text;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a section' : `the value ${shown(value)}`;
}
