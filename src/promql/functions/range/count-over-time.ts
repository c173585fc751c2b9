/** How many samples lie in each window, and whether any do. Histograms count like floats. */
import { type SeriesBuilder, setFloat } from '../../evaluate/series-builder.js';
import type { RangeCall, RangeFunction } from './range-function.js';

function count({ floatBounds, histogramBounds }: RangeCall, step: number): number {
  const histograms = histogramBounds.ends[step]! - histogramBounds.starts[step]!;
  return floatBounds.ends[step]! - floatBounds.starts[step]! + histograms;
}

const counted = (numberOf: (count: number) => number): RangeFunction => {
  const fill = (call: RangeCall, step: number, out: SeriesBuilder): void => {
    const samples = count(call, step);
    if (samples > 0) setFloat(out, step, numberOf(samples));
  };
  return {
    floats(call, out) {
      for (let step = 0; step < call.windows.steps; step++) fill(call, step, out);
    },
    histograms: fill,
  };
};

export const countOverTime = counted((samples) => samples);
export const presentOverTime = counted(() => 1);
