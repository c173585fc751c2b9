/** Samples as rows out of the engine: how many there are, and the rows themselves, piece by piece. */
import { seriesId } from '../../model/series-ref.js';
import type { SeriesIndex } from '../../series/index/series-index.js';
import type { DeletionView } from '../../series/pending-deletions.js';
import type { Engine, QueryLimits } from '../../storage/engine.js';
import { readSampleRows, type SampleRowRun } from '../../storage/sample-rows.js';
import { readUnmergedSamples, spanMsMax } from '../../storage/unmerged-samples.js';
import { type HourRange, hourMs } from './hour-ranges.js';
import type { SourceStatistics } from './source-limits.js';

export interface RowReader {
  readonly engine: Engine;
  readonly index: SeriesIndex;
  readonly deletions: DeletionView;
  readonly signal: AbortSignal;
  readonly limits: QueryLimits;
  readonly statistics: Pick<SourceStatistics, 'rows' | 'bytes' | 'engineMs'>;
}

/** Rows of one series, in the order of time, each time once. */
export interface RowRun {
  readonly ref: number;
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
}

const range = `ts >= fromUnixTimestamp64Milli({fromMs:Int64}, 'UTC') AND ts < fromUnixTimestamp64Milli({toMs:Int64}, 'UTC')`;
const rangeOf = ({ firstHour, lastHour }: HourRange) => ({ fromMs: firstHour * hourMs, toMs: (lastHour + 1) * hourMs });

/** Rows that metrics have in some hours; repeated ones may be counted twice. */
export async function countRows(reader: RowReader, metrics: readonly string[], hours: HourRange): Promise<number> {
  const startedMs = performance.now();
  const [row] = await reader.engine.query<{ count: string }>({
    sql: `SELECT count() AS count FROM metric_samples WHERE metric IN {metrics:Array(String)} AND ${range}`,
    params: { metrics, ...rangeOf(hours) },
    signal: reader.signal,
    limits: reader.limits,
  });
  reader.statistics.engineMs += performance.now() - startedMs;
  return Number(row?.count ?? 0);
}

/**
 * All rows of metrics in some hours whose series' id lies in one of `pieces` equal parts of all ids, as they are stored: `runOf` says
 * which of them still count.
 */
export function readPart(
  reader: RowReader,
  metrics: readonly string[],
  hours: HourRange,
  part: number,
  parts: number,
): Promise<readonly SampleRowRun[]> {
  const width = 2n ** 64n / BigInt(parts);
  return readRows(reader, 'series >= {first:UInt64} AND series <= {last:UInt64}', metrics, hours, {
    first: (BigInt(part) * width).toString(),
    last: (part === parts - 1 ? 2n ** 64n - 1n : BigInt(part + 1) * width - 1n).toString(),
  });
}

/** The rows of some series, at most 10,000. */
export async function readSeries(
  reader: RowReader,
  metrics: readonly string[],
  refs: readonly number[],
  hours: HourRange,
): Promise<RowRun[]> {
  const { idLow, idHigh } = reader.index;
  const ids = refs.map((ref) => seriesId(idLow[ref]!, idHigh[ref]!));
  const runs = await readRows(reader, 'series IN {ids:Array(UInt64)}', metrics, hours, { ids });
  return runs.flatMap((run) => runOf(reader, run) ?? []);
}

async function readRows(
  { engine, signal, limits, statistics }: RowReader,
  condition: string,
  metrics: readonly string[],
  hours: HourRange,
  ids: Record<string, unknown>,
): Promise<readonly SampleRowRun[]> {
  const startedMs = performance.now();
  const times = rangeOf(hours);
  const query = { metrics, params: { ...ids, ...times }, signal, limits };
  const read =
    times.toMs - times.fromMs < spanMsMax
      ? await readUnmergedSamples(engine, { ...query, ...times, condition })
      : await readSampleRows(engine, { ...query, condition: `${condition} AND ${range}` });
  statistics.rows += read.rowCount;
  statistics.bytes += read.bytes;
  statistics.engineMs += performance.now() - startedMs;
  return read.runs;
}

/** The samples of a run that count at this moment: not those of series that are no more, nor those that were deleted meanwhile. */
export function runOf(
  { index, deletions }: RowReader,
  { idLow, idHigh, timesMs, values }: SampleRowRun,
): RowRun | undefined {
  const ref = index.refOfId(idLow, idHigh);
  if (ref < 0) return undefined;
  const deleted = deletions.rangesOf(idLow, idHigh);
  const run = { ref, timesMs, values };
  return deleted.length === 0 ? run : withoutRanges(run, deleted);
}

function withoutRanges({ ref, timesMs, values }: RowRun, ranges: ReturnType<DeletionView['rangesOf']>): RowRun {
  const keeps = (timeMs: number): boolean => ranges.every(({ fromMs, toMs }) => timeMs < fromMs || timeMs > toMs);
  const words = new BigUint64Array(values.buffer, values.byteOffset, values.length);
  const places = Array.from(timesMs.keys()).filter((i) => keeps(timesMs[i]!));
  // Values move as words: a NaN may lose its payload on its way through a number.
  const kept = BigUint64Array.from(places, (i) => words[i]!);
  return {
    ref,
    timesMs: Float64Array.from(places, (i) => timesMs[i]!),
    values: new Float64Array(kept.buffer),
  };
}
