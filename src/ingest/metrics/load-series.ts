/** Brings the series of the tables into the index at a start. */
import { buffer } from 'node:stream/consumers';
import { type MapColumn, type NumberColumn, type TextColumn, type TimeColumn, textAt } from '../../model/columns.js';
import { seriesId } from '../../model/series-ref.js';
import type { SeriesIndex } from '../../series/index/series-index.js';
import type { Engine } from '../../storage/engine.js';
import { decodeBlocks } from '../../storage/native/decode.js';

interface SeriesColumns {
  readonly metric: TextColumn;
  readonly id_low: NumberColumn;
  readonly id_high: NumberColumn;
  readonly labels: MapColumn & { readonly values: TextColumn };
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

/** Loads page after page; `onLoaded` is told of each series, once it is there. */
export async function loadStoredSeries(
  engine: Engine,
  index: SeriesIndex,
  onLoaded: (ref: number, firstMs: number, lastMs: number) => void,
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
    for (let row = 0; row < rowCount; row++) {
      const ref = index.refOfId(idLow[row]!, idHigh[row]!);
      if (ref < 0) continue;
      count++;
      onLoaded(ref, firstMs[row]!, lastMs[row]!);
    }
    if (rowCount < rowsPerPage) return { series: count, refused };
    metric = textAt(columns.metric, rowCount - 1);
    series = seriesId(idLow[rowCount - 1]!, idHigh[rowCount - 1]!).toString();
  }
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
