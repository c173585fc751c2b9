/** `timestamp` and `start_timestamp`: over a selector, the samples' own times; over anything else, the time of evaluation. */
import type { Evaluation, FetchedSeries } from '../evaluate/evaluation.js';
import { type Grid, gridTime } from '../evaluate/grid.js';
import type { SelectorNode } from '../evaluate/plan.js';
import { readGrid } from '../evaluate/read-grid.js';
import { fillNewest } from '../evaluate/select-instant.js';
import { createSeries } from '../evaluate/series-builder.js';
import { absent, hasValues, isFloat, type VectorSeries, type VectorValue, vectorOf } from '../evaluate/value.js';

/** Seconds at which the samples of a selector were taken. */
export const timesOfSamples = (selector: SelectorNode, grid: Grid, evaluation: Evaluation): VectorValue =>
  ofSamples(selector, grid, evaluation, (_, timeMs) => timeMs);

/** Seconds at which the counters of a selector's samples began; 0 where unknown. */
export const startTimesOfSamples = (selector: SelectorNode, grid: Grid, evaluation: Evaluation): VectorValue =>
  evaluation.usesStartTimes ? ofSamples(selector, grid, evaluation, startTimeAt) : vectorOf([]);

function ofSamples(
  selector: SelectorNode,
  grid: Grid,
  evaluation: Evaluation,
  msOf: (series: FetchedSeries, timeMs: number) => number,
): VectorValue {
  const results: VectorSeries[] = [];
  for (const series of evaluation.fetched[selector.selection]!) {
    evaluation.checkpoint();
    const newest = createSeries(series.labels, grid.steps, true);
    const timesMs = new Float64Array(grid.steps);
    fillNewest(series, readGrid(selector, grid), evaluation.lookbackMs, newest, timesMs);
    if (!hasValues(newest)) continue;
    const values = timesMs.map((timeMs, step) => (newest.presence[step] === absent ? 0 : msOf(series, timeMs) / 1000));
    results.push({ ...newest, values, presence: newest.presence.map(asFloat), histograms: undefined });
  }
  return vectorOf(results);
}

function startTimeAt({ floats, histograms }: FetchedSeries, timeMs: number): number {
  const at = placeOf(floats.timesMs, floats.count, timeMs);
  if (at < floats.count && floats.timesMs[at] === timeMs) return floats.startTimesMs?.[at] ?? 0;
  if (histograms === undefined) return 0;
  return histograms.startTimesMs?.[placeOf(histograms.timesMs, histograms.values.length, timeMs)] ?? 0;
}

/** The first of timesMs[0, count) that is not before a time. */
function placeOf(timesMs: Float64Array, count: number, timeMs: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timesMs[middle]! < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Seconds of the steps at which a computed vector has values. */
export const timesOfSteps = (series: readonly VectorSeries[], grid: Grid): VectorValue =>
  vectorOf(
    series.map(({ labels, presence }) => ({
      labels,
      dropsName: true,
      values: Float64Array.from(presence, (_, step) => gridTime(grid, step) / 1000),
      presence: presence.map(asFloat),
      histograms: undefined,
    })),
  );

const asFloat = (held: number): number => (held === absent ? absent : isFloat);
