/**
 * A sample's time and value as texts, as Prometheus writes them in JSON: a time as seconds with three decimals where it is not whole, a value as the
 * shortest text that reads back as the same number. Source: Prometheus, util/jsonutil.
 */

export function secondsText(timeMs: number): string {
  const part = timeMs % 1000;
  if (part === 0) return String(timeMs / 1000);
  const text = `${Math.trunc(timeMs / 1000)}.${String(Math.abs(part)).padStart(3, '0')}`;
  return timeMs < 0 && timeMs > -1000 ? `-${text}` : text;
}

/** An exponent stands from 1e21 on and below 1e-6, as in JavaScript, of two digits. */
export function valueText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const text = String(value);
  const last = text.charCodeAt(text.length - 1);
  if (last === infinityEnd) return value > 0 ? '+Inf' : '-Inf';
  const size = value < 0 ? -value : value;
  return size >= 1e21 || size < 1e-6 ? text.replace(/e([+-])(\d)$/, 'e$10$2') : text;
}

/** The last letter of `Infinity`. */
const infinityEnd = 'y'.charCodeAt(0);
