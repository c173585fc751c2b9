/** Rows of a table that lie series by series, taken apart into runs of one series each. */
import type { NumberColumn, TimeColumn } from '../model/columns.js';

/** What every such answer has. Ids come in halves, since a double holds no 64 bits. */
export interface SeriesColumns {
  readonly id_low: NumberColumn;
  readonly id_high: NumberColumn;
  readonly ts: TimeColumn;
}

export const seriesColumnTypes = { id_low: 'UInt32', id_high: 'UInt32', ts: "DateTime64(3, 'UTC')" } as const;

/** What selects these columns. */
export const seriesColumnsSql = `toUInt32(bitAnd(series, 4294967295)) AS id_low,
  toUInt32(bitShiftRight(series, 32)) AS id_high,
  ts`;

/** A series with its rows [start, end). */
export interface SeriesRun {
  readonly idLow: number;
  readonly idHigh: number;
  /** Epoch milliseconds. */
  readonly timesMs: Float64Array;
}

/** Runs with what `restOf` makes of their rows [start, end). */
export function seriesRuns<Rest>(
  rowCount: number,
  { id_low, id_high, ts }: SeriesColumns,
  restOf: (start: number, end: number) => Rest,
): (SeriesRun & Rest)[] {
  const lows = id_low.values;
  const highs = id_high.values;
  const runs: (SeriesRun & Rest)[] = [];
  for (let start = 0, end = 0; start < rowCount; start = end) {
    const idLow = lows[start]!;
    const idHigh = highs[start]!;
    while (end < rowCount && lows[end] === idLow && highs[end] === idHigh) end++;
    runs.push({ idLow, idHigh, timesMs: ts.values.subarray(start, end), ...restOf(start, end) });
  }
  return runs;
}
