/** Values as a whole: repeated at every step, or with their signs changed. */
import { multiplyHistogram } from '../histogram/float-histogram.js';
import type { Value, VectorSeries } from './value.js';

/** A value of one step, or none, at each of `steps`. Range vectors stay what they are. */
export function repeated(value: Value, steps: number): Value {
  if (steps <= 1) return value;
  switch (value.kind) {
    case 'scalar':
      return { ...value, values: new Float64Array(steps).fill(value.values[0]!) };
    case 'vector':
      return { ...value, series: value.series.map((series) => repeatedSeries(series, steps)) };
    default:
      return value;
  }
}

const repeatedSeries = ({ values, presence, histograms, ...series }: VectorSeries, steps: number): VectorSeries => ({
  ...series,
  values: new Float64Array(steps).fill(values[0]!),
  presence: new Uint8Array(steps).fill(presence[0]!),
  histograms: histograms && new Array(steps).fill(histograms[0]),
});

/** With a minus; the metric's name no longer holds. */
export function negated(value: Value): Value {
  if (value.kind === 'scalar') return { ...value, values: value.values.map((each) => -each) };
  if (value.kind !== 'vector') return value;
  const series = value.series.map((each) => ({
    ...each,
    dropsName: true,
    values: each.values.map((one) => -one),
    histograms: each.histograms?.map((histogram) => histogram && multiplyHistogram(histogram, -1)),
  }));
  return { ...value, series };
}
