/**
 * Stores a run of records of the metrics' log. Every step may be repeated: the tables keep one row a key, and of rows with the same
 * key the last to be inserted counts. Labels go before samples, so that no sample stands in a table without its series.
 */
import type { SampleSorter } from '../../kernel/sample-sorter.js';
import { MapBuilder, NumberBuilder, TextBuilder, TimeBuilder } from '../../model/column-builders.js';
import type { HistogramRuns } from '../../model/histogram-runs.js';
import { decodeLabels, type Labels, labelValue, metricNameLabel } from '../../model/labels.js';
import type { SeriesIndex } from '../../series/index/series-index.js';
import type { Engine } from '../../storage/engine.js';
import { encodeBlock } from '../../storage/native/encode.js';
import type { AdmittedSamples } from './admitted-samples.js';
import type { DeleteSamples } from './delete-samples.js';
import type { MetricCounters } from './metric-counters.js';
import type { MetricEntry, MetricRecord } from './metric-record.js';
import { type SampleSeries, sampleBlocks, sampleColumns } from './sample-blocks.js';
import type { SeriesOrder } from './series-order.js';
import { storeHistograms } from './store-histograms.js';
import type { StoredSeriesDays } from './store-series.js';

export interface MetricStore {
  readonly engine: Engine;
  readonly index: SeriesIndex;
  readonly order: SeriesOrder;
  readonly sorter: SampleSorter;
  readonly storedDays: StoredSeriesDays;
  readonly counters: MetricCounters;
  readonly deleteSamples: DeleteSamples;
  /** 64-bit hash of canonical label bytes. */
  readonly hash64: (bytes: Uint8Array) => bigint;
}

export async function storeMetrics(records: readonly MetricRecord[], store: MetricStore): Promise<void> {
  let from = 0;
  // A deletion takes what came before it, and nothing of what comes after.
  for (let i = 0; i <= records.length; i++) {
    const record = records[i];
    if (record !== undefined && record.kind !== 'deletion') continue;
    await storeRun(records.slice(from, i), store);
    if (record?.kind === 'deletion') await store.deleteSamples(record);
    from = i + 1;
  }
}

type Of<Kind extends MetricEntry['kind']> = MetricRecord & { readonly kind: Kind };
const ofKind = <Kind extends MetricEntry['kind']>(records: readonly MetricRecord[], kind: Kind): Of<Kind>[] =>
  records.filter((record): record is Of<Kind> => record.kind === kind);

async function storeRun(records: readonly MetricRecord[], store: MetricStore): Promise<void> {
  const samples = ofKind(records, 'samples');
  if (samples.length > 0)
    await storeSamples(
      samples.map((record) => record.samples),
      store,
    );
  const histograms = ofKind(records, 'histograms');
  if (histograms.length > 0)
    await storeNativeHistograms(
      histograms.map((record) => record.samples),
      store,
    );
  const notes = ofKind(records, 'notes');
  if (notes.some(({ metadata }) => metadata.length > 0)) await storeMetadata(notes, store.engine);
  if (notes.some(({ exemplars }) => exemplars.length > 0)) await storeExemplars(notes, store);
  const routed = ofKind(records, 'routed');
  if (routed.length > 0) await storeRouted(routed, store);
}

async function storeSamples(batches: readonly AdmittedSamples[], store: MetricStore): Promise<void> {
  const { engine, sorter, storedDays, counters } = store;
  for await (const block of sampleBlocks(batches, seriesInOrder(store), sorter)) {
    counters.seriesStored(await storedDays.store(block.refs, block.firstMs, block.lastMs, engine));
    await engine.insert({
      table: 'metric_samples',
      columns: sampleColumns,
      blocks: block.pieces,
      settings: sortedRows,
    });
    counters.samplesStored(block.rowCount);
  }
}

function seriesInOrder({ index, order }: MetricStore): SampleSeries {
  const { ranks, refs } = order.update();
  const { metrics, idLow, idHigh } = index;
  return { ranks, refs, metrics, idLow, idHigh, metricName: (metric) => index.metricName(metric) };
}

async function storeNativeHistograms(batches: readonly HistogramRuns[], store: MetricStore): Promise<void> {
  const { engine, storedDays, counters } = store;
  const stored = await storeHistograms(batches, seriesInOrder(store), engine, async ({ refs, firstMs, lastMs }) =>
    counters.seriesStored(await storedDays.store(refs, firstMs, lastMs, engine)),
  );
  counters.samplesStored(stored);
}

/** Rows are sorted, each key once: looking for repetitions took two thirds of an insert's CPU. Measured. */
const sortedRows = { optimize_on_insert: 0 };

async function storeMetadata(notes: readonly Of<'notes'>[], engine: Engine): Promise<void> {
  const byMetric = new Map(notes.flatMap(({ metadata }) => metadata.map((each) => [each.metric, each] as const)));
  const columns = {
    metric: new TextBuilder(),
    type: new TextBuilder(),
    help: new TextBuilder(),
    unit: new TextBuilder(),
  };
  for (const { metric, type, help, unit } of byMetric.values()) {
    columns.metric.addText(metric);
    columns.type.addText(type);
    columns.help.addText(help);
    columns.unit.addText(unit);
  }
  const names = Object.keys(columns) as (keyof typeof columns)[];
  const data = names.map((name) => ({ name, type: 'String', data: columns[name].finish() }));
  await engine.insert({ table: 'metric_metadata', columns: names, blocks: [encodeBlock(data, byMetric.size)] });
}

/** Rows with a series' id and labels of their own, for exemplars and for routed samples. */
function createLabelledRows(hash64: MetricStore['hash64']) {
  const metric = new TextBuilder();
  const labels = new MapBuilder(new TextBuilder());
  const ts = new TimeBuilder();
  const value = new NumberBuilder();
  const ids: bigint[] = [];
  return {
    /** `series` are canonical label bytes, `others` the labels that the row shows. */
    add(series: Uint8Array, others: Labels, timeMs: number, sample: number): void {
      metric.addText(labelValue(decodeLabels(series), metricNameLabel));
      ids.push(hash64(series));
      for (const [name, text] of others) {
        if (name === metricNameLabel) continue;
        labels.names.addText(name);
        labels.values.addText(text);
      }
      labels.endRow();
      ts.add(timeMs);
      value.add(sample);
    },
    async insert(table: string, engine: Engine): Promise<void> {
      const block = encodeBlock(
        [
          { name: 'metric', type: 'String', data: metric.finish() },
          {
            name: 'series',
            type: 'UInt64',
            data: { kind: 'raw', bytes: new Uint8Array(BigUint64Array.from(ids).buffer) },
          },
          { name: 'labels', type: 'Map(String, String)', data: labels.finish() },
          { name: 'ts', type: "DateTime64(3, 'UTC')", data: ts.finish() },
          { name: 'value', type: 'Float64', data: value.finish() },
        ],
        ids.length,
      );
      await engine.insert({
        table,
        columns: ['metric', 'series', 'labels', 'ts', 'value'],
        blocks: [block],
        // Rows of many days are harmless here: each may be inserted again.
        settings: { max_partitions_per_insert_block: 0 },
      });
    },
  };
}

async function storeExemplars(notes: readonly Of<'notes'>[], { engine, hash64 }: MetricStore): Promise<void> {
  const rows = createLabelledRows(hash64);
  for (const { exemplars } of notes)
    for (const { series, labels, timeMs, value } of exemplars) rows.add(series, decodeLabels(labels), timeMs, value);
  await rows.insert('metric_exemplars', engine);
}

async function storeRouted(routed: readonly Of<'routed'>[], { engine, hash64 }: MetricStore): Promise<void> {
  const rows = createLabelledRows(hash64);
  for (const { labels, timesMs, values } of routed) {
    const decoded = decodeLabels(labels);
    for (let i = 0; i < timesMs.length; i++) rows.add(labels, decoded, timesMs[i]!, values[i]!);
  }
  await rows.insert('metric_events', engine);
}
