/** What a query gives. */
import type { Labels } from '../../model/labels.js';
import type { FloatHistogram } from '../histogram/float-histogram.js';
import type { Annotation } from './annotations.js';

/** Samples of one series, floats and histograms each in the order of time. Times are epoch milliseconds. */
export interface ResultSeries {
  readonly labels: Labels;
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
  readonly histogramTimesMs: Float64Array;
  readonly histograms: readonly FloatHistogram[];
}

export interface ResultSample {
  readonly labels: Labels;
  readonly value: number | FloatHistogram;
}

export type QueryData =
  | { readonly kind: 'scalar'; readonly timeMs: number; readonly value: number }
  | { readonly kind: 'string'; readonly timeMs: number; readonly value: string }
  /** In the order of the query's own making. */
  | { readonly kind: 'vector'; readonly timeMs: number; readonly samples: readonly ResultSample[] }
  /** Ordered by labels. */
  | { readonly kind: 'matrix'; readonly series: readonly ResultSeries[] };

export interface QueryResult {
  readonly data: QueryData;
  readonly annotations: readonly Annotation[];
  /** Samples read from the source, and the most that were held at once. */
  readonly samplesRead: number;
  readonly samplesPeak: number;
}
