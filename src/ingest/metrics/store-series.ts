/**
 * Stores series' labels and times. A row says from which to which day a series has samples: it is written when the series is new and
 * when its samples reach another day, so once a day, and days are whole, so that rows need not follow every sample.
 */

import { grownArray } from '../../base/grown-array.js';
import { createTurns } from '../../base/turns.js';
import { MapBuilder, TextBuilder, TimeBuilder } from '../../model/column-builders.js';
import { noRef } from '../../model/series-ref.js';
import type { SeriesIndex } from '../../series/index/series-index.js';
import type { Engine } from '../../storage/engine.js';
import { encodeBlock } from '../../storage/native/encode.js';

const dayMs = 86_400_000;

export interface StoredSeriesDays {
  /** Says what `metric_series` holds of a series already. */
  restore(ref: number, firstMs: number, lastMs: number): void;
  /** Forgets series whose refs may be given to others. */
  forget(refs: Uint32Array): void;
  /** Writes the rows that are missing, of series that have samples at these times. Answers how many. */
  store(refs: Uint32Array, firstMs: Float64Array, lastMs: Float64Array, engine: Engine): Promise<number>;
}

export function createStoredSeriesDays(index: SeriesIndex): StoredSeriesDays {
  /** By ref, the first day and the day behind the last one that the table has; equal where it has none. */
  let firstDays = new Int32Array(1024);
  let endDays = new Int32Array(1024);

  function reserve(refLimit: number): void {
    if (refLimit <= firstDays.length) return;
    const length = Math.max(refLimit, firstDays.length * 2);
    firstDays = grownArray(firstDays, length);
    endDays = grownArray(endDays, length);
  }

  function widened(ref: number, firstMs: number, lastMs: number): readonly [first: number, end: number] {
    const first = Math.floor(firstMs / dayMs);
    const end = Math.floor(lastMs / dayMs) + 1;
    return endDays[ref]! <= firstDays[ref]!
      ? [first, end]
      : [Math.min(first, firstDays[ref]!), Math.max(end, endDays[ref]!)];
  }

  return {
    restore(ref, firstMs, lastMs) {
      reserve(ref + 1);
      [firstDays[ref], endDays[ref]] = widened(ref, firstMs, lastMs);
    },
    forget(refs) {
      for (const ref of refs) if (ref < firstDays.length) firstDays[ref] = endDays[ref] = 0;
    },
    async store(refs, firstMs, lastMs, engine) {
      reserve(index.refLimit);
      const rows: SeriesRow[] = [];
      refs.forEach((ref, i) => {
        if (ref === noRef) return;
        const [first, end] = widened(ref, firstMs[i]!, lastMs[i]!);
        if (first !== firstDays[ref] || end !== endDays[ref]) rows.push({ ref, first, end });
      });
      for (let from = 0; from < rows.length; from += rowsPerInsert)
        await insertRows(rows.slice(from, from + rowsPerInsert), index, engine);
      for (const { ref, first, end } of rows) {
        firstDays[ref] = first;
        endDays[ref] = end;
      }
      return rows.length;
    },
  };
}

interface SeriesRow {
  readonly ref: number;
  readonly first: number;
  readonly end: number;
}

/** A guess at what a block of labels should hold at most: some tens of megabytes. */
const rowsPerInsert = 100_000;

/** Rows between two looks at whether others should have their turn. */
const stepRows = 256;

async function insertRows(rows: readonly SeriesRow[], index: SeriesIndex, engine: Engine): Promise<void> {
  const columns = { metric: new TextBuilder(), labels: new MapBuilder(new TextBuilder()) };
  const first = new TimeBuilder();
  const last = new TimeBuilder();
  const ids = new Uint32Array(2 * rows.length);
  const { idLow, idHigh } = index;
  const turns = createTurns();
  for (const [i, row] of rows.entries()) {
    if (i % stepRows === 0) await turns.breathe();
    index.appendRow(row.ref, columns);
    first.add(row.first * dayMs);
    last.add(row.end * dayMs - 1);
    ids[2 * i] = idLow[row.ref]!;
    ids[2 * i + 1] = idHigh[row.ref]!;
  }
  const block = encodeBlock(
    [
      { name: 'metric', type: 'String', data: columns.metric.finish() },
      { name: 'series', type: 'UInt64', data: { kind: 'raw', bytes: new Uint8Array(ids.buffer) } },
      { name: 'labels', type: 'Map(String, String)', data: columns.labels.finish() },
      { name: 'first', type: "DateTime64(3, 'UTC')", data: first.finish() },
      { name: 'last', type: "DateTime64(3, 'UTC')", data: last.finish() },
    ],
    rows.length,
  );
  await engine.insert({
    table: 'metric_series',
    columns: ['metric', 'series', 'labels', 'first', 'last'],
    blocks: [block],
  });
}
