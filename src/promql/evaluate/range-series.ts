/** The samples of range vectors: those of a selector without stale markers, or a subquery's results. */
import { type FloatHistogram, withCounterReset } from '../histogram/float-histogram.js';
import type { Evaluation } from './evaluation.js';
import { type Grid, gridBetween, gridTime } from './grid.js';
import type { RangeSelectorNode, SubqueryNode } from './plan.js';
import { type HistogramColumn, withoutStale } from './sample-columns.js';
import { noLabels } from './series-labels.js';
import { StreamedColumn } from './streamed-column.js';
import { constantScalar, histogramSteps, isFloat, type RangeSeries, type Value, type VectorSeries } from './value.js';

export const selectedRange = (node: RangeSelectorNode, evaluation: Evaluation): RangeSeries[] =>
  evaluation.fetched[node.selection]!.map(({ labels, floats, histograms }) => ({
    labels,
    dropsName: false,
    floats: floats instanceof StreamedColumn ? floats.withoutStale() : withoutStale(floats),
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
  const gridTimes = Float64Array.from({ length: inner.steps }, (_, step) => gridTime(inner, step));
  return seriesOf(value).map((series) => columnsOf(series, gridTimes));
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

/** A series with a float at every step shares the grid's times and its own values. */
function columnsOf(series: VectorSeries, gridTimes: Float64Array): RangeSeries {
  const { labels, dropsName, values, presence, histograms } = series;
  const steps = histogramSteps(series);
  const column: HistogramColumn | undefined =
    steps.length === 0
      ? undefined
      : {
          timesMs: Float64Array.from(steps, (step) => gridTimes[step]!),
          values: steps.map((step) => withoutResetHint(histograms![step]!)),
        };
  let count = 0;
  for (let step = 0; step < presence.length; step++) if (presence[step] === isFloat) count++;
  if (count === presence.length)
    return { labels, dropsName, floats: { timesMs: gridTimes, values, count }, histograms: column };
  const floats = { timesMs: new Float64Array(count), values: new Float64Array(count), count };
  let next = 0;
  for (let step = 0; step < presence.length; step++) {
    if (presence[step] !== isFloat) continue;
    floats.timesMs[next] = gridTimes[step]!;
    floats.values[next++] = values[step]!;
  }
  return { labels, dropsName, floats, histograms: column };
}

/** A subquery may leave samples out or give them twice, so that what a hint says of the sample before no longer holds. */
const withoutResetHint = (histogram: FloatHistogram): FloatHistogram =>
  histogram.counterReset === 'gauge' ? histogram : withCounterReset(histogram, 'unknown');
