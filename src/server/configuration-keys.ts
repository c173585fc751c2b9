/**
 * Configuration keys, derived from the schema by rule, so that a key cannot be known to one source and not to another.
 * The property `ingest.flushIntervalMs` is the key `ingest.flush_interval` in a file (the text carries the unit) and the
 * variable `BAROGRAPH_INGEST_FLUSH_INTERVAL`.
 */
import { type FormName, forms } from './configuration-forms.js';

export const environmentPrefix = 'BAROGRAPH_';

/** What the schema says about one key. `default` is absent where the key may be absent. */
export interface KeySchema {
  readonly form: FormName;
  readonly description: string;
  readonly default?: unknown;
  /** Why there is no fixed default, for the reference. */
  readonly defaultMeaning?: string;
  /** True for passwords: the value is never printed. */
  readonly secret?: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
}

export interface ConfigurationKey {
  /** Path of the property in `Configuration`. */
  readonly path: readonly string[];
  /** Name in a file and in `--set`: `ingest.flush_interval`. */
  readonly name: string;
  /** Name of the environment variable. */
  readonly variable: string;
  readonly schema: KeySchema;
}

type SchemaNode = Partial<KeySchema> & { readonly properties?: Readonly<Record<string, SchemaNode>> };

/** All keys of a schema, in its order. A node with a `form` is a key, any other is a section. */
export function keysOf(schema: object, path: readonly string[] = []): ConfigurationKey[] {
  return Object.entries((schema as SchemaNode).properties ?? {}).flatMap(([property, node]) =>
    isKey(node) ? [keyOf([...path, property], node)] : keysOf(node, [...path, property]),
  );
}

const isKey = (node: SchemaNode): node is KeySchema => node.form !== undefined;

function keyOf(path: readonly string[], schema: KeySchema): ConfigurationKey {
  const isDuration = schema.form === 'duration' || schema.form === 'duration_or_off';
  const name = path
    .map((segment, i) => snakeCase(isDuration && i === path.length - 1 ? segment.replace(/Ms$/, '') : segment))
    .join('.');
  return { path, name, variable: environmentPrefix + name.replaceAll('.', '_').toUpperCase(), schema };
}

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The value that a text means for a key, or undefined where it is none that the key takes. */
export function parseValue(key: ConfigurationKey, text: string): unknown {
  const value = forms[key.schema.form].parse(text);
  return value !== undefined && isWithinBounds(key.schema, value) ? value : undefined;
}

/** Checked here and not by typebox: loading its checks of all of JSON Schema took a start longer than anything else before the engine's. Measured. */
function isWithinBounds({ minimum, maximum, pattern, enum: words }: KeySchema, value: unknown): boolean {
  if (typeof value === 'number')
    return value >= (minimum ?? Number.NEGATIVE_INFINITY) && value <= (maximum ?? Number.POSITIVE_INFINITY);
  if (typeof value !== 'string') return true;
  return (pattern === undefined || new RegExp(pattern, 'u').test(value)) && (words?.includes(value) ?? true);
}

/** What a key takes, to complete "wanted …". */
export function wantedOf(key: ConfigurationKey): string {
  const { enum: words, form } = key.schema;
  return words === undefined ? [forms[form].wanted, ...boundsOf(key)].join(', ') : `one of ${words.join(', ')}`;
}

/** The bounds of a key's values in words, such as `at least 1MiB`. */
export function boundsOf({ schema: { form, minimum, maximum, pattern } }: ConfigurationKey): string[] {
  const { format } = forms[form];
  return [
    minimum === undefined || minimum === 0 ? [] : [`at least ${format(minimum)}`],
    maximum === undefined ? [] : [`at most ${format(maximum)}`],
    pattern === undefined ? [] : [`matching ${pattern}`],
  ].flat();
}
