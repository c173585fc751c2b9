/** Runs a function over a range vector: series by series, each over the whole grid. */

import { BarographError } from '../../../base/errors.js';
import type { RangeExtension, SourceRange } from '../../ast.js';
import { ignoredInRange, possibleNonCounter } from '../../evaluate/annotation-kinds.js';
import type { Evaluation } from '../../evaluate/evaluation.js';
import { type Grid, gridTime } from '../../evaluate/grid.js';
import type { HistogramColumn } from '../../evaluate/sample-columns.js';
import { createSeriesAllocator, type SeriesBuilder } from '../../evaluate/series-builder.js';
import { metricNameOf, type SeriesLabels } from '../../evaluate/series-labels.js';
import { countMaxOf, StreamedColumn, transientFloats } from '../../evaluate/streamed-column.js';
import { hasValues, isFloat, type RangeSeries, type VectorSeries } from '../../evaluate/value.js';
import { createWindowBounds, findWindows, type WindowBounds, type Windows } from '../../evaluate/windows.js';
import { type KernelFunction, kernelFunctionOf } from './kernel-functions.js';
import type { RangeCall, RangeFunction } from './range-function.js';
import { rangeFunctions } from './range-functions.js';
import { createRangeScratch } from './range-scratch.js';

/** A range vector and where its windows lie. */
export interface RangeArgument {
  readonly series: readonly RangeSeries[];
  /** At the times that samples are read: less the offset, all the same with `@`. */
  readonly windows: Windows;
  readonly extension: RangeExtension | undefined;
  readonly at: SourceRange;
  /** Where the other arguments stand. */
  readonly scalarsAt: readonly SourceRange[];
}

export function callRangeFunction(
  name: string,
  argument: RangeArgument,
  scalars: readonly Float64Array[],
  grid: Grid,
  evaluation: Evaluation,
): VectorSeries[] {
  const implementation = rangeFunctions.get(name)!;
  const run = runnerOf(name, implementation, argument.extension, evaluation.lookbackMs);
  const shared = sharedParts(argument, scalars, grid, evaluation);
  const inKernel = argument.extension === undefined ? kernelFunctionOf(name) : undefined;
  const noteName = nonCounterNotes(implementation, argument.at, evaluation);
  const results: VectorSeries[] = [];
  const allocator = createSeriesAllocator(grid.steps, argument.series.length);
  for (const series of argument.series) {
    evaluation.checkpoint();
    evaluation.budget.check(results.length * grid.steps);
    const out = allocator.create(series.labels, series.dropsName || implementation.keepsName !== true);
    const isFilled = inKernel !== undefined && fillInKernel(series, inKernel, argument.windows, out);
    if (!isFilled) run(callOn(series, shared, implementation, evaluation), out);
    if (!hasValues(out)) {
      allocator.discard(out);
      continue;
    }
    results.push(out);
    if (out.presence.includes(isFloat)) noteName(out.labels);
  }
  return results;
}

/** False with nothing done where the series does not lie in chunks, or is none for the kernel. */
function fillInKernel(
  { floats, histograms }: RangeSeries,
  inKernel: KernelFunction,
  windows: Windows,
  out: SeriesBuilder,
): boolean {
  if (!(floats instanceof StreamedColumn) || histograms !== undefined) return false;
  const { grid } = floats;
  grid.setGrid(windows);
  floats.load();
  const present = inKernel(grid);
  if (present > 0) grid.copyResults(out.values, out.presence);
  return present >= 0;
}

type SharedParts = Omit<RangeCall, 'labels' | 'floats' | 'histograms'>;

const noHistograms: HistogramColumn = { timesMs: new Float64Array(0), values: [] };

function sharedParts(
  { series, windows, at, scalarsAt }: RangeArgument,
  scalars: readonly Float64Array[],
  grid: Grid,
  { annotations }: Evaluation,
): SharedParts {
  const longest = series.reduce((most, { floats }) => Math.max(most, countMaxOf(floats)), 0);
  return {
    windows,
    floatBounds: createWindowBounds(grid.steps),
    histogramBounds: createWindowBounds(grid.steps),
    evaluationMs: (step) => gridTime(grid, step),
    scalars,
    at,
    scalarsAt,
    annotations,
    scratch: createRangeScratch(longest, grid.steps),
  };
}

function callOn(
  { labels, floats: column, histograms = noHistograms }: RangeSeries,
  shared: SharedParts,
  { usesStartTimes = false }: RangeFunction,
  evaluation: Evaluation,
): RangeCall {
  const floats = transientFloats(column);
  const keepsStarts = usesStartTimes && evaluation.usesStartTimes;
  return {
    ...shared,
    labels,
    floats: keepsStarts || floats.startTimesMs === undefined ? floats : { ...floats, startTimesMs: undefined },
    histograms:
      keepsStarts || histograms.startTimesMs === undefined ? histograms : { ...histograms, startTimesMs: undefined },
  };
}

type Runner = (call: RangeCall, out: SeriesBuilder) => void;

/** Throws `query_failed` where the function does not take the selector's extension. */
function runnerOf(
  name: string,
  implementation: RangeFunction,
  extension: RangeExtension | undefined,
  lookbackMs: number,
): Runner {
  if (extension === undefined) return (call, out) => runPlain(implementation, call, out);
  const extended = implementation.extended?.[extension];
  if (extended === undefined) {
    const able = [...rangeFunctions]
      .filter(([, each]) => each.extended?.[extension] !== undefined)
      .map(([each]) => each);
    throw new BarographError(
      'query_failed',
      `${extension} modifier can only be used with: ${able.sort().join(', ')} - not with ${name}`,
    );
  }
  return (call, out) => {
    findAll(call, reachingOut(call.windows, extension, lookbackMs));
    for (let step = 0; step < call.windows.steps; step++) {
      const samples = sizeAt(call.floatBounds, step) + sizeAt(call.histogramBounds, step);
      if (samples > 0) extended(call, step, out);
    }
  };
}

/** The windows with the samples beyond the range that stand for the values at its borders. */
const reachingOut = (windows: Windows, extension: RangeExtension, lookbackMs: number): Windows =>
  extension === 'anchored'
    ? { ...windows, rangeMs: windows.rangeMs + lookbackMs }
    : { ...windows, startMs: windows.startMs + lookbackMs, rangeMs: windows.rangeMs + 2 * lookbackMs };

function findAll({ floats, histograms, floatBounds, histogramBounds }: RangeCall, windows: Windows): void {
  findWindows(floats.timesMs, floats.count, windows, floatBounds);
  findWindows(histograms.timesMs, histograms.values.length, windows, histogramBounds);
}

const sizeAt = ({ starts, ends }: WindowBounds, step: number): number => ends[step]! - starts[step]!;

function runPlain(implementation: RangeFunction, call: RangeCall, out: SeriesBuilder): void {
  findAll(call, call.windows);
  implementation.floats(call, out);
  if (call.histograms.values.length === 0) return;
  for (let step = 0; step < call.windows.steps; step++) {
    if (sizeAt(call.histogramBounds, step) === 0) continue;
    if (implementation.histograms !== undefined) implementation.histograms(call, step, out);
    else if (sizeAt(call.floatBounds, step) > 0)
      call.annotations.add(ignoredInRange(metricNameOf(call.labels), call.at));
  }
}

const counterSuffixes = ['_total', '_sum', '_count', '_bucket'];

/** Remarks on metrics under functions for counters that are not named like some, told of each series with floats. */
export function nonCounterNotes(
  { isForCounters = false }: RangeFunction,
  at: SourceRange,
  { annotations }: Evaluation,
): (labels: SeriesLabels) => void {
  let last = '';
  return (labels) => {
    if (!isForCounters) return;
    const name = metricNameOf(labels);
    if (name === last) return;
    last = name;
    if (!counterSuffixes.some((suffix) => name.endsWith(suffix))) annotations.add(possibleNonCounter(name, at));
  };
}
