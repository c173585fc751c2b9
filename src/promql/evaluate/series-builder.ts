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

/** Makes series of one length out of shared memory. */
export interface SeriesAllocator {
  readonly create: (labels: SeriesLabels, dropsName: boolean) => SeriesBuilder;
  /** Gives back the series made last, where nothing came of it; nobody may hold it any more. */
  readonly discard: (series: SeriesBuilder) => void;
}

/** Bytes of values that are allocated at once. Measured: allocating each series by itself costs as much as a rate over it. */
const slabBytesMax = 2 ** 18;

/** For at most so many series. */
export function createSeriesAllocator(steps: number, seriesMax: number): SeriesAllocator {
  const slabSeries = Math.max(1, Math.min(seriesMax, Math.floor(slabBytesMax / (8 * Math.max(steps, 1)))));
  let values = new Float64Array(0);
  let presence = new Uint8Array(0);
  let used = slabSeries;
  return {
    create(labels, dropsName) {
      if (used === slabSeries) {
        values = new Float64Array(slabSeries * steps);
        presence = new Uint8Array(slabSeries * steps);
        used = 0;
      }
      const from = used++ * steps;
      return {
        labels,
        dropsName,
        values: values.subarray(from, from + steps),
        presence: presence.subarray(from, from + steps),
        histograms: undefined,
      };
    },
    discard(series) {
      series.presence.fill(absent);
      used--;
    },
  };
}

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
