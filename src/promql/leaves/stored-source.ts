/**
 * The samples of the store for queries: the series index says which series, the chunk store has what is resident, and the engine's
 * rows give the rest. Rows are loaded into memory and kept where that is worth it; where they would drive out much else, or where the
 * selector wants but a small part of a metric, they are read for this query alone.
 *
 * Memory is read before rows are asked for: a sample that is stored and evicted meanwhile is then in one of the two at least.
 */
import { createTurns } from '../../base/turns.js';
import { Kernel } from '../../kernel/kernel.js';
import { SeriesGrid } from '../../kernel/series-grid.js';
import type { Matcher } from '../../model/matcher.js';
import type { ChunkStore } from '../../series/chunk-store/chunk-store.js';
import type { SeriesIndex } from '../../series/index/series-index.js';
import type { PendingDeletions } from '../../series/pending-deletions.js';
import type { Engine, QueryLimits } from '../../storage/engine.js';
import type { FloatColumn } from '../evaluate/sample-columns.js';
import type { SampleSource, SelectedSeries } from '../evaluate/sample-source.js';
import { StreamedColumn } from '../evaluate/streamed-column.js';
import { estimateSelection, type SelectionEstimate } from './estimate-selection.js';
import { exportColumns, exportSelection, type SelectionExport } from './export-selection.js';
import { type MetricSelection, type MissingRange, missingHours } from './hour-ranges.js';
import { createHourLoader, type HourLoader, rowsPerPiece } from './load-hours.js';
import { cutColumn, mergeColumns } from './merge-columns.js';
import { createSelections, type Picked } from './pick-series.js';
import { readMemory } from './read-memory.js';
import { countRows, type RowReader, readSeries } from './read-rows.js';
import { createRowCounts, type RowCounts } from './row-counts.js';
import { createLabelsCache, type LabelsOf } from './series-labels-cache.js';
import { checkSamples, checkSeries, type SourceLimits, type SourceStatistics } from './source-limits.js';

export interface StoredSourceParts {
  readonly engine: Engine;
  readonly index: SeriesIndex;
  readonly chunks: ChunkStore;
  readonly pendingDeletions: PendingDeletions;
  /** Bytes that the chunk store may take. */
  readonly chunkBytesMax: number;
  /** Bounds of each statement. */
  readonly statementLimits: QueryLimits;
  /** Shared with others that load hours; one of its own where absent. */
  readonly loader?: HourLoader;
}

/** One query's reads. */
export interface SourceUse {
  readonly limits: SourceLimits;
  /** Counted up as the query reads. */
  readonly statistics: SourceStatistics;
  readonly signal: AbortSignal;
}

/** One query's view of the store. */
export interface StoredSource extends SampleSource {
  /** What a selection is expected to read. Reads nothing. */
  readonly estimate: (matchers: readonly Matcher[], fromMs: number, toMs: number) => Promise<SelectionEstimate>;
  /** Samples of a selection that are not in memory, counted by the engine in whole hours. */
  readonly countMissing: (matchers: readonly Matcher[], fromMs: number, toMs: number) => Promise<number>;
  /** Brings a selection's samples into memory where that is worth it. */
  readonly load: (matchers: readonly Matcher[], fromMs: number, toMs: number) => Promise<void>;
  /** As `select`, for another thread. */
  readonly exportSeries: (matchers: readonly Matcher[], fromMs: number, toMs: number) => Promise<SelectionExport>;
}

/** Gives a query its source. */
export type OpenSource = (use: SourceUse) => StoredSource;

interface Store extends StoredSourceParts {
  readonly grid: SeriesGrid;
  readonly loader: HourLoader;
  readonly labelsOf: LabelsOf;
  readonly rowCounts: RowCounts;
}

/** The series of a selection, by metric. */
export function createStoredSource(parts: StoredSourceParts): OpenSource {
  const { engine, index, chunks, pendingDeletions, statementLimits } = parts;
  const store: Store = {
    ...parts,
    loader: parts.loader ?? createHourLoader({ engine, index, chunks, pendingDeletions, limits: statementLimits }),
    labelsOf: createLabelsCache(index),
    grid: new SeriesGrid(new Kernel()),
    rowCounts: createRowCounts(),
  };
  const openPicker = createSelections(index);
  return (use) => {
    const pick = openPicker();
    return {
      select: (matchers, fromMs, toMs) =>
        resolve(store, use, () => pick.now(matchers, fromMs, toMs), {
          whole: ({ refs }) => selected(store, use, refs, fromMs, toMs),
          past: ({ refs }, work) => readPast(store, use, refs, work, fromMs, toMs),
        }),
      load: (matchers, fromMs, toMs) =>
        resolve<void>(store, use, () => pick.now(matchers, fromMs, toMs), { whole() {}, async past() {} }),
      exportSeries: (matchers, fromMs, toMs) =>
        resolve(store, use, () => pick.now(matchers, fromMs, toMs), {
          whole: ({ refs, metrics }) =>
            exportSelection({ index, chunks, signal: use.signal }, refs, metrics, fromMs, toMs),
          past: async ({ refs }, work) => exportColumns(await readPast(store, use, refs, work, fromMs, toMs)),
        }),
      async estimate(matchers, fromMs, toMs) {
        const turns = createTurns(use.signal);
        const { metrics } = await pick.inTurns(matchers, fromMs, toMs, turns);
        return estimateSelection(index, chunks, metrics, turns);
      },
      async countMissing(matchers, fromMs, toMs) {
        const { ranges } = missingHours(chunks, pick.now(matchers, fromMs, toMs).metrics);
        return (await plan(store, use, ranges)).wanted;
      },
    };
  };
}

/** A chunk takes at most so large a part of the budget for one query's loads. A guess: four dashboards' worth stay beside each other. */
const budgetShare = 1 / 4;
/** Bytes that a sample takes once it is loaded. Measured: 1.2 in a segment, twice that while a chunk is open. */
const bytesPerSample = 2.4;
/** Loading reads whole metrics. Up to so many rows for each one wanted it pays off, since the next query may want the others. A guess. */
const wasteMax = 32;
/** Fewer rows than these are loaded whatever part of them is wanted. A guess: a tenth of a second. */
const rowsAlwaysLoaded = 1_000_000;
/** How often a query loads what is missing, and another query's loads drive it out again, before it reads past the memory. */
const roundsMax = 3;

/** How a selection is read: where all of it is in memory, at once and before anybody else has a turn; and where not. */
interface Reading<T> {
  readonly whole: (picked: Picked) => T | Promise<T>;
  readonly past: (picked: Picked, work: Work) => Promise<T>;
}

async function resolve<T>(store: Store, use: SourceUse, pick: () => Picked, { whole, past }: Reading<T>): Promise<T> {
  const { chunks } = store;
  const { statistics, limits, signal } = use;
  for (let round = 1; ; round++) {
    signal.throwIfAborted();
    const startedMs = performance.now();
    // Anew in each round where series went while rows were on their way.
    const picked = pick();
    if (round === 1) {
      statistics.series += picked.refs.length;
      checkSeries(statistics.series, limits);
    }
    const missing = missingHours(chunks, picked.metrics);
    statistics.selectMs += performance.now() - startedMs;
    if (round === 1) {
      statistics.hourHits += missing.hits;
      statistics.hourMisses += missing.misses;
    }
    if (missing.ranges.length === 0) return whole(picked);
    const work = await plan(store, use, missing.ranges);
    checkSamples(work.wanted, limits, true);
    if (round === roundsMax || !work.isWorthLoading) return past(picked, work);
    for (const { range, rows } of work.ranges) await store.loader.load(range, rows, signal, statistics);
  }
}

interface Work {
  /** Rows of the series that are selected, about. */
  readonly wanted: number;
  readonly ranges: readonly { readonly range: MissingRange; readonly rows: number }[];
  readonly isWorthLoading: boolean;
}

async function plan(store: Store, use: SourceUse, ranges: readonly MissingRange[]): Promise<Work> {
  const { index, chunkBytesMax } = store;
  const counted: { range: MissingRange; rows: number }[] = [];
  let rows = 0;
  let wanted = 0;
  const reader = readerOf(store, use);
  try {
    for (const range of ranges) {
      const numbers = range.metrics.map(({ metric }) => metric);
      const count = await store.rowCounts.count(numbers, range, use.signal, (signal) =>
        countRows({ ...reader, signal }, namesOf(index, range), range),
      );
      counted.push({ range, rows: count });
      rows += count;
      wanted += count * wantedPart(index, range.metrics);
    }
  } finally {
    reader.deletions.close();
  }
  const fits = rows * bytesPerSample <= chunkBytesMax * budgetShare;
  return { ranges: counted, wanted, isWorthLoading: fits && (rows <= rowsAlwaysLoaded || rows <= wanted * wasteMax) };
}

/** Of all series of the metrics, the part that is selected. */
function wantedPart(index: SeriesIndex, metrics: readonly MetricSelection[]): number {
  let all = 0;
  let selectedCount = 0;
  for (const { metric, refs } of metrics) {
    all += index.statistics.seriesOfMetric(metric);
    selectedCount += refs.length;
  }
  return Math.min(1, selectedCount / Math.max(all, 1));
}

const namesOf = (index: SeriesIndex, { metrics }: MissingRange): string[] =>
  metrics.map(({ metric }) => index.metricName(metric));

export const readerOf = (
  { engine, index, pendingDeletions, statementLimits }: StoredSourceParts,
  { signal, statistics }: Pick<SourceUse, 'signal' | 'statistics'>,
): RowReader => ({
  engine,
  index,
  deletions: pendingDeletions.view(),
  signal,
  limits: statementLimits,
  statistics,
});

/** Everything is in memory: chunks are copied as they are, and decoded when they are evaluated. */
function selected(
  { chunks, labelsOf, grid }: Store,
  { statistics, limits }: SourceUse,
  refs: Uint32Array,
  fromMs: number,
  toMs: number,
): SelectedSeries[] {
  const startedMs = performance.now();
  const streams = chunks.copyStreams(refs, fromMs - 1, toMs);
  for (let i = 0; i < refs.length; i++) statistics.samples += streams.counts[i]!;
  checkSamples(statistics.samples, limits, false);
  const series: SelectedSeries[] = [];
  for (let i = 0; i < refs.length; i++) {
    if (streams.counts[i] === 0) continue;
    const keyedLabels = labelsOf(refs[i]!);
    series.push({ labels: keyedLabels.pairs, keyedLabels, floats: new StreamedColumn(grid, streams, i) });
  }
  statistics.decodeMs += performance.now() - startedMs;
  return series;
}

/** Ids of one statement: some 200 kB as text. */
const seriesPerPieceMax = 10_000;

/** Reads what is missing as rows, and keeps nothing of it. */
async function readPast(
  store: Store,
  use: SourceUse,
  refs: Uint32Array,
  { ranges }: Work,
  fromMs: number,
  toMs: number,
): Promise<SelectedSeries[]> {
  const { chunks, index, labelsOf } = store;
  const { statistics, limits } = use;
  const before = statistics.samples;
  const count = (samples: number): void => {
    statistics.samples = before + samples;
    checkSamples(statistics.samples, limits, false);
  };
  const reader = readerOf(store, use);
  try {
    const labels = Array.from(refs, labelsOf);
    const columns: FloatColumn[] = readMemory(chunks, refs, fromMs, toMs, count);
    const places = new Map(Array.from(refs, (ref, i) => [ref, i] as const));
    let samples = columns.reduce((sum, column) => sum + column.count, 0);
    for (const { range, rows } of ranges) {
      for (const piece of piecesOf(index, range, rows)) {
        for (const { ref, timesMs, values } of await readSeries(reader, namesOf(index, range), piece, range)) {
          const place = places.get(ref);
          if (place === undefined) continue;
          const rowColumn = cutColumn({ timesMs, values, count: timesMs.length }, fromMs, toMs);
          columns[place] = mergeColumns(columns[place]!, rowColumn);
          samples += rowColumn.count;
          statistics.samplesFromRows += rowColumn.count;
        }
        count(samples);
      }
    }
    return labels.flatMap((keyedLabels, i) =>
      columns[i]!.count === 0 ? [] : [{ labels: keyedLabels.pairs, keyedLabels, floats: columns[i]! }],
    );
  } finally {
    reader.deletions.close();
  }
}

/** The range's series in pieces of about `rowsPerPiece` rows, in the order in which their rows lie. */
function piecesOf(index: SeriesIndex, { metrics }: MissingRange, rows: number): number[][] {
  const { idLow, idHigh } = index;
  const refs = metrics
    .flatMap((selection) => selection.refs)
    .sort((a, b) => idHigh[a]! - idHigh[b]! || idLow[a]! - idLow[b]!);
  const wanted = Math.max(1, rows * wantedPart(index, metrics));
  const perPiece = Math.ceil(refs.length / Math.ceil(wanted / rowsPerPiece));
  const size = Math.min(seriesPerPieceMax, Math.max(1, perPiece));
  return Array.from({ length: Math.ceil(refs.length / size) }, (_, i) => refs.slice(i * size, (i + 1) * size));
}
