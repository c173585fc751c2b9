/**
 * How functions over range vectors are written: they are given one series' columns and the bounds of all its windows, and fill in
 * the results of the whole grid. What they do with floats is columnar and allocates nothing per window; the rare windows with
 * native histograms are handled one by one.
 */
import type { RangeExtension, SourceRange } from '../../ast.js';
import type { Annotations } from '../../evaluate/annotations.js';
import type { FloatColumn, HistogramColumn } from '../../evaluate/sample-columns.js';
import type { SeriesBuilder } from '../../evaluate/series-builder.js';
import type { SeriesLabels } from '../../evaluate/series-labels.js';
import type { WindowBounds, Windows } from '../../evaluate/windows.js';
import type { RangeScratch } from './range-scratch.js';

/** One series under one function. */
export interface RangeCall {
  readonly labels: SeriesLabels;
  /** Without stale markers; with start times only where they count. */
  readonly floats: FloatColumn;
  readonly histograms: HistogramColumn;
  /** Where the samples are read; the times of evaluation differ from them by an offset. */
  readonly windows: Windows;
  readonly floatBounds: WindowBounds;
  readonly histogramBounds: WindowBounds;
  /** Times of evaluation, by step, epoch milliseconds. */
  readonly evaluationMs: (step: number) => number;
  /** The other arguments, in their order, by step. */
  readonly scalars: readonly Float64Array[];
  /** Where the range vector stands in the query. */
  readonly at: SourceRange;
  /** Where the other arguments stand. */
  readonly scalarsAt: readonly SourceRange[];
  readonly annotations: Annotations;
  readonly scratch: RangeScratch;
}

export type WindowFunction = (call: RangeCall, step: number, out: SeriesBuilder) => void;

export interface RangeFunction {
  /** Fills in the steps whose windows hold floats enough. */
  readonly floats: (call: RangeCall, out: SeriesBuilder) => void;
  /**
   * What becomes of a window with histograms, after `floats` ran. Where undefined, histograms are ignored, and an info says so
   * where floats are with them.
   */
  readonly histograms: WindowFunction | undefined;
  /** With `anchored` or `smoothed` selectors, whose windows reach beyond the range. */
  readonly extended?: Readonly<Partial<Record<RangeExtension, WindowFunction>>>;
  /** Like an offset, the function gives back the samples themselves. */
  readonly keepsName?: boolean;
  /** Whether the start times of samples tell it of counter resets. */
  readonly usesStartTimes?: boolean;
  /** Whether a metric that is not named like a counter deserves a remark. */
  readonly isForCounters?: boolean;
}
