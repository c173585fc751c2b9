/** Instant vectors: each series' newest sample that is not older than the look-back, at every step. */
import type { FloatHistogram } from '../histogram/float-histogram.js';
import type { Evaluation, FetchedSeries } from './evaluation.js';
import { type Grid, gridTime } from './grid.js';
import type { SelectorNode } from './plan.js';
import { readGrid } from './read-grid.js';
import { type FloatColumn, type HistogramColumn, isStaleAt, wordsOf } from './sample-columns.js';
import { selectSmoothed } from './select-smoothed.js';
import { createSeriesAllocator, type SeriesBuilder, setHistogram } from './series-builder.js';
import { transientFloats } from './streamed-column.js';
import { absent, hasValues, isFloat, type VectorSeries, type VectorValue, vectorOf } from './value.js';

export function selectInstant(node: SelectorNode, grid: Grid, evaluation: Evaluation): VectorValue {
  if (node.extension === 'smoothed') return selectSmoothed(node, grid, evaluation);
  const series: VectorSeries[] = [];
  const fetched = evaluation.fetched[node.selection]!;
  const allocator = createSeriesAllocator(grid.steps, fetched.length);
  for (const each of fetched) {
    evaluation.checkpoint();
    evaluation.budget.check(series.length * grid.steps);
    const out = allocator.create(each.labels, false);
    fillNewest(each, readGrid(node, grid), evaluation.lookbackMs, out);
    if (hasValues(out)) series.push(out);
    else allocator.discard(out);
  }
  return vectorOf(series);
}

/** Fills a series' newest samples at the times of a grid. `sampleTimes`, where given, gets their times. */
export function fillNewest(
  { floats: column, histograms }: FetchedSeries,
  grid: Grid,
  lookbackMs: number,
  out: SeriesBuilder,
  sampleTimes?: Float64Array,
): void {
  const floats = transientFloats(column);
  if (histograms !== undefined) fillNewestOfBoth(floats, histograms, grid, lookbackMs, out, sampleTimes);
  else fillNewestFloats(floats, grid, lookbackMs, out, sampleTimes);
}

function fillNewestFloats(
  floats: FloatColumn,
  { startMs, stepMs, steps }: Grid,
  lookbackMs: number,
  { values: outValues, presence }: SeriesBuilder,
  sampleTimes: Float64Array | undefined,
): void {
  const { timesMs, values, count } = floats;
  const words = wordsOf(floats);
  let next = 0;
  for (let step = 0; step < steps; step++) {
    const timeMs = startMs + step * stepMs;
    while (next < count && timesMs[next]! <= timeMs) next++;
    const at = next - 1;
    if (at < 0 || timesMs[at]! <= timeMs - lookbackMs) continue;
    const value = values[at]!;
    if (Number.isNaN(value) && isStaleAt(words, at)) continue;
    outValues[step] = value;
    presence[step] = isFloat;
    if (sampleTimes !== undefined) sampleTimes[step] = timesMs[at]!;
  }
}

function fillNewestOfBoth(
  floats: FloatColumn,
  histograms: HistogramColumn,
  grid: Grid,
  lookbackMs: number,
  out: SeriesBuilder,
  sampleTimes: Float64Array | undefined,
): void {
  const floatTimes = new Float64Array(grid.steps);
  fillNewestWithStale(floats, grid, lookbackMs, out, floatTimes);
  const times = histograms.timesMs;
  let next = 0;
  for (let step = 0; step < grid.steps; step++) {
    const timeMs = gridTime(grid, step);
    while (next < histograms.values.length && times[next]! <= timeMs) next++;
    const at = next - 1;
    const isNewer = at >= 0 && times[at]! > timeMs - lookbackMs && times[at]! > floatTimes[step]!;
    if (isNewer) {
      setHistogram(out, step, histograms.values[at] as FloatHistogram);
      if (sampleTimes !== undefined) sampleTimes[step] = times[at]!;
    } else if (sampleTimes !== undefined) sampleTimes[step] = floatTimes[step]!;
  }
}

/** As `fillNewestFloats`; the time of a stale marker is noted too, since it hides older histograms. */
function fillNewestWithStale(
  floats: FloatColumn,
  grid: Grid,
  lookbackMs: number,
  out: SeriesBuilder,
  times: Float64Array,
): void {
  const words = wordsOf(floats);
  let next = 0;
  for (let step = 0; step < grid.steps; step++) {
    const timeMs = gridTime(grid, step);
    while (next < floats.count && floats.timesMs[next]! <= timeMs) next++;
    const at = next - 1;
    times[step] = Number.NEGATIVE_INFINITY;
    if (at < 0 || floats.timesMs[at]! <= timeMs - lookbackMs) continue;
    times[step] = floats.timesMs[at]!;
    out.values[step] = floats.values[at]!;
    out.presence[step] = isStaleAt(words, at) ? absent : isFloat;
  }
}
