/**
 * Long parameters in parts. ClickHouse takes a form field of at most 128 KiB (`http_max_field_value_size`), a limit that only the
 * server's own configuration can raise; and a list of 20,000 request ids has 800 KB. Such a list is sent as several
 * parameters which the statement joins again: `{ids:Array(String)}` becomes `arrayConcat({ids_part_0:…}, {ids_part_1:…})`.
 * ClickHouse computes that once, so that it stays a constant which indexes serve, as long as the result is under 1 MiB.
 */
import { BarographError } from '../base/errors.js';

export interface ParamStatement {
  readonly sql: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Most UTF-16 units of a part. Escaped and in UTF-8 that is at most three times as many bytes, under the limit. */
const partUnitsMax = 32 * 1024;
/**
 * Most bytes of a value in parts, as a column. A longer one ClickHouse joins again for each block of rows, and compares every row
 * with every value: measured, a look-up of 23,000 ids of 36 bytes among 500,000 rows takes 0.3 s, one of 25,000 minutes.
 */
const joinedBytesMax = 1024 * 1024 - 1024;
/** What a value takes in a column besides its text, bytes. */
const bytesPerValue = 9;
/** What a value takes besides its text: quotes, a comma, the digits of a number. */
const unitsPerValue = 24;

/** The statement with its long texts and lists in parts. Throws `invalid_query` for a name that cannot be a parameter's. */
export function partLargeParams(sql: string, params: Readonly<Record<string, unknown>>): ParamStatement {
  const parts = new Map<string, readonly string[]>();
  const all: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(params)) {
    const values = partsOf(value);
    if (values.length === 1) {
      all[checkedName(name)] = value;
      continue;
    }
    const bytes = columnBytesOf(value);
    if (bytes > joinedBytesMax) throw tooLong(name, bytes);
    const names = values.map((_, i) => `${checkedName(name)}_part_${i}`);
    parts.set(name, names);
    names.forEach((partName, i) => {
      all[partName] = values[i];
    });
  }
  return parts.size === 0 ? { sql, params: all } : { sql: joinedInSql(sql, parts, params), params: all };
}

function checkedName(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name) && !/_part_\d+$/.test(name)) return name;
  throw new BarographError(
    'invalid_query',
    `A parameter's name is up to 64 letters, digits and underscores, begins with no digit and does not end like "_part_1"; got ${JSON.stringify(name)}.`,
  );
}

const tooLong = (name: string, bytes: number) =>
  new BarographError('invalid_query', `Parameter ${name} has ${bytes} bytes, and ${joinedBytesMax} are the most.`, {
    hint: 'Ask for less at once, or bring a long list along as a table of the statement.',
  });

function columnBytesOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value) + bytesPerValue;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + columnBytesOf(item), bytesPerValue);
  return bytesPerValue;
}

function partsOf(value: unknown): readonly unknown[] {
  if (typeof value === 'string') return textParts(value);
  if (Array.isArray(value)) return listParts(value);
  return [value];
}

function textParts(text: string): readonly string[] {
  const parts: string[] = [];
  for (let from = 0; from < text.length; ) {
    let to = Math.min(from + partUnitsMax, text.length);
    // A part must not end between the two halves of a character.
    if (to < text.length && /[\uD800-\uDBFF]/.test(text[to - 1]!)) to--;
    parts.push(text.slice(from, to));
    from = to;
  }
  return parts.length === 0 ? [text] : parts;
}

/** Lists of lists are measured too; a single value past the bound stays whole, for the engine to judge. */
function listParts(list: readonly unknown[]): readonly (readonly unknown[])[] {
  const parts: unknown[][] = [[]];
  let units = 0;
  for (const value of list) {
    units += unitsOf(value);
    if (units > partUnitsMax && parts.at(-1)!.length > 0) {
      parts.push([]);
      units = unitsOf(value);
    }
    parts.at(-1)!.push(value);
  }
  return parts;
}

function unitsOf(value: unknown): number {
  if (typeof value === 'string') return value.length + unitsPerValue;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + unitsOf(item), unitsPerValue);
  return unitsPerValue;
}

/** Quoted text and comments, which are left as they are, or a parameter with its name and type. */
const quotedOrParam =
  /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`\\]|\\.|``)*`|--[^\n]*|\/\*[\s\S]*?\*\/|\{\s*(\w+)\s*:\s*([^{}]+)\}/g;

function joinedInSql(
  sql: string,
  parts: ReadonlyMap<string, readonly string[]>,
  params: Readonly<Record<string, unknown>>,
): string {
  return sql.replace(quotedOrParam, (whole: string, name?: string, type?: string) => {
    const names = name === undefined ? undefined : parts.get(name);
    if (names === undefined) return whole;
    const join = Array.isArray(params[name!]) ? 'arrayConcat' : 'concat';
    return `${join}(${names.map((part) => `{${part}:${type}}`).join(', ')})`;
  });
}
