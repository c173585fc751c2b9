/**
 * Stores native histograms: rows in the order of their table, one partition, which is a day, an insert. Of those with the same series and time the last
 * to come stays, as it does where they come in different flushes.
 */
import { FlagBuilder, ListBuilder, NumberBuilder, TextBuilder, TimeBuilder } from '../../model/column-builders.js';
import type { HistogramRuns } from '../../model/histogram-runs.js';
import type { NativeHistogram } from '../../model/native-histogram.js';
import { histogramBytesAt, readHistogramBytes } from '../../model/native-histogram-bytes.js';
import { noRef } from '../../model/series-ref.js';
import type { Engine } from '../../storage/engine.js';
import { histogramColumnTypes } from '../../storage/histogram-rows.js';
import { encodeBlock } from '../../storage/native/encode.js';
import type { SampleSeries } from './sample-blocks.js';

/** A histogram on its way to its table. */
interface Row {
  readonly ref: number;
  readonly timeMs: number;
  readonly bytes: Uint8Array;
}

/** Rows of one insert: with 40 buckets each, 20 MB. */
const rowsPerInsert = 50_000;
const dayMs = 86_400_000;

/** Series that have histograms in an insert, and the times of each one's first and last. */
export interface SeriesTimes {
  readonly refs: Uint32Array;
  readonly firstMs: Float64Array;
  readonly lastMs: Float64Array;
}

/** Stores batches in the order in which they came. `beforeInsert` is told of the series of each insert. Answers how many rows there were. */
export async function storeHistograms(
  batches: readonly HistogramRuns[],
  series: SampleSeries,
  engine: Engine,
  beforeInsert: (times: SeriesTimes) => Promise<void>,
): Promise<number> {
  const rows = sortedRows(batches, series);
  for (let from = 0, to = 0; from < rows.length; from = to) {
    const day = dayOf(rows[from]!);
    while (to < rows.length && to - from < rowsPerInsert && dayOf(rows[to]!) === day) to++;
    const inserted = rows.slice(from, to);
    await beforeInsert(timesOf(inserted));
    await insertRows(inserted, series, engine);
  }
  return rows.length;
}

const dayOf = ({ timeMs }: Row): number => Math.floor(timeMs / dayMs);

/** By day, then in the table's order, each series and time once. */
function sortedRows(batches: readonly HistogramRuns[], { ranks }: SampleSeries): Row[] {
  const last = new Map<number, Map<number, Row>>();
  for (const batch of batches) {
    let i = 0;
    for (let run = 0; run < batch.runCount; run++) {
      const ref = batch.refs[run]!;
      const end = batch.sampleEnds[run]!;
      if (ref === noRef) i = end;
      const byTime = last.get(ref) ?? new Map<number, Row>();
      last.set(ref, byTime);
      for (; i < end; i++)
        byTime.set(batch.timesMs[i]!, { ref, timeMs: batch.timesMs[i]!, bytes: histogramBytesAt(batch, i) });
    }
  }
  return Array.from(last.values(), (byTime) => [...byTime.values()])
    .flat()
    .sort((a, b) => dayOf(a) - dayOf(b) || ranks[a.ref]! - ranks[b.ref]! || a.timeMs - b.timeMs);
}

function timesOf(rows: readonly Row[]): SeriesTimes {
  const refs: number[] = [];
  const firstMs: number[] = [];
  const lastMs: number[] = [];
  for (const { ref, timeMs } of rows) {
    if (refs.at(-1) === ref) lastMs[lastMs.length - 1] = timeMs;
    else {
      refs.push(ref);
      firstMs.push(timeMs);
      lastMs.push(timeMs);
    }
  }
  return { refs: Uint32Array.from(refs), firstMs: Float64Array.from(firstMs), lastMs: Float64Array.from(lastMs) };
}

async function insertRows(rows: readonly Row[], series: SampleSeries, engine: Engine): Promise<void> {
  const metric = new TextBuilder();
  const ts = new TimeBuilder();
  const ids = new Uint32Array(2 * rows.length);
  const histograms = createHistogramColumns();
  rows.forEach(({ ref, timeMs, bytes }, i) => {
    metric.addText(series.metricName(series.metrics[ref]!));
    ids[2 * i] = series.idLow[ref]!;
    ids[2 * i + 1] = series.idHigh[ref]!;
    ts.add(timeMs);
    histograms.add(readHistogramBytes(bytes));
  });
  const columns = [
    { name: 'metric', type: 'String', data: metric.finish() },
    { name: 'series', type: 'UInt64', data: { kind: 'raw', bytes: new Uint8Array(ids.buffer) } as const },
    { name: 'ts', type: "DateTime64(3, 'UTC')", data: ts.finish() },
    ...histograms.finish(),
  ];
  await engine.insert({
    table: 'metric_histograms',
    columns: columns.map(({ name }) => name),
    blocks: [encodeBlock(columns, rows.length)],
    // Rows are sorted, each key once.
    settings: { optimize_on_insert: 0 },
  });
}

function createHistogramColumns() {
  const numbers = () => new ListBuilder(new NumberBuilder());
  const builders = {
    counter_reset: new TextBuilder(),
    is_float: new FlagBuilder(),
    is_stale: new FlagBuilder(),
    schema: new NumberBuilder(),
    zero_threshold: new NumberBuilder(),
    zero_count: new NumberBuilder(),
    count: new NumberBuilder(),
    sum: new NumberBuilder(),
    positive_offsets: numbers(),
    positive_lengths: numbers(),
    positive_counts: numbers(),
    negative_offsets: numbers(),
    negative_lengths: numbers(),
    negative_counts: numbers(),
    custom_bounds: numbers(),
  };
  const addNumbers = (builder: ListBuilder<NumberBuilder>, values: readonly number[]): void => {
    for (const value of values) builder.items.add(value);
    builder.endRow();
  };
  return {
    add(histogram: NativeHistogram): void {
      builders.counter_reset.addText(histogram.counterReset);
      builders.is_float.add(Number(histogram.isFloat));
      builders.is_stale.add(Number(histogram.isStale));
      builders.schema.add(histogram.schema);
      builders.zero_threshold.add(histogram.zeroThreshold);
      builders.zero_count.add(histogram.zeroCount);
      builders.count.add(histogram.count);
      builders.sum.add(histogram.sum);
      for (const sign of ['positive', 'negative'] as const) {
        const { offsets, lengths, counts } = histogram[sign];
        addNumbers(builders[`${sign}_offsets`], offsets);
        addNumbers(builders[`${sign}_lengths`], lengths);
        addNumbers(builders[`${sign}_counts`], counts);
      }
      addNumbers(builders.custom_bounds, histogram.customBounds);
    },
    finish: () =>
      (Object.keys(histogramColumnTypes) as (keyof typeof builders)[]).map((name) => ({
        name,
        type: histogramColumnTypes[name],
        data: builders[name].finish(),
      })),
  };
}
