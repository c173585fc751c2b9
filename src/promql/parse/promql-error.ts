/** What is wrong with a query, said as Prometheus says it. */
import { BarographError } from '../../base/errors.js';

/**
 * An `invalid_promql` error: `1:5: parse error: …`, with the line and the column, counted in bytes from 1, of `at` (UTF-16 code
 * units). Source: Prometheus, promql/parser/posrange, `StartPosInput`.
 */
export function promqlError(query: string, at: number, message: string): BarographError {
  return new BarographError('invalid_promql', `${positionOf(query, at)}: parse error: ${message}`);
}

/** `line:column` of a place in a query, as Prometheus' errors and annotations say it. */
export function positionOf(query: string, at: number): string {
  if (query === '') return 'unknown position';
  const before = query.slice(0, at);
  const lineStart = before.lastIndexOf('\n') + 1;
  const line = before.split('\n').length;
  return `${line}:${Buffer.byteLength(before.slice(lineStart)) + 1}`;
}
