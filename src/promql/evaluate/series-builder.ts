/** A series that is being computed, step by step in any order. */
import type { FloatHistogram } from '../histogram/float-histogram.js';
import type { SeriesLabels } from './series-labels.js';
import { absent, isFloat, isHistogram, type VectorSeries } from './value.js';

export interface SeriesBuilder {
  labels: SeriesLabels;
  dropsName: boolean;
  values: Float64Array;
  presence: Uint8Array;
  histograms: (FloatHistogram | undefined)[] | undefined;
}

export const createSeries = (labels: SeriesLabels, steps: number, dropsName: boolean): SeriesBuilder => ({
  labels,
  dropsName,
  values: new Float64Array(steps),
  presence: new Uint8Array(steps),
  histograms: undefined,
});

export function setFloat(series: SeriesBuilder, step: number, value: number): void {
  series.values[step] = value;
  series.presence[step] = isFloat;
}

export function setHistogram(series: SeriesBuilder, step: number, histogram: FloatHistogram): void {
  series.histograms ??= new Array<FloatHistogram | undefined>(series.values.length).fill(undefined);
  series.histograms[step] = histogram;
  series.presence[step] = isHistogram;
}

export function clearStep(series: SeriesBuilder, step: number): void {
  series.presence[step] = absent;
}

/** Takes over what another series holds at a step. */
export function copyStep(to: SeriesBuilder, from: VectorSeries, step: number): void {
  if (from.presence[step] === isHistogram) setHistogram(to, step, from.histograms![step]!);
  else if (from.presence[step] === isFloat) setFloat(to, step, from.values[step]!);
}
