/**
 * What a selection reads, for another thread: the places of its chunks in shared memory where all of them are there, and columns
 * where not. Chunks are exported in slices, between which writes have their turn; the groups' hours stay pinned meanwhile, so that
 * what was found in memory is not evicted before it is exported.
 */
import { createTurns } from '../../base/turns.js';
import { createValueStreamHeader } from '../../series/chunk/decode-chunk.js';
import {
  type ChunkExport,
  type ExportedChunks,
  exportedBytes,
  readExported,
} from '../../series/chunk-store/chunk-export.js';
import type { ChunkStore } from '../../series/chunk-store/chunk-store.js';
import type { SeriesIndex } from '../../series/index/series-index.js';
import type { HistogramColumn } from '../evaluate/sample-columns.js';
import type { SelectedSeries } from '../evaluate/sample-source.js';
import { createLabelExporter, type ExportedLabels, type ExportedPairs, readLabels } from './exported-labels.js';
import { hourMs, type MetricSelection } from './hour-ranges.js';
import { readColumns } from './read-memory.js';

/** Can be posted to a worker as it is. */
export interface ExportedSelection {
  readonly fromMs: number;
  readonly toMs: number;
  readonly pairs: ExportedPairs;
  readonly slices: readonly ExportedSlice[];
  readonly columns: readonly SelectedSeries[];
}

/** Series of which all samples lie in chunks. */
interface ExportedSlice {
  readonly labels: ExportedLabels;
  readonly chunks: ExportedChunks;
}

export interface SelectionExport {
  readonly selection: ExportedSelection;
  /** Buffers to be handed over with it, rather than copied. */
  readonly transfer: readonly ArrayBuffer[];
  /** Lets the chunks' memory be used again. Nobody may read them afterwards. */
  release(): void;
}

export interface ExportParts {
  readonly index: SeriesIndex;
  readonly chunks: ChunkStore;
  readonly signal: AbortSignal;
}

/** Looking for a chunk costs about 100 ns: a slice of so many takes 2 ms. Measured coarsely. */
const looksPerSlice = 20_000;

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
  const exports: ChunkExport[] = [];
  const slices: ExportedSlice[] = [];
  const release = (): void => {
    for (const each of exports.splice(0)) each.release();
  };
  const idsBefore = idsOf(index, refs);
  const { removals } = index;
  const hours = Math.floor(toMs / hourMs) - Math.floor(fromMs / hourMs) + 1;
  const step = Math.max(1, Math.ceil(looksPerSlice / hours));
  try {
    for (let from = 0; from < refs.length; from += step) {
      const part = refs.subarray(from, from + step);
      // A series that went while others had their turn may have left its ref to another one.
      const same =
        removals === index.removals ? part : part.filter((ref, i) => isSame(index, idsBefore, ref, from + i));
      const exported = chunks.exportChunks(same, fromMs - 1, toMs);
      exports.push(exported);
      slices.push({ labels: labels.add(same), chunks: exported.chunks });
      await turns.breathe();
    }
  } catch (error) {
    release();
    throw error;
  }
  return { selection: { fromMs, toMs, pairs: labels.pairs, slices, columns: [] }, transfer: [], release };
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
export function exportColumns(series: readonly SelectedSeries[], fromMs: number, toMs: number): SelectionExport {
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
  return { selection: { fromMs, toMs, pairs, slices: [], columns }, transfer, release() {} };
}

/**
 * The series of an export, where it arrived. `onSamples` is told of how many samples there are so far, now and then, and may throw.
 */
export function readSelection(
  { fromMs, toMs, pairs, slices, columns }: ExportedSelection,
  onSamples: (samples: number) => void,
): SelectedSeries[] {
  const series: SelectedSeries[] = [...columns];
  const labelsOf = readLabels(pairs);
  const header = createValueStreamHeader();
  let samples = columns.reduce((sum, { floats, histograms }) => sum + floats.count + countOf(histograms), 0);
  onSamples(samples);
  for (const { labels, chunks } of slices) {
    const bytes = exportedBytes(chunks);
    const before = samples;
    const floats = readColumns(
      chunks.chunkEnds.length,
      (i, into) => readExported(chunks, bytes, i, fromMs - 1, toMs, header, into),
      (count) => onSamples(before + count),
    );
    floats.forEach((column, i) => {
      samples += column.count;
      if (column.count > 0) series.push({ labels: labelsOf(labels, i), floats: column });
    });
  }
  return series;
}

const countOf = (histograms: HistogramColumn | undefined): number => histograms?.values.length ?? 0;
