/** The samples of range vectors: those of a selector without stale markers, or a subquery's results. */
import type { FloatHistogram } from '../histogram/float-histogram.js';
import { withCounterReset } from '../histogram/float-histogram.js';
import type { Evaluation } from './evaluation.js';
import { type Grid, gridBetween, gridTime } from './grid.js';
import type { RangeSelectorNode, SubqueryNode } from './plan.js';
import { type HistogramColumn, noFloats, withoutStale } from './sample-columns.js';
import { noLabels } from './series-labels.js';
import { constantScalar, isFloat, isHistogram, type RangeSeries, type Value, type VectorSeries } from './value.js';

export const selectedRange = (node: RangeSelectorNode, evaluation: Evaluation): RangeSeries[] =>
  evaluation.fetched[node.selection]!.map(({ labels, floats, histograms }) => ({
    labels,
    dropsName: false,
    floats: withoutStale(floats),
    histograms,
  }));

/**
 * A subquery's series: its expression on a grid of its own, whose times are whole multiples of its step, from after the start of
 * the outer grid's first window to the end of its last.
 */
export function subqueryRange(node: SubqueryNode, grid: Grid, evaluation: Evaluation): RangeSeries[] {
  const inner = subqueryGrid(node, grid);
  evaluation.budget.check(inner.steps);
  const value = evaluation.evaluate(node.expression, inner);
  return seriesOf(value).map((series) => columnsOf(series, inner));
}

function subqueryGrid({ atMs, offsetMs, rangeMs, stepMs }: SubqueryNode, grid: Grid): Grid {
  const firstMs = (atMs ?? grid.startMs) - offsetMs - rangeMs;
  const lastMs = (atMs ?? gridTime(grid, Math.max(grid.steps - 1, 0))) - offsetMs;
  return gridBetween((Math.floor(firstMs / stepMs) + 1) * stepMs, lastMs, stepMs);
}

function seriesOf(value: Value): readonly VectorSeries[] {
  if (value.kind === 'vector') return value.series;
  const values = value.kind === 'scalar' ? value.values : constantScalar(0, 0).values;
  const presence = new Uint8Array(values.length).fill(isFloat);
  return [{ labels: noLabels, dropsName: false, values, presence, histograms: undefined }];
}

function columnsOf({ labels, dropsName, values, presence, histograms }: VectorSeries, grid: Grid): RangeSeries {
  const floatSteps: number[] = [];
  const histogramSteps: number[] = [];
  for (let step = 0; step < grid.steps; step++) {
    if (presence[step] === isFloat) floatSteps.push(step);
    else if (presence[step] === isHistogram) histogramSteps.push(step);
  }
  const timesOf = (steps: readonly number[]): Float64Array => Float64Array.from(steps, (step) => gridTime(grid, step));
  const floats =
    floatSteps.length === 0
      ? noFloats
      : {
          timesMs: timesOf(floatSteps),
          values: Float64Array.from(floatSteps, (step) => values[step]!),
          count: floatSteps.length,
        };
  const column: HistogramColumn | undefined =
    histogramSteps.length === 0
      ? undefined
      : {
          timesMs: timesOf(histogramSteps),
          values: histogramSteps.map((step) => withoutResetHint(histograms![step]!)),
        };
  return { labels, dropsName, floats, histograms: column };
}

/** A subquery may leave samples out or give them twice, so that what a hint says of the sample before no longer holds. */
const withoutResetHint = (histogram: FloatHistogram): FloatHistogram =>
  histogram.counterReset === 'gauge' ? histogram : withCounterReset(histogram, 'unknown');
