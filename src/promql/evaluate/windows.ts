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

/** Finds all windows in one walk over the samples' times. */
export function findWindows(
  timesMs: Float64Array,
  count: number,
  { startMs, stepMs, steps, rangeMs }: Windows,
  { starts, ends }: WindowBounds,
): void {
  let start = 0;
  let end = 0;
  for (let step = 0; step < steps; step++) {
    const endMs = startMs + step * stepMs;
    const beforeMs = endMs - rangeMs;
    while (end < count && timesMs[end]! <= endMs) end++;
    while (start < end && timesMs[start]! <= beforeMs) start++;
    starts[step] = start;
    ends[step] = end;
  }
}

/** Samples of all windows together: how often a sample is looked at where each window is walked through. */
export function windowedSamples({ starts, ends }: WindowBounds, steps: number): number {
  let sum = 0;
  for (let step = 0; step < steps; step++) sum += ends[step]! - starts[step]!;
  return sum;
}
