/**
 * Values of files as JSON text of a row. Nothing is lost silently: a number that a double cannot hold exactly travels as
 * text, and what has no place in a row is a rejection of that row.
 */
import { BarographError, type ErrorCode } from '../../base/errors.js';
import type { Target, ValueType } from './import-fields.js';
import { nameOf } from './import-fields.js';
import { rfc3339, type TimeFormat } from './import-time.js';

/** Turns one cell into JSON text; nothing where the row has no value there. Fails with the code of a row's rejection. */
export type ValueEncoder = (value: unknown) => string | undefined;

/** An encoder for a place in a row. `format` reads times. */
export function valueEncoder(target: Target, format: TimeFormat): ValueEncoder {
  const place = nameOf(target);
  const encode = encoders[target.type];
  const absent = target.type === 'feature' ? 'null' : undefined;
  return rememberingTexts((value) => {
    if (value === null || value === undefined || (typeof value === 'number' && Number.isNaN(value))) return absent;
    return encode(value instanceof Uint8Array ? utf8(value, place) : value, place, format);
  });
}

/** Categories repeat: the JSON of this many texts of a column is kept, which is quicker than making it again. */
const knownTextsMax = 1_000;

/** The same encoder, which keeps what it made of the first texts that it met. */
export function rememberingTexts(encode: ValueEncoder): ValueEncoder {
  const known = new Map<string, string>();
  return (value) => {
    if (typeof value !== 'string') return encode(value);
    const found = known.get(value);
    if (found !== undefined) return found;
    const json = encode(value);
    if (json !== undefined && known.size < knownTextsMax) known.set(value, json);
    return json;
  };
}

const encoders: Record<ValueType, (value: unknown, place: string, format: TimeFormat) => string | undefined> = {
  text: (value, place) => {
    if (typeof value === 'string') return value === '' ? undefined : JSON.stringify(value);
    if (typeof value === 'object') return reject('wrong_type', place, value, 'a text');
    return JSON.stringify(String(value));
  },
  number: scalar,
  class: (value, place) => (typeof value === 'boolean' ? JSON.stringify(String(value)) : scalar(value, place)),
  feature: scalar,
  time: (value, place, format) => {
    if (value === '') return undefined;
    const timeMs = format.timeMs(value);
    const text = timeMs === undefined ? undefined : rfc3339(timeMs);
    return text === undefined ? reject('wrong_type', place, value, `a time: ${format.form}`) : `"${text}"`;
  },
  json: (value, place) => (typeof value === 'string' ? jsonText(value, place) : jsonOf(value, place)),
};

/** A number, a text or a boolean as it is. The server says it where the field wants another. */
function scalar(value: unknown, place: string): string {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return JSON.stringify(value);
    case 'number':
      if (Number.isFinite(value)) return String(value);
      return reject('out_of_range', place, value, 'a finite number');
    case 'bigint':
      return bigintText(value);
    default:
      return reject('wrong_type', place, value, 'a number, a text or a boolean');
  }
}

const bigintText = (value: bigint): string =>
  Number.isSafeInteger(Number(value)) ? String(value) : JSON.stringify(String(value));

/** A nested value, such as a list of a Parquet file, as JSON. */
function jsonOf(value: unknown, place: string): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value !== 'object') return scalar(value, place);
  if (value instanceof Uint8Array) return JSON.stringify(utf8(value, place));
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    return `[${Array.from(value as ArrayLike<unknown>, (item) => jsonOf(item, place)).join(',')}]`;
  }
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}:${jsonOf(member, place)}`);
  return `{${members.join(',')}}`;
}

/** A cell that holds JSON. It goes as it lies, so that its numbers keep every digit; line breaks between tokens become spaces. */
function jsonText(text: string, place: string): string | undefined {
  const json = text.trim();
  if (json === '') return undefined;
  try {
    JSON.parse(json);
  } catch {
    reject('wrong_type', place, text, 'JSON');
  }
  return json.replace(/[\r\n]/g, ' ');
}

const decimal = /^-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
const flags = new Map([
  ['true', true],
  ['True', true],
  ['TRUE', true],
  ['false', false],
  ['False', false],
  ['FALSE', false],
]);

/**
 * What a cell of a file without types is by its looks: a JSON number is a number, unless a double cannot hold it; true and
 * false, as Python and R write them too, are booleans; the rest is text. Leading zeros and plus signs make a text: they
 * mean something in codes and nothing in numbers.
 */
export function typedByContent(text: string): string | number | boolean {
  const first = text.charCodeAt(0);
  const isNumeric = first === 45 || (first >= 48 && first <= 57);
  if (!isNumeric) return flags.get(text) ?? text;
  const match = decimal.exec(text);
  if (match === null) return text;
  const value = Number(text);
  const isInteger = match[1] === undefined && match[2] === undefined;
  if (isInteger && !Number.isSafeInteger(value)) return text;
  return value;
}

const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes as text. Fails with `invalid_utf8`. */
export function utf8(bytes: Uint8Array, place: string): string {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    throw new BarographError('invalid_utf8', `${place}: the bytes are not valid UTF-8`);
  }
}

function reject(code: ErrorCode, place: string, got: unknown, wanted: string): never {
  throw new BarographError(code, `${place}: got ${shown(got)}, wanted ${wanted}`);
}

/** A value as a message shows it, shortened. */
export function shown(value: unknown): string {
  const text =
    typeof value === 'string'
      ? JSON.stringify(value)
      : typeof value === 'object' && value !== null
        ? Array.isArray(value) || ArrayBuffer.isView(value)
          ? 'a list'
          : 'an object'
        : String(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
