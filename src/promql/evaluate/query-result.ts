/** What a query gives. */
import type { Labels } from '../../model/labels.js';
import type { FloatHistogram } from '../histogram/float-histogram.js';
import type { Annotation } from './annotations.js';
import type { SeriesLabels } from './series-labels.js';

/** Samples of one series, floats and histograms each in the order of time. Times are epoch milliseconds. */
export interface ResultSeries {
  readonly labels: Labels;
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
  readonly histogramTimesMs: Float64Array;
  readonly histograms: readonly FloatHistogram[];
  /** Of a series of floats alone that the result cache keeps as JSON too. */
  readonly printed?: PrintedSeries;
}

/** A series as bytes of JSON. */
export interface PrintedSeries {
  readonly labels: Uint8Array;
  /** The points, each behind a comma: see `point-texts.ts`. */
  readonly points: Uint8Array;
}

export interface ResultSample {
  readonly labels: Labels;
  /** The same, with texts that may be there from earlier queries. */
  readonly keyedLabels: SeriesLabels;
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
