/**
 * `max_over_time`, `min_over_time` and the times of the extremes. Where windows overlap a lot, a queue holds the samples of the window that no later sample
 * beats, best first: its head is the extreme, and each sample enters and leaves once. NaNs count only where nothing else is there.
 */
import { type SeriesBuilder, setFloat } from '../../evaluate/series-builder.js';
import { windowedSamples } from '../../evaluate/windows.js';
import type { RangeCall, RangeFunction } from './range-function.js';
import { overlapMax } from './sliding-sum.js';

/**
 * Fills the scratch's `stepIndexes` with each window's extreme: the last one of several that are equal; in a window of NaNs only,
 * the last sample.
 */
function fillExtremes(call: RangeCall, sign: 1 | -1): void {
  const { floats, floatBounds, windows } = call;
  if (windowedSamples(floatBounds, windows.steps) > overlapMax * floats.count) fillFromQueue(call, sign);
  else fillOneByOne(call, sign);
}

function fillOneByOne(
  { floats: { values }, floatBounds: { starts, ends }, windows: { steps }, scratch: { stepIndexes } }: RangeCall,
  sign: 1 | -1,
): void {
  for (let step = 0; step < steps; step++) {
    const start = starts[step]!;
    const end = ends[step]!;
    let best = start;
    let most = Number.NEGATIVE_INFINITY;
    let isFound = false;
    for (let i = start; i < end; i++) {
      const value = sign * values[i]!;
      if (value >= most) {
        most = value;
        best = i;
        isFound = true;
      }
    }
    stepIndexes[step] = isFound ? best : end - 1;
  }
}

function fillFromQueue(
  { floats: { values }, floatBounds: { starts, ends }, windows: { steps }, scratch }: RangeCall,
  sign: 1 | -1,
): void {
  const { positions, stepIndexes } = scratch;
  let head = 0;
  let tail = 0;
  let next = 0;
  for (let step = 0; step < steps; step++) {
    const start = starts[step]!;
    const end = ends[step]!;
    for (; next < end; next++) {
      const value = sign * values[next]!;
      if (Number.isNaN(value)) continue;
      while (tail > head && sign * values[positions[tail - 1]!]! <= value) tail--;
      positions[tail++] = next;
    }
    while (head < tail && positions[head]! < start) head++;
    stepIndexes[step] = head < tail ? positions[head]! : end - 1;
  }
}

/** Fills in a number of the sample at each window's extreme. */
function fillFrom(call: RangeCall, numbers: Float64Array, divisor: number, out: SeriesBuilder): void {
  const { starts, ends } = call.floatBounds;
  const { stepIndexes } = call.scratch;
  for (let step = 0; step < call.windows.steps; step++)
    if (starts[step]! < ends[step]!) setFloat(out, step, numbers[stepIndexes[step]!]! / divisor);
}

const extreme = (sign: 1 | -1): RangeFunction => ({
  floats(call, out) {
    fillExtremes(call, sign);
    fillFrom(call, call.floats.values, 1, out);
  },
  histograms: undefined,
});

const timeOfExtreme = (sign: 1 | -1): RangeFunction => ({
  floats(call, out) {
    fillExtremes(call, sign);
    fillFrom(call, call.floats.timesMs, 1000, out);
  },
  histograms: undefined,
});

export const maxOverTime = extreme(1);
export const minOverTime = extreme(-1);
export const timeOfMaxOverTime = timeOfExtreme(1);
export const timeOfMinOverTime = timeOfExtreme(-1);
