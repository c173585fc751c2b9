/** Series as they were stored, back into the index at start. */

import type { MapColumn, TextColumn } from '../../model/columns.js';
import { createLabelWriter, type LabelWriter } from '../../model/label-writer.js';
import { metricNameLabel } from '../../model/labels.js';
import type { SeriesAdder } from './add-series.js';
import { viewOf } from './byte-words.js';
import type { IndexState } from './index-state.js';

/** Rows of the engine's table of series, as columns. */
export interface SeriesRows {
  readonly rowCount: number;
  /** Names of metrics, empty where a series has none. */
  readonly metric: TextColumn;
  /** The other labels, in any order; names and values without the byte 0xFF. */
  readonly labels: MapColumn & { readonly names: TextColumn; readonly values: TextColumn };
  /** Halves of the 64-bit ids. */
  readonly idLow: Uint32Array;
  readonly idHigh: Uint32Array;
  /** Times of the first and last stored sample, epoch milliseconds. Without them a series counts as having samples at any time. */
  readonly firstMs?: Float64Array;
  readonly lastMs?: Float64Array;
}

export interface LoadedSeries {
  /** Rows that became series; the others were known, or refused. */
  readonly added: number;
  /**
   * Rows whose id is not the hash of their labels or belongs to another series, or that have a label twice: something else
   * wrote them, or they are damaged. Samples under such an id must not be shown under such labels.
   */
  readonly refusedRows: number[];
}

const metricNameBytes = new TextEncoder().encode(metricNameLabel);

/** Adds the series of rows; those that are there already only have their times widened. */
export function loadSeries(index: IndexState, adder: SeriesAdder, rows: SeriesRows): LoadedSeries {
  const { series } = index;
  const writer = createLabelWriter();
  const halves = new Uint32Array(2);
  const id = new BigUint64Array(halves.buffer);
  const before = series.liveCount;
  index.byKey.reserve(before + rows.rowCount);
  index.byId.reserve(before + rows.rowCount);
  const refusedRows: number[] = [];
  for (let row = 0; row < rows.rowCount; row++) {
    const key = writeKey(rows, row, writer);
    id[0] = index.hash64(key);
    const [low, high] = [halves[0]!, halves[1]!];
    const isSound = !writer.hasRepeats && low === rows.idLow[row] && high === rows.idHigh[row];
    const ref = isSound ? adder.addHashed(viewOf(key), 0, key.length, low, high, false) : -1;
    if (ref < 0) {
      refusedRows.push(row);
      continue;
    }
    series.firstMs[ref] = Math.min(series.firstMs[ref]!, rows.firstMs?.[row] ?? Number.NEGATIVE_INFINITY);
    series.lastMs[ref] = Math.max(series.lastMs[ref]!, rows.lastMs?.[row] ?? Number.POSITIVE_INFINITY);
  }
  return { added: series.liveCount - before, refusedRows };
}

/** The canonical bytes of a row, valid until the next. */
function writeKey({ metric, labels }: SeriesRows, row: number, writer: LabelWriter): Uint8Array {
  const { names, values } = labels;
  writer.clear();
  writer.add(metricNameBytes, 0, metricNameBytes.length, metric.bytes, metric.offsets[row]!, metric.offsets[row + 1]!);
  for (let i = labels.offsets[row]!; i < labels.offsets[row + 1]!; i++) {
    writer.add(
      names.bytes,
      names.offsets[i]!,
      names.offsets[i + 1]!,
      values.bytes,
      values.offsets[i]!,
      values.offsets[i + 1]!,
    );
  }
  return writer.finish();
}
