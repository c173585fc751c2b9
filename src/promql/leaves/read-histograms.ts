/** Reads native histograms of series: those in memory first, then rows, so that what is stored meanwhile is in one of the two. */
import type { Labels } from '../../model/labels.js';
import { histogramSamplesMin } from '../../model/native-histogram.js';
import { readHistogramBytes } from '../../model/native-histogram-bytes.js';
import { seriesId } from '../../model/series-ref.js';
import type { HistogramHead } from '../../series/histogram-head.js';
import type { SeriesIndex } from '../../series/index/series-index.js';
import type { DeletionView, PendingDeletions } from '../../series/pending-deletions.js';
import type { Engine, QueryLimits } from '../../storage/engine.js';
import { type HistogramRowRun, histogramIdsMax, readHistogramRows } from '../../storage/histogram-rows.js';
import type { TimedHistogram } from './histogram-columns.js';
import { checkSamples } from './source-limits.js';
import type { SourceUse } from './stored-source.js';

export interface HistogramParts {
  readonly engine: Engine;
  readonly index: SeriesIndex;
  readonly histograms: HistogramHead;
  readonly pendingDeletions: PendingDeletions;
  /** Bounds of each statement. */
  readonly statementLimits: QueryLimits;
}

export interface SelectedHistograms {
  readonly labels: Labels;
  /** In the order of time, each time once; never empty. */
  readonly histograms: readonly TimedHistogram[];
}

/** What is known of a series before rows are asked for, which takes time in which its ref may become another's. */
interface Wanted {
  readonly labels: Labels;
  readonly metric: string;
  readonly id: bigint;
  readonly held: readonly TimedHistogram[];
  stored: TimedHistogram[];
}

/** The histograms with times in [fromMs, toMs] of live series, without those that have none. */
export async function readHistograms(
  parts: HistogramParts,
  { limits, statistics, signal }: SourceUse,
  refs: Uint32Array,
  fromMs: number,
  toMs: number,
): Promise<SelectedHistograms[]> {
  const deletions = parts.pendingDeletions.view();
  try {
    const wanted = new Map(Array.from(refs, (ref) => wantedOf(parts, ref, fromMs, toMs)));
    const all = [...wanted.values()];
    let left = Math.floor((limits.samplesMax - statistics.samples) / histogramSamplesMin) + 1;
    for (let from = 0; from < all.length; from += histogramIdsMax) {
      const startedMs = performance.now();
      const piece = all.slice(from, from + histogramIdsMax);
      const rows = await readHistogramRows(parts.engine, {
        ids: piece.map(({ id }) => id),
        metrics: [...new Set(piece.map(({ metric }) => metric))],
        fromMs,
        toMs,
        rowsMax: Math.max(1, left),
        signal,
        limits: parts.statementLimits,
      });
      statistics.engineMs += performance.now() - startedMs;
      statistics.rows += rows.rowCount;
      statistics.bytes += rows.bytes;
      left -= rows.rowCount;
      if (left <= 0) checkSamples(Number.POSITIVE_INFINITY, limits, false);
      for (const run of rows.runs) {
        const own = wanted.get(seriesId(run.idLow, run.idHigh));
        if (own !== undefined) own.stored = withoutDeleted(run, deletions);
      }
    }
    return all.flatMap(({ labels, held, stored }) => {
      const histograms = merged(held, stored);
      return histograms.length === 0 ? [] : [{ labels, histograms }];
    });
  } finally {
    deletions.close();
  }
}

function wantedOf(
  { index, histograms }: HistogramParts,
  ref: number,
  fromMs: number,
  toMs: number,
): [id: bigint, wanted: Wanted] {
  const id = seriesId(index.idLow[ref]!, index.idHigh[ref]!);
  const held = histograms
    .read(ref, fromMs, toMs)
    .map(({ timeMs, bytes }) => ({ timeMs, histogram: readHistogramBytes(bytes) }));
  const metric = index.metricName(index.metricOf(ref));
  return [id, { labels: index.labelsOf(ref), metric, id, held, stored: [] }];
}

function withoutDeleted({ idLow, idHigh, timesMs, histograms }: HistogramRowRun, view: DeletionView): TimedHistogram[] {
  const deleted = view.rangesOf(idLow, idHigh);
  return histograms
    .map((histogram, i) => ({ timeMs: timesMs[i]!, histogram }))
    .filter(({ timeMs }) => deleted.every(({ fromMs, toMs }) => timeMs < fromMs || timeMs > toMs));
}

/** Both in the order of time. Of two with the same time that of `first` stays: what is in memory came last. */
function merged(first: readonly TimedHistogram[], second: readonly TimedHistogram[]): readonly TimedHistogram[] {
  if (first.length === 0) return second;
  if (second.length === 0) return first;
  const times = new Set(first.map(({ timeMs }) => timeMs));
  return [...first, ...second.filter(({ timeMs }) => !times.has(timeMs))].sort((a, b) => a.timeMs - b.timeMs);
}
