/** Times in the parameters of Prometheus' API: RFC 3339, or seconds since the epoch with fractions. */
import { BarographError } from '../../base/errors.js';

/** Epoch milliseconds; `fallbackMs` where the parameter is absent. Throws `bad_request` for what is no time. */
export function timeParameter(name: string, text: string | undefined, fallbackMs: number): number {
  if (text === undefined || text === '') return fallbackMs;
  if (/^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(text)) return Math.round(Number(text) * 1000);
  const timeMs = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[-+]\d{2}:\d{2})$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (Number.isNaN(timeMs))
    throw new BarographError(
      'bad_request',
      `invalid parameter "${name}": cannot parse ${JSON.stringify(text)} to a valid timestamp`,
    );
  return timeMs;
}
