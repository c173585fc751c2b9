/** Which samples stand for the borders of an `anchored` or `smoothed` window. Source: Prometheus, promql/functions.go. */
import type { RangeExtension } from '../../ast.js';
import type { WindowBounds } from '../../evaluate/windows.js';
import type { RangeCall } from './range-function.js';

export interface BorderSamples {
  /** Index of the first sample held at all, beyond the borders too. */
  readonly lowest: number;
  /** The last sample at or before the range's start, else the first after it. */
  readonly first: number;
  /** The last sample; smoothed, the first at or after the range's end where there is one. */
  readonly last: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly isSmoothed: boolean;
}

/** The range within a step's window, which itself reaches further. */
export function rangeOfStep(call: RangeCall, step: number): { readonly startMs: number; readonly endMs: number } {
  const endMs = call.windows.startMs + step * call.windows.stepMs;
  return { startMs: endMs - call.windows.rangeMs, endMs };
}

/** Undefined where no sample lies after the range's start, or smoothed, none before its end. */
export function borderSamples(
  call: RangeCall,
  step: number,
  bounds: WindowBounds,
  timesMs: Float64Array,
  extension: RangeExtension,
): BorderSamples | undefined {
  const { startMs, endMs } = rangeOfStep(call, step);
  const isSmoothed = extension === 'smoothed';
  const lowest = bounds.starts[step]!;
  const highest = bounds.ends[step]! - 1;
  let first = lowest;
  while (first < highest && timesMs[first]! <= startMs) first++;
  first = Math.max(lowest, first - 1);
  let last = highest;
  if (isSmoothed) {
    last = lowest;
    while (last < highest && timesMs[last]! < endMs) last++;
  }
  if (timesMs[last]! <= startMs || (isSmoothed && timesMs[first]! > endMs)) return undefined;
  return { lowest, first, last, startMs, endMs, isSmoothed };
}
