/** Times in the parameters of Prometheus' API: RFC 3339, or seconds since the epoch with fractions. */
import { BarographError } from '../../base/errors.js';

/** Epoch milliseconds; `fallbackMs` where the parameter is absent. Throws `bad_request` for what is no time. */
export function timeParameter(name: string, text: string | undefined, fallbackMs: number): number {
  if (text === undefined || text === '') return fallbackMs;
  const timeMs = parseTime(text);
  if (Number.isNaN(timeMs))
    throw new BarographError(
      'bad_request',
      `invalid parameter "${name}": cannot parse ${JSON.stringify(text)} to a valid timestamp`,
    );
  return timeMs;
}

/** Go's first and last time, which clients send where they mean any. */
const anyTimes: Readonly<Record<string, number>> = {
  '-292273086-05-16T16:47:06Z': Number.MIN_SAFE_INTEGER,
  '292277025-08-18T07:12:54.999999999Z': Number.MAX_SAFE_INTEGER,
};

/** Epoch milliseconds; NaN for what is no time. */
export function parseTime(text: string): number {
  if (/^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(text)) return Math.round(Number(text) * 1000);
  if (anyTimes[text] !== undefined) return anyTimes[text];
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[-+]\d{2}:\d{2})$/.test(text) ? Date.parse(text) : Number.NaN;
}
