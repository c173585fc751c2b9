/** Rows of the table of samples, read back as runs of series: each series' in the order of time, each time once, to the bit. */
import { buffer } from 'node:stream/consumers';
import type { NumberColumn, TimeColumn } from '../model/columns.js';
import type { Engine, QueryLimits } from './engine.js';
import { decodeBlocks } from './native/decode.js';

export interface SampleRowQuery {
  /** SQL that picks rows by `series` and `ts`, with its parameters. */
  readonly condition: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** Names of all metrics whose series may be picked. */
  readonly metrics: readonly string[];
  readonly signal: AbortSignal;
  readonly limits?: QueryLimits;
}

/** Halves of the series' id, and its samples. */
export interface SampleRowRun {
  readonly idLow: number;
  readonly idHigh: number;
  /** Epoch milliseconds. */
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
}

export interface SampleRows {
  readonly runs: readonly SampleRowRun[];
  readonly rowCount: number;
  /** Bytes that the engine sent. */
  readonly bytes: number;
}

interface Columns {
  readonly id_low: NumberColumn;
  readonly id_high: NumberColumn;
  readonly ts: TimeColumn;
  readonly value: NumberColumn;
}

// Ids come in halves, since a double holds no 64 bits.
const types = { id_low: 'UInt32', id_high: 'UInt32', ts: "DateTime64(3, 'UTC')", value: 'Float64' } as const;

export async function readSampleRows(
  engine: Engine,
  { condition, params, metrics, signal, limits }: SampleRowQuery,
): Promise<SampleRows> {
  const { body } = await engine.stream(
    {
      sql: `SELECT
  toUInt32(bitAnd(series, 4294967295)) AS id_low,
  toUInt32(bitShiftRight(series, 32)) AS id_high,
  ts, value
FROM metric_samples FINAL
WHERE metric IN {metrics:Array(String)} AND ${condition}
ORDER BY metric, series, ts`,
      params: { ...params, metrics },
      signal,
      ...(limits === undefined ? {} : { limits }),
    },
    'Native',
  );
  const bytes = await buffer(body);
  const { rowCount, columns } = decodeBlocks<Columns>(bytes, types);
  return { runs: runsOf(rowCount, columns), rowCount, bytes: bytes.length };
}

function runsOf(rowCount: number, { id_low, id_high, ts, value }: Columns): SampleRowRun[] {
  const lows = id_low.values;
  const highs = id_high.values;
  const runs: SampleRowRun[] = [];
  for (let start = 0, end = 0; start < rowCount; start = end) {
    const idLow = lows[start]!;
    const idHigh = highs[start]!;
    while (end < rowCount && lows[end] === idLow && highs[end] === idHigh) end++;
    runs.push({ idLow, idHigh, timesMs: ts.values.subarray(start, end), values: value.values.subarray(start, end) });
  }
  return runs;
}
