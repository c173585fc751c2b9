/**
 * What expressions evaluate to on a grid. A vector is columnar: each series has one number for each step of the grid, and a byte
 * that says whether the step has a value (NaN is a value like any other). The labels of a vector's series are unique.
 */
import type { FloatHistogram } from '../histogram/float-histogram.js';
import type { FloatColumn, HistogramColumn } from './sample-columns.js';
import type { SeriesLabels } from './series-labels.js';

/** What a step of a series holds. */
export const absent = 0;
export const isFloat = 1;
export const isHistogram = 2;

export interface VectorSeries {
  readonly labels: SeriesLabels;
  /**
   * The metric's name no longer describes the values, and goes once the query is done. Until then functions and groupings still
   * see it. (Prometheus: delayed name removal.)
   */
  readonly dropsName: boolean;
  /** One for each step; anything where `presence` is not `isFloat`. */
  readonly values: Float64Array;
  readonly presence: Uint8Array;
  /** By step, where `presence` is `isHistogram`. Undefined where no step is. */
  readonly histograms: readonly (FloatHistogram | undefined)[] | undefined;
}

/** A series of a range vector: samples at times of their own, without stale markers. */
export interface RangeSeries {
  readonly labels: SeriesLabels;
  readonly dropsName: boolean;
  readonly floats: FloatColumn;
  readonly histograms: HistogramColumn | undefined;
}

export interface ScalarValue {
  readonly kind: 'scalar';
  /** One for each step. */
  readonly values: Float64Array;
}

export interface StringValue {
  readonly kind: 'string';
  readonly value: string;
}

export interface VectorValue {
  readonly kind: 'vector';
  readonly series: readonly VectorSeries[];
}

export interface RangeValue {
  readonly kind: 'matrix';
  readonly series: readonly RangeSeries[];
}

export type Value = ScalarValue | StringValue | VectorValue | RangeValue;

export const vectorOf = (series: readonly VectorSeries[]): VectorValue => ({ kind: 'vector', series });

export const scalarOf = (values: Float64Array): ScalarValue => ({ kind: 'scalar', values });

export const constantScalar = (value: number, steps: number): ScalarValue =>
  scalarOf(new Float64Array(steps).fill(value));

/** Whether any step has a value. */
export const hasValues = ({ presence }: VectorSeries): boolean => {
  for (let step = 0; step < presence.length; step++) if (presence[step] !== absent) return true;
  return false;
};

/** Steps of a series that hold a histogram, in order. */
export function histogramSteps({ presence, histograms }: VectorSeries): number[] {
  const steps: number[] = [];
  if (histograms !== undefined)
    for (let step = 0; step < presence.length; step++) if (presence[step] === isHistogram) steps.push(step);
  return steps;
}
