/** The values of a statement's `{name:Type}` parameters, in the text form that ClickHouse reads over HTTP. */
import { BarographError } from '../base/errors.js';

/**
 * One value: text, number, bigint, boolean, Date, null, an array of values, or a Map or plain object for a Map parameter.
 * Throws `invalid_query` for anything else.
 */
export function formatParam(value: unknown): string {
  if (value === null || value === undefined) return '\\N';
  return typeof value === 'string' ? escapeText(value) : formatValue(value);
}

/** A value inside an array or map, where text is quoted and null is a word. */
function formatNested(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  return typeof value === 'string' ? `'${escapeText(value)}'` : formatValue(value);
}

function formatValue(value: unknown): string {
  switch (typeof value) {
    case 'number':
      return formatNumber(value);
    case 'bigint':
      return value.toString();
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      return formatObject(value as object);
    default:
      throw new BarographError('invalid_query', `A parameter's value cannot be a ${typeof value}.`);
  }
}

function formatNumber(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? 'inf' : '-inf';
}

function formatObject(value: object): string {
  if (Array.isArray(value)) return `[${value.map(formatNested).join(',')}]`;
  if (value instanceof Date) return (value.getTime() / 1000).toFixed(3);
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return `{${entries.map(([key, item]) => `${formatNested(key)}:${formatNested(item)}`).join(',')}}`;
}

// The characters that ClickHouse's escaped text form treats as its own, and the quote that ends a nested text.
const special = /[\\'\t\n\r\0\b\f]/;
const specials = /[\\'\t\n\r\0\b\f]/g;
const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  '\0': '\\0',
  '\b': '\\b',
  '\f': '\\f',
};

const escapeText = (text: string): string =>
  special.test(text) ? text.replace(specials, (character) => escapes[character]!) : text;
