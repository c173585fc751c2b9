/** Brings the series of the tables into the index at a start. */
import { buffer } from 'node:stream/consumers';
import { type MapColumn, type NumberColumn, type TextColumn, type TimeColumn, textAt } from '../../model/columns.js';
import { noRef, seriesId } from '../../model/series-ref.js';
import type { SeriesIndex } from '../../series/index/series-index.js';
import type { Engine } from '../../storage/engine.js';
import { decodeBlocks } from '../../storage/native/decode.js';

interface SeriesColumns {
  readonly metric: TextColumn;
  readonly id_low: NumberColumn;
  readonly id_high: NumberColumn;
  readonly labels: MapColumn & { readonly names: TextColumn; readonly values: TextColumn };
  readonly first: TimeColumn;
  readonly last: TimeColumn;
}

const types = {
  metric: 'String',
  id_low: 'UInt32',
  id_high: 'UInt32',
  labels: 'Map(String, String)',
  first: "DateTime64(3, 'UTC')",
  last: "DateTime64(3, 'UTC')",
} as const;

/** Bounds what a page takes in memory: some tens of megabytes. */
const rowsPerPage = 100_000;

export interface LoadedIndex {
  readonly series: number;
  /** Rows that are not what they should be, such as labels that do not belong to their id. */
  readonly refused: number;
}

/** Series of a page, with the times of their first and last samples. */
export interface LoadedPage {
  readonly refs: Uint32Array;
  readonly firstMs: Float64Array;
  readonly lastMs: Float64Array;
}

/** Loads page after page; `onLoaded` is told of each, once its series are there. */
export async function loadStoredSeries(
  engine: Engine,
  index: SeriesIndex,
  onLoaded: (page: LoadedPage) => void,
): Promise<LoadedIndex> {
  let metric = '';
  let series = '0';
  let count = 0;
  let refused = 0;
  for (let isFirst = true; ; isFirst = false) {
    const { rowCount, columns } = await readPage(engine, { metric, series, isFirst });
    const idLow = Uint32Array.from(columns.id_low.values);
    const idHigh = Uint32Array.from(columns.id_high.values);
    const firstMs = columns.first.values;
    const lastMs = columns.last.values;
    const loaded = index.load({
      rowCount,
      metric: columns.metric,
      labels: columns.labels,
      idLow,
      idHigh,
      firstMs,
      lastMs,
    });
    refused += loaded.refusedRows.length;
    const page = pageOf(index, idLow, idHigh, firstMs, lastMs);
    count += page.refs.length;
    onLoaded(page);
    if (rowCount < rowsPerPage) return { series: count, refused };
    metric = textAt(columns.metric, rowCount - 1);
    series = seriesId(idLow[rowCount - 1]!, idHigh[rowCount - 1]!).toString();
  }
}

/** The rows that are series now. */
function pageOf(
  index: SeriesIndex,
  idLow: Uint32Array,
  idHigh: Uint32Array,
  firstMs: Float64Array,
  lastMs: Float64Array,
): LoadedPage {
  const found = idLow.map((low, row) => index.refOfId(low, idHigh[row]!) >>> 0);
  const isLoaded = (_: number, row: number): boolean => found[row] !== noRef;
  return { refs: found.filter(isLoaded), firstMs: firstMs.filter(isLoaded), lastMs: lastMs.filter(isLoaded) };
}

async function readPage(engine: Engine, after: { metric: string; series: string; isFirst: boolean }) {
  const { body } = await engine.stream(
    {
      sql: `SELECT
  metric,
  toUInt32(bitAnd(series, 4294967295)) AS id_low,
  toUInt32(bitShiftRight(series, 32)) AS id_high,
  labels, first, last
FROM metric_series FINAL
WHERE {isFirst:Bool} OR (metric, series) > ({metric:String}, {series:UInt64})
ORDER BY metric, series
LIMIT ${rowsPerPage}`,
      params: after,
    },
    'Native',
  );
  return decodeBlocks<SeriesColumns>(await buffer(body), types);
}
