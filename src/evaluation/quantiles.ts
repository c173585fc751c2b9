/** Exact quantiles of a column, computed as numpy.quantile's default method 'linear' does. */

import { predictionsSql } from './labelled-predictions.js';
import type { Scope } from './scope.js';
import { scopeParams } from './scope.js';
import type { SqlFragment } from './sql-fragment.js';
import type { RunStatement } from './statement-runner.js';

/** The place of a quantile among n sorted values: between two neighbours, and how far from the first to the second. */
interface Position {
  readonly lower: number;
  readonly upper: number;
  readonly fraction: number;
}

function positionOf(quantile: number, n: number): Position {
  const place = quantile * (n - 1);
  const lower = Math.floor(place);
  return { lower, upper: Math.min(lower + 1, n - 1), fraction: place - lower };
}

/** Linear interpolation that is exact at both ends and monotonic. Source: numpy's `_lerp`. */
export function interpolate(a: number, b: number, fraction: number): number {
  const difference = b - a;
  return fraction >= 0.5 ? b - difference * (1 - fraction) : a + difference * fraction;
}

/** Quantiles 0, 1/k … 1 of sorted values. */
export const quantilesOf = (sorted: readonly number[], k: number): number[] =>
  levels(k).map((level) => {
    const { lower, upper, fraction } = positionOf(level, sorted.length);
    return interpolate(sorted[lower]!, sorted[upper]!, fraction);
  });

const levels = (k: number): number[] => Array.from({ length: k + 1 }, (_, i) => i / k);

/**
 * Quantiles 0, 1/k … 1 of an expression over the predictions that count; rows where it is null are left out. Undefined
 * where all are. The engine counts distinct values and finds those that stand at the wanted places, spilling to disk
 * where they are many.
 */
export async function readQuantiles(
  run: RunStatement,
  scope: Scope,
  { sql, params }: SqlFragment,
  k: number,
): Promise<number[] | undefined> {
  const counted = `SELECT value, count() AS times
FROM (${predictionsSql(scope, [`${sql} AS value`])})
WHERE value IS NOT NULL
GROUP BY value`;
  const bound = { ...scopeParams(scope), ...params };
  const [total] = await run<{ n: string }>(`SELECT sum(times) AS n FROM (${counted})`, bound);
  const n = Number(total?.n ?? 0);
  if (n === 0) return undefined;
  const positions = levels(k).map((level) => positionOf(level, n));
  const places = [...new Set(positions.flatMap(({ lower, upper }) => [lower, upper]))];
  const rows = await run<{ value: number; upto: string }>(
    `SELECT value, upto
FROM (
  SELECT value, times, sum(times) OVER (ORDER BY value ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS upto
  FROM (${counted})
)
WHERE arrayExists(place -> place < upto AND place >= upto - times, {places:Array(UInt64)})
ORDER BY upto`,
    { ...bound, places },
  );
  const valueAt = (place: number): number => rows.find(({ upto }) => place < Number(upto))!.value;
  return positions.map(({ lower, upper, fraction }) => interpolate(valueAt(lower), valueAt(upper), fraction));
}
