/** Windows over a column of samples, one for each step: `(end - range, end]`. */
import type { Grid } from './grid.js';

/** Step i's window ends at `startMs + i * stepMs`, inclusive, and begins `rangeMs` before that, exclusive. */
export interface Windows extends Grid {
  readonly rangeMs: number;
}

/** Step i's samples are [starts[i], ends[i]). Both ascend. Reused from series to series. */
export interface WindowBounds {
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

export const createWindowBounds = (steps: number): WindowBounds => ({
  starts: new Int32Array(steps),
  ends: new Int32Array(steps),
});

/**
 * Finds all windows in one walk over the samples' times. Samples mostly come at regular times, so that a window's borders lie as far
 * behind those of the one before as theirs did: that place is tried before samples are walked over.
 */
export function findWindows(
  timesMs: Float64Array,
  count: number,
  { startMs, stepMs, steps, rangeMs }: Windows,
  { starts, ends }: WindowBounds,
): void {
  let start = 0;
  let end = 0;
  let startStride = 0;
  let endStride = 0;
  for (let step = 0; step < steps; step++) {
    const endMs = startMs + step * stepMs;
    const nextEnd = firstAfter(timesMs, count, end, endStride, endMs);
    endStride = nextEnd - end;
    end = nextEnd;
    const nextStart = firstAfter(timesMs, end, start, startStride, endMs - rangeMs);
    startStride = nextStart - start;
    start = nextStart;
    starts[step] = start;
    ends[step] = end;
  }
}

/** The first of timesMs[from, count) after a time; `count` where none is. */
function firstAfter(timesMs: Float64Array, count: number, from: number, stride: number, timeMs: number): number {
  const guess = from + stride;
  if (guess < count && timesMs[guess]! > timeMs && (guess === 0 || timesMs[guess - 1]! <= timeMs)) return guess;
  let at = from;
  while (at < count && timesMs[at]! <= timeMs) at++;
  return at;
}

/** Samples of all windows together: how often a sample is looked at where each window is walked through. */
export function windowedSamples({ starts, ends }: WindowBounds, steps: number): number {
  let sum = 0;
  for (let step = 0; step < steps; step++) sum += ends[step]! - starts[step]!;
  return sum;
}
