/** Functions of one number, step by step. What they give no longer is what the metric's name says. */
import { absent, hasValues, isFloat, isHistogram, type VectorSeries } from '../evaluate/value.js';
import type { FloatHistogram } from '../histogram/float-histogram.js';

/** The floats of a vector changed; histograms are left out. */
export function mapFloats(
  series: readonly VectorSeries[],
  change: (value: number, step: number) => number,
): VectorSeries[] {
  const results: VectorSeries[] = [];
  for (const each of series) {
    const values = new Float64Array(each.values.length);
    for (let step = 0; step < values.length; step++)
      if (each.presence[step] === isFloat) values[step] = change(each.values[step]!, step);
    const presence = each.histograms === undefined ? each.presence : each.presence.map(floatOnly);
    const result = { labels: each.labels, dropsName: true, values, presence, histograms: undefined };
    if (each.histograms === undefined || hasValues(result)) results.push(result);
  }
  return results;
}

const floatOnly = (presence: number): number => (presence === isFloat ? isFloat : absent);

/** A number of each histogram of a vector; floats are left out. */
export function mapHistograms(
  series: readonly VectorSeries[],
  numberOf: (histogram: FloatHistogram, step: number) => number,
): VectorSeries[] {
  return series
    .filter(({ histograms }) => histograms !== undefined)
    .map((each) => {
      const values = new Float64Array(each.values.length);
      const presence = new Uint8Array(values.length);
      for (let step = 0; step < values.length; step++) {
        if (each.presence[step] !== isHistogram) continue;
        values[step] = numberOf(each.histograms![step]!, step);
        presence[step] = isFloat;
      }
      return { labels: each.labels, dropsName: true, values, presence, histograms: undefined };
    })
    .filter(hasValues);
}
