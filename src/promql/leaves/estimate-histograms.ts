/**
 * What a selection is expected to read of native histograms, in samples of 16 bytes as `histogramSampleCount` counts them. The engine counts its rows by
 * whole hours, once for all who ask for the same series and hours at about the same time; the selection's part of them is told by its series' lives.
 */
import { readHistogramBytes } from '../../model/native-histogram-bytes.js';
import { seriesId } from '../../model/series-ref.js';
import type { SeriesIndex } from '../../series/index/series-index.js';
import { countHistogramSamples, histogramIdsMax } from '../../storage/histogram-rows.js';
import { histogramSampleCount } from '../histogram/float-histogram.js';
import { floatHistogramOf } from './histogram-columns.js';
import { hourMs } from './hour-ranges.js';
import type { HistogramParts } from './read-histograms.js';
import type { RowCounts } from './row-counts.js';

export async function estimateHistograms(
  parts: HistogramParts,
  rowCounts: RowCounts,
  refs: Uint32Array,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  signal: AbortSignal,
): Promise<number> {
  const { engine, index, statementLimits } = parts;
  if (refs.length === 0 || fromMs > toMs) return 0;
  const [firstHour, lastHour] = [Math.floor(fromMs / hourMs), Math.floor(toMs / hourMs)];
  const hours = { fromMs: firstHour * hourMs, toMs: (lastHour + 1) * hourMs - 1 };
  const own = lifeMs(index, refs, fromMs, toMs);
  if (own === 0) return heldSamples(parts, refs, fromMs, toMs);
  const metrics = [...new Set(Array.from(refs, (ref) => index.metricOf(ref)))];
  // Of more series than a statement can name all of their metrics are counted, and the selection's share taken.
  const isNamed = refs.length <= histogramIdsMax;
  const all = metrics.reduce((sum, metric) => sum + index.statistics.seriesOfMetric(metric), 0);
  const share = (isNamed ? 1 : refs.length / Math.max(all, 1)) * (own / lifeMs(index, refs, hours.fromMs, hours.toMs));
  const ids = isNamed ? Array.from(refs, (ref) => seriesId(index.idLow[ref]!, index.idHigh[ref]!)) : undefined;
  const names = metrics.map((metric) => index.metricName(metric));
  const rows = await rowCounts.count(
    [...metrics, refs.length, hashOf(refs)],
    { firstHour, lastHour },
    signal,
    (asking) =>
      countHistogramSamples(engine, { ids, metrics: names, ...hours, signal: asking, limits: statementLimits }),
  );
  return rows * share + heldSamples(parts, refs, fromMs, toMs);
}

/** Time within [fromMs, toMs] that the series have samples for, all together. */
function lifeMs({ firstMs, lastMs }: SeriesIndex, refs: Uint32Array, fromMs: number, toMs: number): number {
  let total = 0;
  for (const ref of refs) {
    const from = Math.max(firstMs[ref]!, fromMs);
    const to = Math.min(lastMs[ref]!, toMs);
    if (to >= from) total += to - from + 1;
  }
  return total;
}

/** FNV-1a over whole numbers: two selections of as many series are told apart. */
function hashOf(refs: Uint32Array): number {
  let hash = 2_166_136_261;
  for (const ref of refs) hash = Math.imul(hash ^ ref, 16_777_619);
  return hash >>> 0;
}

/** Those that are not in their table yet: a series' first one tells how large they are. */
function heldSamples({ histograms }: HistogramParts, refs: Uint32Array, fromMs: number, toMs: number): number {
  let samples = 0;
  for (const ref of refs) {
    const held = histograms.read(ref, fromMs, toMs);
    if (held.length === 0) continue;
    samples += held.length * histogramSampleCount(floatHistogramOf(readHistogramBytes(held[0]!.bytes)));
  }
  return samples;
}
