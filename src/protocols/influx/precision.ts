/** Units of times in the line protocol. */
import { BarographError } from '../../base/errors.js';

export type Precision = 'ns' | 'us' | 'ms' | 's' | 'm' | 'h' | 'auto';

/**
 * The names that the three versions of the write API take. Sources: docs.influxdata.com, InfluxDB v1 `/write` (n, u, ms, s, m,
 * h), v2 `/api/v2/write` (ns, us, ms, s) and v3 `/api/v3/write_lp` (auto, nanosecond … second).
 */
const precisions = new Map<string, Precision>([
  ['n', 'ns'],
  ['ns', 'ns'],
  ['nanosecond', 'ns'],
  ['u', 'us'],
  ['µ', 'us'],
  ['us', 'us'],
  ['microsecond', 'us'],
  ['ms', 'ms'],
  ['millisecond', 'ms'],
  ['s', 's'],
  ['second', 's'],
  ['m', 'm'],
  ['h', 'h'],
  ['auto', 'auto'],
]);

/** The precision that a query parameter names, `fallback` where there is none: `ns` in versions 1 and 2, `auto` in 3. */
export function parsePrecision(text: string | undefined, fallback: Precision): Precision {
  if (text === undefined || text === '') return fallback;
  const precision = precisions.get(text);
  if (precision !== undefined) return precision;
  const wanted = [...precisions.keys()].join(', ');
  throw new BarographError('bad_request', `precision: got ${JSON.stringify(text)}, wanted one of ${wanted}`);
}

const msPer: Readonly<Record<'ms' | 's' | 'm' | 'h', number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Epoch milliseconds of the digits bytes[start, end), fractions cut towards the earlier; NaN where that is no safe integer. The
 * digits below a millisecond are left out before they become a number, because nanoseconds do not fit a double.
 */
export function timeOfDigits(
  bytes: Uint8Array,
  start: number,
  end: number,
  isNegative: boolean,
  precision: Precision,
): number {
  const unit = precision === 'auto' ? unitOfSize(bytes, start, end) : precision;
  const cutDigits = unit === 'ns' ? 6 : unit === 'us' ? 3 : 0;
  const wholeEnd = Math.max(start, end - cutDigits);
  let size = 0;
  for (let at = start; at < wholeEnd; at++) size = size * 10 + (bytes[at]! - 0x30);
  let hasRest = false;
  for (let at = wholeEnd; at < end; at++) hasRest ||= bytes[at] !== 0x30;
  if (unit !== 'ns' && unit !== 'us') size *= msPer[unit];
  if (!Number.isSafeInteger(size)) return Number.NaN;
  if (!isNegative) return size;
  return hasRest ? -size - 1 : 0 - size;
}

/** Under 5e9 a number counts seconds, under 5e12 milliseconds, under 5e15 microseconds, else nanoseconds. Source: InfluxDB 3, `guess_precision`. */
function unitOfSize(bytes: Uint8Array, start: number, end: number): 'ns' | 'us' | 'ms' | 's' {
  let size = 0;
  for (let at = start; at < end; at++) size = size * 10 + (bytes[at]! - 0x30);
  if (size < 5e9) return 's';
  if (size < 5e12) return 'ms';
  return size < 5e15 ? 'us' : 'ns';
}
