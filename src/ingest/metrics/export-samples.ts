/**
 * Reads samples of series back out of the tables, a piece at a time: some series, a day. What was acknowledged and is not stored yet is not
 * in it; wait for that first.
 */
import type { NativeHistogram } from '../../model/native-histogram.js';
import { seriesId } from '../../model/series-ref.js';
import type { SeriesIndex } from '../../series/index/series-index.js';
import type { Engine } from '../../storage/engine.js';
import { readHistogramRows } from '../../storage/histogram-rows.js';
import { readSampleRows } from '../../storage/sample-rows.js';

export interface ExportedRun {
  readonly ref: number;
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
}

export interface ExportedHistograms {
  readonly ref: number;
  readonly timesMs: Float64Array;
  readonly histograms: readonly NativeHistogram[];
}

/** With a sample a second, a day of them is some 9 million samples, 200 MB. */
const seriesPerPiece = 100;
const dayMs = 86_400_000;

/** Runs of the series' samples in [fromMs, toMs], each series' in the order of time, a day after the other. */
export async function* exportSamples(
  engine: Engine,
  index: SeriesIndex,
  refs: Uint32Array,
  range: { readonly fromMs: number; readonly toMs: number },
  signal: AbortSignal,
): AsyncGenerator<ExportedRun> {
  for (const { piece, ...day } of piecesOf(index, refs, range)) yield* readPiece(engine, index, piece, day, signal);
}

/** As `exportSamples`, of native histograms; stale markers among them. */
export async function* exportHistograms(
  engine: Engine,
  index: SeriesIndex,
  refs: Uint32Array,
  range: { readonly fromMs: number; readonly toMs: number },
  signal: AbortSignal,
): AsyncGenerator<ExportedHistograms> {
  for (const { piece, ...day } of piecesOf(index, refs, range)) {
    const { runs } = await readHistogramRows(engine, { ...idsOf(index, piece), ...day, rowsMax: 2 ** 31, signal });
    for (const { idLow, idHigh, timesMs, histograms } of runs) {
      const ref = index.refOfId(idLow, idHigh);
      if (ref >= 0) yield { ref, timesMs, histograms };
    }
  }
}

/** Some series and a day at a time. */
function* piecesOf(index: SeriesIndex, refs: Uint32Array, range: { readonly fromMs: number; readonly toMs: number }) {
  for (let from = 0; from < refs.length; from += seriesPerPiece) {
    const piece = refs.subarray(from, from + seriesPerPiece);
    const firstMs = Math.max(range.fromMs, least(piece, index.firstMs));
    const lastMs = Math.min(range.toMs, most(piece, index.lastMs));
    for (let day = Math.floor(firstMs / dayMs); day * dayMs <= lastMs; day++)
      yield { piece, fromMs: Math.max(firstMs, day * dayMs), toMs: Math.min(lastMs, (day + 1) * dayMs - 1) };
  }
}

const idsOf = (index: SeriesIndex, refs: Uint32Array) => ({
  ids: Array.from(refs, (ref) => seriesId(index.idLow[ref]!, index.idHigh[ref]!)),
  metrics: Array.from(new Set(Array.from(refs, (ref) => index.metricName(index.metricOf(ref))))),
});

const least = (refs: Uint32Array, times: Float64Array): number =>
  refs.reduce((least, ref) => Math.min(least, times[ref]!), Number.POSITIVE_INFINITY);
const most = (refs: Uint32Array, times: Float64Array): number =>
  refs.reduce((most, ref) => Math.max(most, times[ref]!), Number.NEGATIVE_INFINITY);

async function* readPiece(
  engine: Engine,
  index: SeriesIndex,
  refs: Uint32Array,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  signal: AbortSignal,
): AsyncGenerator<ExportedRun> {
  const { ids, metrics } = idsOf(index, refs);
  const { runs } = await readSampleRows(engine, {
    condition: `series IN ({ids:Array(UInt64)})
  AND ts >= fromUnixTimestamp64Milli({fromMs:Int64}, 'UTC') AND ts <= fromUnixTimestamp64Milli({toMs:Int64}, 'UTC')`,
    params: { ids, fromMs, toMs },
    metrics,
    signal,
  });
  for (const { idLow: low, idHigh: high, timesMs, values } of runs) {
    const ref = index.refOfId(low, high);
    if (ref >= 0) yield { ref, timesMs, values };
  }
}
