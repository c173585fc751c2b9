/**
 * `max_over_time`, `min_over_time` and the times of the extremes. A queue holds the samples of the window that no later sample
 * beats, best first: its head is the extreme, and each sample enters and leaves once. NaNs count only where nothing else is there.
 */
import { setFloat } from '../../evaluate/series-builder.js';
import type { RangeCall, RangeFunction } from './range-function.js';

/** Gives each window's extreme as an index: the last one of several that are equal; in a window of NaNs only, the last sample. */
function forEachExtreme(
  { floats: { values }, floatBounds: { starts, ends }, windows: { steps }, scratch: { positions } }: RangeCall,
  sign: 1 | -1,
  take: (step: number, index: number) => void,
): void {
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
    if (start < end) take(step, head < tail ? positions[head]! : end - 1);
  }
}

const extreme = (sign: 1 | -1): RangeFunction => ({
  floats(call, out) {
    const { values } = call.floats;
    forEachExtreme(call, sign, (step, index) => setFloat(out, step, values[index]!));
  },
  histograms: undefined,
});

const timeOfExtreme = (sign: 1 | -1): RangeFunction => ({
  floats(call, out) {
    const { timesMs } = call.floats;
    forEachExtreme(call, sign, (step, index) => setFloat(out, step, timesMs[index]! / 1000));
  },
  histograms: undefined,
});

export const maxOverTime = extreme(1);
export const minOverTime = extreme(-1);
export const timeOfMaxOverTime = timeOfExtreme(1);
export const timeOfMinOverTime = timeOfExtreme(-1);
