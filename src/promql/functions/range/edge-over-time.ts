/** The first and last sample of each window, and their times. A window may hold both floats and histograms. */
import { setFloat, setHistogram } from '../../evaluate/series-builder.js';
import type { RangeCall, RangeFunction, WindowFunction } from './range-function.js';

type Edge = 'first' | 'last';

const indexOf = ({ starts, ends }: RangeCall['floatBounds'], step: number, edge: Edge): number =>
  edge === 'first' ? starts[step]! : ends[step]! - 1;

/** Whether the window's histogram at the edge is nearer to it than the float there. */
function isHistogramAtEdge(call: RangeCall, step: number, edge: Edge): boolean {
  const { floatBounds, histogramBounds, floats, histograms } = call;
  if (floatBounds.starts[step] === floatBounds.ends[step]) return true;
  const floatMs = floats.timesMs[indexOf(floatBounds, step, edge)]!;
  const histogramMs = histograms.timesMs[indexOf(histogramBounds, step, edge)]!;
  return edge === 'first' ? histogramMs <= floatMs : histogramMs >= floatMs;
}

function fillFloats(
  { floatBounds, windows: { steps } }: RangeCall,
  edge: Edge,
  take: (step: number, index: number) => void,
): void {
  for (let step = 0; step < steps; step++)
    if (floatBounds.starts[step]! < floatBounds.ends[step]!) take(step, indexOf(floatBounds, step, edge));
}

const sampleAt = (edge: Edge): RangeFunction => ({
  keepsName: true,
  floats(call, out) {
    const { values } = call.floats;
    fillFloats(call, edge, (step, index) => setFloat(out, step, values[index]!));
  },
  histograms: (call, step, out) => {
    if (isHistogramAtEdge(call, step, edge))
      setHistogram(out, step, call.histograms.values[indexOf(call.histogramBounds, step, edge)]!);
  },
});

const histogramTime =
  (edge: Edge): WindowFunction =>
  (call, step, out) => {
    if (isHistogramAtEdge(call, step, edge))
      setFloat(out, step, call.histograms.timesMs[indexOf(call.histogramBounds, step, edge)]! / 1000);
  };

const timeAt = (edge: Edge): RangeFunction => ({
  floats(call, out) {
    const { timesMs } = call.floats;
    fillFloats(call, edge, (step, index) => setFloat(out, step, timesMs[index]! / 1000));
  },
  histograms: histogramTime(edge),
});

export const firstOverTime = sampleAt('first');
export const lastOverTime = sampleAt('last');
export const timeOfFirstOverTime = timeAt('first');
export const timeOfLastOverTime = timeAt('last');
