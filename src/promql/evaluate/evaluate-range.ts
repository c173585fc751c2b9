/** Range vectors as results of instant queries: the samples of one window, at their own times. */
import { BarographError } from '../../base/errors.js';
import type { Evaluation } from './evaluation.js';
import { withBorders } from './extended-range.js';
import type { Grid } from './grid.js';
import type { RangeSelectorNode, SubqueryNode } from './plan.js';
import { selectedRange, subqueryRange } from './range-series.js';
import { readGrid } from './read-grid.js';
import type { FloatColumn, HistogramColumn } from './sample-columns.js';
import type { RangeSeries, RangeValue } from './value.js';
import { createWindowBounds, findWindows, type Windows } from './windows.js';

/** Throws `query_failed` for histograms under an extended selector. */
export function evaluateRange(node: RangeSelectorNode | SubqueryNode, grid: Grid, evaluation: Evaluation): RangeValue {
  if (node.kind === 'subquery') return { kind: 'matrix', series: subqueryRange(node, grid, evaluation) };
  const { startMs } = readGrid(node, grid);
  const { lookbackMs } = evaluation;
  const { extension, rangeMs } = node;
  const reachesBack = extension === undefined ? 0 : lookbackMs;
  const reachesOn = extension === 'smoothed' ? lookbackMs : 0;
  const window: Windows = {
    startMs: startMs + reachesOn,
    stepMs: 0,
    steps: 1,
    rangeMs: rangeMs + reachesBack + reachesOn,
  };
  const series = selectedRange(node, evaluation)
    .map((each) => ({
      ...each,
      floats: floatsIn(each.floats, window),
      histograms: histogramsIn(each.histograms, window),
    }))
    .filter(({ floats, histograms }) => floats.count > 0 || histograms !== undefined)
    .map((each): RangeSeries => {
      if (extension === undefined) return each;
      if (each.histograms !== undefined)
        throw new BarographError('query_failed', `${extension} modifier is not supported with histograms`);
      return { ...each, floats: withBorders(each.floats, startMs - rangeMs, startMs, extension) };
    })
    .filter(({ floats, histograms }) => floats.count > 0 || histograms !== undefined);
  return { kind: 'matrix', series };
}

function boundsIn(timesMs: Float64Array, count: number, window: Windows): readonly [number, number] {
  const bounds = createWindowBounds(1);
  findWindows(timesMs, count, window, bounds);
  return [bounds.starts[0]!, bounds.ends[0]!];
}

function floatsIn({ timesMs, values, count }: FloatColumn, window: Windows): FloatColumn {
  const [start, end] = boundsIn(timesMs, count, window);
  return { timesMs: timesMs.subarray(start, end), values: values.subarray(start, end), count: end - start };
}

function histogramsIn(column: HistogramColumn | undefined, window: Windows): HistogramColumn | undefined {
  if (column === undefined) return undefined;
  const [start, end] = boundsIn(column.timesMs, column.values.length, window);
  if (start === end) return undefined;
  return { timesMs: column.timesMs.subarray(start, end), values: column.values.slice(start, end) };
}
