/** Lines through sliding windows, each sample taken in a fixed number of times. As `slidingSums` does with sums. */
import type { RangeCall } from './range-function.js';

export type TakeLine = (step: number, slope: number, intercept: number) => void;

/** The line of samples that are all the same; none where they are infinite. */
export function takeConstant(value: number, step: number, take: TakeLine): void {
  if (Math.abs(value) === Number.POSITIVE_INFINITY) take(step, Number.NaN, Number.NaN);
  else take(step, 0, value);
}

/**
 * Samples as their number, their means, and the sums of products about the means; x in seconds. They lie in a slab, at five times
 * their index: count, mean x, mean y, xx, xy.
 */
type Moments = Float64Array;

function addSample(moments: Moments, at: number, from: number, x: number, y: number): void {
  const count = moments[from]! + 1;
  const deltaX = x - moments[from + 1]!;
  const deltaY = y - moments[from + 2]!;
  const meanX = moments[from + 1]! + deltaX / count;
  const meanY = moments[from + 2]! + deltaY / count;
  moments[at + 3] = moments[from + 3]! + deltaX * (x - meanX);
  moments[at + 4] = moments[from + 4]! + deltaX * (y - meanY);
  moments[at] = count;
  moments[at + 1] = meanX;
  moments[at + 2] = meanY;
}

/** Fills `joined` with the moments of two sets of samples. */
function join(joined: Moments, a: Moments, at: number, b: Moments): void {
  const [before, after] = [a[at]!, b[0]!];
  const count = before + after;
  const deltaX = after === 0 ? 0 : b[1]! - a[at + 1]!;
  const deltaY = after === 0 ? 0 : b[2]! - a[at + 2]!;
  const weight = (before * after) / count;
  joined[0] = count;
  joined[1] = a[at + 1]! + (deltaX * after) / count;
  joined[2] = a[at + 2]! + (deltaY * after) / count;
  joined[3] = a[at + 3]! + b[3]! + deltaX * deltaX * weight;
  joined[4] = a[at + 4]! + b[4]! + deltaX * deltaY * weight;
}

export function forEachSlidingLine(
  { floats: { timesMs, values }, floatBounds: { starts, ends }, windows: { steps }, scratch }: RangeCall,
  zeroMs: (step: number) => number,
  take: TakeLine,
): void {
  const suffixes = scratch.moments;
  const originMs = timesMs[0] ?? 0;
  const after = new Float64Array(5);
  const all = new Float64Array(5);
  let pivot = 0;
  let next = 0;
  // The last sample that differs from the one before it.
  let changedAt = 0;
  for (let step = 0; step < steps; step++) {
    const start = starts[step]!;
    const end = ends[step]!;
    if (start >= pivot) {
      for (let i = Math.max(pivot, start + 1); i < end; i++) if (values[i] !== values[i - 1]) changedAt = i;
      fillSuffixes(suffixes, timesMs, values, start, end, originMs);
      pivot = end;
      next = end;
      after.fill(0);
    }
    for (; next < end; next++) {
      if (values[next] !== values[next - 1]) changedAt = next;
      addSample(after, 0, 0, (timesMs[next]! - originMs) / 1000, values[next]!);
    }
    if (end - start < 2) continue;
    if (changedAt <= start) {
      takeConstant(values[start]!, step, take);
      continue;
    }
    join(all, suffixes, 5 * start, after);
    const slope = all[4]! / all[3]!;
    take(step, slope, all[2]! + slope * ((zeroMs(step) - originMs) / 1000 - all[1]!));
  }
}

function fillSuffixes(
  suffixes: Moments,
  timesMs: Float64Array,
  values: Float64Array,
  start: number,
  end: number,
  originMs: number,
): void {
  for (let i = end - 1; i >= start; i--) {
    if (i === end - 1) suffixes.fill(0, 5 * i, 5 * i + 5);
    addSample(suffixes, 5 * i, i === end - 1 ? 5 * i : 5 * i + 5, (timesMs[i]! - originMs) / 1000, values[i]!);
  }
}
