/** Rows of the table of samples, read back as runs of series: each series' in the order of time, each time once, to the bit. */
import { buffer } from 'node:stream/consumers';
import type { NumberColumn } from '../model/columns.js';
import type { Engine, QueryLimits } from './engine.js';
import { decodeBlocks } from './native/decode.js';
import { type SeriesColumns, type SeriesRun, seriesColumnsSql, seriesColumnTypes, seriesRuns } from './series-runs.js';

export interface SampleRowQuery {
  /** SQL that picks rows by `series` and `ts`, with its parameters. */
  readonly condition: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** Names of all metrics whose series may be picked. */
  readonly metrics: readonly string[];
  readonly signal: AbortSignal;
  readonly limits?: QueryLimits;
}

/** A series' samples. */
export interface SampleRowRun extends SeriesRun {
  readonly values: Float64Array;
}

export interface SampleRows {
  readonly runs: readonly SampleRowRun[];
  readonly rowCount: number;
  /** Bytes that the engine sent. */
  readonly bytes: number;
}

interface Columns extends SeriesColumns {
  readonly value: NumberColumn;
}

const types = { ...seriesColumnTypes, value: 'Float64' } as const;

export async function readSampleRows(
  engine: Engine,
  { condition, params, metrics, signal, limits }: SampleRowQuery,
): Promise<SampleRows> {
  const { body } = await engine.stream(
    {
      sql: `SELECT
  ${seriesColumnsSql}, value
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
  const { values } = columns.value;
  const runs = seriesRuns(rowCount, columns, (start, end) => ({ values: values.subarray(start, end) }));
  return { runs, rowCount, bytes: bytes.length };
}
