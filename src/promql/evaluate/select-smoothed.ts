/**
 * `smoothed` instant vectors: at each step, the value on the line between the samples around it; the last one where none follows
 * within the look-back. Source: Prometheus, promql/engine.go, `smoothSeries`.
 */

import { interpolate } from '../functions/range/extended-rate.js';
import { interpolateHistograms } from '../functions/range/extended-rate-histograms.js';
import { usesCustomBounds, withCounterReset } from '../histogram/float-histogram.js';
import { mixedFloatsHistograms, mixedSchemas } from './annotation-kinds.js';
import type { Evaluation } from './evaluation.js';
import { type Grid, gridTime } from './grid.js';
import type { SelectorNode } from './plan.js';
import { readGrid } from './read-grid.js';
import { type HistogramColumn, withoutStale } from './sample-columns.js';
import { createSeries, type SeriesBuilder, setFloat, setHistogram } from './series-builder.js';
import { metricNameOf, type SeriesLabels } from './series-labels.js';
import { hasValues, type VectorSeries, type VectorValue, vectorOf } from './value.js';
import { createWindowBounds, findWindows, type WindowBounds } from './windows.js';

export function selectSmoothed(node: SelectorNode, grid: Grid, evaluation: Evaluation): VectorValue {
  const { lookbackMs, annotations } = evaluation;
  const times = readGrid(node, grid);
  const windows = { ...times, startMs: times.startMs + lookbackMs, rangeMs: 2 * lookbackMs };
  const results: VectorSeries[] = [];
  for (const { labels, floats: all, histograms } of evaluation.fetched[node.selection]!) {
    const floats = withoutStale(all);
    const out = createSeries(labels, grid.steps, false);
    const floatBounds = createWindowBounds(grid.steps);
    const histogramBounds = createWindowBounds(grid.steps);
    findWindows(floats.timesMs, floats.count, windows, floatBounds);
    if (histograms !== undefined) findWindows(histograms.timesMs, histograms.values.length, windows, histogramBounds);
    for (let step = 0; step < grid.steps; step++) {
      const hasFloats = floatBounds.starts[step]! < floatBounds.ends[step]!;
      const hasHistograms = histogramBounds.starts[step]! < histogramBounds.ends[step]!;
      const timeMs = gridTime(times, step);
      if (hasFloats && hasHistograms) annotations.add(mixedFloatsHistograms(metricNameOf(labels), node.range));
      else if (hasHistograms)
        smoothHistogram(histograms!, histogramBounds, timeMs, step, { labels, node, evaluation }, out);
      else if (hasFloats) {
        const around = samplesAround(floats.timesMs, floatBounds, step, timeMs);
        if (around !== undefined)
          setFloat(
            out,
            step,
            around.isAlone ? floats.values[around.at]! : interpolate(floats, around.at, timeMs, false),
          );
      }
    }
    if (hasValues(out)) results.push(out);
  }
  return vectorOf(results);
}

/** The sample at a time, or the two around it, of which `at` is the first; alone where none follows. Undefined where none precedes. */
function samplesAround(
  timesMs: Float64Array,
  { starts, ends }: WindowBounds,
  step: number,
  timeMs: number,
): { readonly at: number; readonly isAlone: boolean } | undefined {
  const [start, end] = [starts[step]!, ends[step]!];
  let next = start;
  while (next < end && timesMs[next]! < timeMs) next++;
  if (next < end && timesMs[next] === timeMs) return { at: next, isAlone: true };
  return next === start ? undefined : { at: next - 1, isAlone: next === end };
}

function smoothHistogram(
  column: HistogramColumn,
  bounds: WindowBounds,
  timeMs: number,
  step: number,
  { labels, node, evaluation }: { labels: SeriesLabels; node: SelectorNode; evaluation: Evaluation },
  out: SeriesBuilder,
): void {
  const around = samplesAround(column.timesMs, bounds, step, timeMs);
  if (around === undefined) return;
  const before = column.values[around.at]!;
  if (around.isAlone) {
    const isExact = column.timesMs[around.at] === timeMs;
    setHistogram(out, step, isExact ? before : withCounterReset(before, 'unknown'));
    return;
  }
  const after = column.values[around.at + 1]!;
  const noting = { labels, annotations: evaluation.annotations, at: node.range };
  if (usesCustomBounds(before) !== usesCustomBounds(after)) {
    noting.annotations.add(mixedSchemas(metricNameOf(labels), node.range));
    return;
  }
  const isCounter = before.counterReset !== 'gauge' || after.counterReset !== 'gauge';
  const between = interpolateHistograms(column, around.at, timeMs, isCounter, noting);
  if (between !== undefined) setHistogram(out, step, between);
}
