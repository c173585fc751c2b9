/**
 * What a counter lost at its resets, window by window. Resets are found once per series; a window with few of them adds them up in
 * order, one with many slides.
 */
import { windowedSamples } from '../../evaluate/windows.js';
import type { RangeCall } from './range-function.js';
import { slidingSums, sumOf } from './sliding-sum.js';

/** From this many resets in a series on, windows slide. A guess: adding up fewer costs less than going through all samples again. */
const resetsMax = 32;

/** Gives, by step, what to add to the difference of a window's last and first value; undefined where the series has no reset. */
export function lostAtResets(call: RangeCall): ((step: number) => number) | undefined {
  const { floats, floatBounds, windows, scratch } = call;
  const { values, count } = floats;
  const { positions } = scratch;
  let resets = 0;
  for (let i = 1; i < count; i++) if (values[i]! < values[i - 1]!) positions[resets++] = i;
  if (resets === 0) return undefined;
  if (resets > resetsMax && windowedSamples(floatBounds, windows.steps) > count) return slidingLosses(call);
  const { starts, ends } = floatBounds;
  let from = 0;
  let to = 0;
  return (step) => {
    while (from < resets && positions[from]! <= starts[step]!) from++;
    while (to < resets && positions[to]! < ends[step]!) to++;
    let lost = 0;
    for (let i = from; i < to; i++) lost += values[positions[i]! - 1]!;
    return lost;
  };
}

function slidingLosses({ floats, floatBounds, windows, scratch }: RangeCall): (step: number) => number {
  const { values, count } = floats;
  const losses = scratch.means.subarray(0, count);
  losses.fill(0);
  for (let i = 1; i < count; i++) if (values[i]! < values[i - 1]!) losses[i] = values[i - 1]!;
  const { stepTotals: totals, stepCarries: carries } = scratch;
  // A reset at a window's first sample happened before the window.
  slidingSums(losses, floatBounds, windows.steps, 1, scratch);
  return (step) => sumOf(totals[step]!, carries[step]!);
}
