/**
 * Where samples come from. Everything that a query reads is asked for before anything is computed, so that evaluation itself is
 * synchronous and pure, and can run in a worker thread on what was fetched.
 */
import type { Labels } from '../../model/labels.js';
import type { Matcher } from '../../model/matcher.js';
import type { FloatColumn, HistogramColumn } from './sample-columns.js';
import type { SeriesLabels } from './series-labels.js';

export interface SelectedSeries {
  /** Sorted, unique among the series of an answer. */
  readonly labels: Labels;
  /** The same as the evaluator handles them, from a source that keeps them from query to query with the keys made of them. */
  readonly keyedLabels?: SeriesLabels;
  readonly floats: FloatColumn;
  readonly histograms?: HistogramColumn | undefined;
}

/** What the samples are for. A source may use it to read less; it must not change what the query gives. */
export interface SelectHints {
  /** Step of the grid on which they are read, milliseconds; 0 for an instant query. */
  readonly stepMs: number;
  /** Range of the selector, milliseconds; 0 for an instant vector. */
  readonly rangeMs: number;
  /** The nearest function or aggregation around the selector, if any. */
  readonly functionName: string | undefined;
  /** False where of histograms only counts and sums are asked for. */
  readonly needsBuckets: boolean;
}

export interface SampleSource {
  /** All series that satisfy all matchers, with their samples from `fromMs` to `toMs`, both inclusive; more does no harm. */
  readonly select: (
    matchers: readonly Matcher[],
    fromMs: number,
    toMs: number,
    hints: SelectHints,
  ) => Promise<readonly SelectedSeries[]>;
}
