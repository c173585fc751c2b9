/** Numbers as Go prints them. Source: Go, strconv/ftoa.go. */

/** The shortest decimal text without an exponent: Go's format 'f' with precision -1. */
export function formatDecimal(value: number): string {
  if (!Number.isFinite(value)) return formatShort(value);
  const text = textOf(value);
  const parts = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (parts === null) return text;
  const [, sign = '', first = '', rest = '', exponentText = '0'] = parts;
  const digits = first + rest;
  const exponent = Number(exponentText);
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  return sign + digits.padEnd(exponent + 1, '0');
}

/** The shortest text, with an exponent below 1e-4 and from 1e21 on: Go's %v. */
export function formatShort(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const size = Math.abs(value);
  const text = size !== 0 && size < 1e-4 ? value.toExponential() : textOf(value);
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}

const textOf = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));
