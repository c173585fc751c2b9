/**
 * What a selection reads, for another thread: copies of its chunks, a byte or two a sample, where all of them are in memory, and columns
 * where not. Chunks are copied in slices, between which writes have their turn; the groups' hours stay pinned meanwhile, so that
 * what was found in memory is not evicted before it is copied.
 */
import { createTurns } from '../../base/turns.js';
import type { SeriesGrid } from '../../kernel/series-grid.js';
import type { ChunkStore } from '../../series/chunk-store/chunk-store.js';
import type { SeriesStreams } from '../../series/chunk-store/series-streams.js';
import type { SeriesIndex } from '../../series/index/series-index.js';
import type { HistogramColumn } from '../evaluate/sample-columns.js';
import type { SelectedSeries } from '../evaluate/sample-source.js';
import { StreamedColumn } from '../evaluate/streamed-column.js';
import { createLabelExporter, type ExportedLabels, type ExportedPairs, readLabels } from './exported-labels.js';
import { hourMs, type MetricSelection } from './hour-ranges.js';

/** Can be posted to a worker as it is. */
export interface ExportedSelection {
  readonly pairs: ExportedPairs;
  readonly slices: readonly ExportedSlice[];
  readonly columns: readonly SelectedSeries[];
}

/** Series of which all samples lie in chunks. */
interface ExportedSlice {
  readonly labels: ExportedLabels;
  readonly streams: SeriesStreams;
}

export interface SelectionExport {
  readonly selection: ExportedSelection;
  /** Buffers to be handed over with it, rather than copied. */
  readonly transfer: readonly ArrayBuffer[];
}

export interface ExportParts {
  readonly index: SeriesIndex;
  readonly chunks: ChunkStore;
  readonly signal: AbortSignal;
}

/** Copying a chunk costs about 100 ns: a slice of so many takes 2 ms. Measured coarsely. */
const chunksPerSlice = 20_000;

/** Exports series whose samples with times in [fromMs, toMs] are all in memory. `metrics` are those of the series. */
export function exportSelection(
  parts: ExportParts,
  refs: Uint32Array,
  metrics: readonly MetricSelection[],
  fromMs: number,
  toMs: number,
): Promise<SelectionExport> {
  // At once, before anybody else has a turn and could drive out what was found to be in memory.
  const unpin = parts.chunks.pin(
    metrics.map(({ metric }) => metric),
    fromMs,
    toMs,
  );
  return exportPinned(parts, refs, fromMs, toMs).finally(unpin);
}

async function exportPinned(
  { index, chunks, signal }: ExportParts,
  refs: Uint32Array,
  fromMs: number,
  toMs: number,
): Promise<SelectionExport> {
  const turns = createTurns(signal);
  const labels = createLabelExporter(index);
  const slices: ExportedSlice[] = [];
  const idsBefore = idsOf(index, refs);
  const { removals } = index;
  const hours = Math.floor(toMs / hourMs) - Math.floor(fromMs / hourMs) + 1;
  const step = Math.max(1, Math.ceil(chunksPerSlice / hours));
  for (let from = 0; from < refs.length; from += step) {
    const part = refs.subarray(from, from + step);
    // A series that went while others had their turn may have left its ref to another one.
    const same = removals === index.removals ? part : part.filter((ref, i) => isSame(index, idsBefore, ref, from + i));
    slices.push({ labels: labels.add(same), streams: chunks.copyStreams(same, fromMs - 1, toMs) });
    await turns.breathe();
  }
  const transfer = slices.flatMap(({ streams }) => streams.batches.map(({ bytes }) => bytes.buffer as ArrayBuffer));
  return { selection: { pairs: labels.pairs, slices, columns: [] }, transfer };
}

interface Ids {
  readonly low: Uint32Array;
  readonly high: Uint32Array;
}

const idsOf = ({ idLow, idHigh }: SeriesIndex, refs: Uint32Array): Ids => ({
  low: refs.map((ref) => idLow[ref]!),
  high: refs.map((ref) => idHigh[ref]!),
});

const isSame = (index: SeriesIndex, { low, high }: Ids, ref: number, i: number): boolean =>
  index.isLive(ref) && index.idLow[ref] === low[i] && index.idHigh[ref] === high[i];

/** Series that were read already. Their samples move into buffers of their own, which are handed over. */
export function exportColumns(series: readonly SelectedSeries[]): SelectionExport {
  const transfer: ArrayBuffer[] = [];
  const columns = series.map(({ labels, floats, histograms }): SelectedSeries => {
    const timesMs = floats.timesMs.slice(0, floats.count);
    // As words: a NaN may lose its payload on its way through a number.
    const words = new Uint32Array(floats.values.buffer, floats.values.byteOffset, 2 * floats.count).slice();
    transfer.push(timesMs.buffer, words.buffer);
    const values = new Float64Array(words.buffer);
    return { labels, floats: { timesMs, values, count: floats.count }, histograms };
  });
  const pairs = { names: [], values: [] };
  return { selection: { pairs, slices: [], columns }, transfer };
}

/** The series of an export, where it arrived. `onSamples` is told of how many samples there are so far, now and then, and may throw. */
export function readSelection(
  { pairs, slices, columns }: ExportedSelection,
  grid: SeriesGrid,
  onSamples: (samples: number) => void,
): SelectedSeries[] {
  const series: SelectedSeries[] = [...columns];
  const labelsOf = readLabels(pairs);
  let samples = columns.reduce((sum, { floats, histograms }) => sum + floats.count + countOf(histograms), 0);
  onSamples(samples);
  for (const { labels, streams } of slices) {
    for (const [i, count] of streams.counts.entries()) {
      if (count === 0) continue;
      samples += count;
      series.push({ labels: labelsOf(labels, i), floats: new StreamedColumn(grid, streams, i) });
    }
    onSamples(samples);
  }
  return series;
}

const countOf = (histograms: HistogramColumn | undefined): number => histograms?.values.length ?? 0;
