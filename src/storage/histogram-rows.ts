/** Rows of the table of native histograms, read back as runs of series: each series' in the order of time, each time once. */
import { buffer } from 'node:stream/consumers';
import { type FlagColumn, type ListColumn, type NumberColumn, type TextColumn, textAt } from '../model/columns.js';
import {
  type CounterReset,
  histogramBytes,
  type NativeHistogram,
  noSpans,
  type SpannedBuckets,
  staleHistogram,
} from '../model/native-histogram.js';
import type { Engine, QueryLimits } from './engine.js';
import { decodeBlocks } from './native/decode.js';
import { type SeriesColumns, type SeriesRun, seriesColumnsSql, seriesColumnTypes, seriesRuns } from './series-runs.js';

/** Ids of one statement: some 200 kB as text. */
export const histogramIdsMax = 10_000;

export interface HistogramRowQuery {
  /** Ids of the series, at most `histogramIdsMax`. */
  readonly ids: readonly bigint[];
  /** Names of all their metrics. */
  readonly metrics: readonly string[];
  /** Both inclusive, epoch milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Rows past these are not read. */
  readonly rowsMax: number;
  readonly signal: AbortSignal;
  readonly limits?: QueryLimits;
}

/** A series' histograms. */
export interface HistogramRowRun extends SeriesRun {
  readonly histograms: readonly NativeHistogram[];
}

export interface HistogramRows {
  readonly runs: readonly HistogramRowRun[];
  readonly rowCount: number;
  /** Bytes that the engine sent. */
  readonly bytes: number;
}

type NumbersColumn = ListColumn & { readonly items: NumberColumn };

interface Columns extends SeriesColumns {
  readonly counter_reset: TextColumn;
  readonly is_float: FlagColumn;
  readonly is_stale: FlagColumn;
  readonly schema: NumberColumn;
  readonly zero_threshold: NumberColumn;
  readonly zero_count: NumberColumn;
  readonly count: NumberColumn;
  readonly sum: NumberColumn;
  readonly positive_offsets: NumbersColumn;
  readonly positive_lengths: NumbersColumn;
  readonly positive_counts: NumbersColumn;
  readonly negative_offsets: NumbersColumn;
  readonly negative_lengths: NumbersColumn;
  readonly negative_counts: NumbersColumn;
  readonly custom_bounds: NumbersColumn;
}

/** The columns of a histogram, beside its series and time, and their types. */
export const histogramColumnTypes = {
  counter_reset: 'String',
  is_float: 'Bool',
  is_stale: 'Bool',
  schema: 'Int32',
  zero_threshold: 'Float64',
  zero_count: 'Float64',
  count: 'Float64',
  sum: 'Float64',
  positive_offsets: 'Array(Int32)',
  positive_lengths: 'Array(UInt32)',
  positive_counts: 'Array(Float64)',
  negative_offsets: 'Array(Int32)',
  negative_lengths: 'Array(UInt32)',
  negative_counts: 'Array(Float64)',
  custom_bounds: 'Array(Float64)',
} as const;

const types = { ...seriesColumnTypes, ...histogramColumnTypes } as const;

const range = `ts >= fromUnixTimestamp64Milli({fromMs:Int64}, 'UTC') AND ts <= fromUnixTimestamp64Milli({toMs:Int64}, 'UTC')`;

export async function readHistogramRows(
  engine: Engine,
  { ids, metrics, fromMs, toMs, rowsMax, signal, limits }: HistogramRowQuery,
): Promise<HistogramRows> {
  const { body } = await engine.stream(
    {
      sql: `SELECT
  ${seriesColumnsSql}, ${Object.keys(histogramColumnTypes).join(', ')}
FROM metric_histograms FINAL
WHERE metric IN {metrics:Array(String)} AND series IN {ids:Array(UInt64)}
  AND ${range}
ORDER BY metric, series, ts
LIMIT {rowsMax:UInt64}`,
      params: { ids, metrics, fromMs, toMs, rowsMax },
      signal,
      ...(limits === undefined ? {} : { limits }),
    },
    'Native',
  );
  const bytes = await buffer(body);
  const { rowCount, columns } = decodeBlocks<Columns>(bytes, types);
  const runs = seriesRuns(rowCount, columns, (start, end) => ({
    histograms: Array.from({ length: end - start }, (_, i) => histogramAt(columns, start + i)),
  }));
  return { runs, rowCount, bytes: bytes.length };
}

export type HistogramCountQuery = Omit<HistogramRowQuery, 'rowsMax' | 'ids'> & {
  /** Undefined for all series of the metrics. */
  readonly ids: readonly bigint[] | undefined;
};

/**
 * What the rows of a query count as, in samples of 16 bytes: see `histogramSampleCount`. Only how long their lists are is read. Rows that the engine
 * has not merged yet count twice.
 */
export async function countHistogramSamples(
  engine: Engine,
  { ids, metrics, fromMs, toMs, signal, limits }: HistogramCountQuery,
): Promise<number> {
  const [row] = await engine.query<{ samples: number }>({
    sql: `SELECT
  toFloat64(sum(intDiv(${histogramBytes.fixed} + ${histogramBytes.perNumber}
    * (length(positive_counts) + length(negative_counts) + length(custom_bounds)), ${histogramBytes.perSample}))) AS samples
FROM metric_histograms
WHERE metric IN {metrics:Array(String)}${ids === undefined ? '' : ' AND series IN {ids:Array(UInt64)}'}
  AND ${range}
  AND NOT is_stale`,
    params: { ...(ids === undefined ? {} : { ids }), metrics, fromMs, toMs },
    signal,
    ...(limits === undefined ? {} : { limits }),
  });
  return row?.samples ?? 0;
}

/** The metrics that have native histograms in the table. */
export async function histogramMetrics(engine: Engine): Promise<string[]> {
  const rows = await engine.query<{ metric: string }>({ sql: 'SELECT DISTINCT metric FROM metric_histograms' });
  return rows.map(({ metric }) => metric);
}

function histogramAt(columns: Columns, row: number): NativeHistogram {
  if (columns.is_stale.values[row] === 1) return staleHistogram;
  return {
    counterReset: textAt(columns.counter_reset, row) as CounterReset,
    isFloat: columns.is_float.values[row] === 1,
    isStale: false,
    schema: columns.schema.values[row]!,
    zeroThreshold: columns.zero_threshold.values[row]!,
    zeroCount: columns.zero_count.values[row]!,
    count: columns.count.values[row]!,
    sum: columns.sum.values[row]!,
    positive: bucketsAt(columns.positive_offsets, columns.positive_lengths, columns.positive_counts, row),
    negative: bucketsAt(columns.negative_offsets, columns.negative_lengths, columns.negative_counts, row),
    customBounds: numbersAt(columns.custom_bounds, row),
  };
}

function bucketsAt(offsets: NumbersColumn, lengths: NumbersColumn, counts: NumbersColumn, row: number): SpannedBuckets {
  if (offsets.offsets[row] === offsets.offsets[row + 1]) return noSpans;
  return { offsets: numbersAt(offsets, row), lengths: numbersAt(lengths, row), counts: numbersAt(counts, row) };
}

const numbersAt = ({ offsets, items }: NumbersColumn, row: number): number[] =>
  Array.from(items.values.subarray(offsets[row], offsets[row + 1]));
