/**
 * `max_over_time`, `min_over_time`, `last_over_time` and `count_over_time` of the series that was decoded last. The extremes are those of
 * `src/promql/functions/range/extreme-over-time.ts`, which says how and why.
 */
import {
  findWindows,
  gridPresence,
  gridResults,
  windowEnds,
  windowStarts,
  windowSteps,
  windowsOverlap,
} from './grid-windows';
import { renewed } from './memory';
import { columnCount, columnValues } from './series-columns';

let queue: usize = 0;
let queueMax: u32 = 0;

/** Fills in the steps, with the sign -1 for least values. Answers how many have a value. */
export function fillExtremes(sign: f64): i32 {
  findWindows();
  // A queue is quicker then than walking through each window.
  if (windowsOverlap()) return fillFromQueue(sign);
  const values = columnValues();
  const starts = windowStarts();
  const ends = windowEnds();
  const steps = windowSteps();
  let present = 0;
  for (let step: u32 = 0; step < steps; step++) {
    const start = load<u32>(starts + 4 * step);
    const end = load<u32>(ends + 4 * step);
    let best = end;
    let most = -Infinity;
    for (let i = start; i < end; i++) {
      const value = sign * load<f64>(values + 8 * i);
      if (value >= most) {
        most = value;
        best = i;
      }
    }
    present += setStep(step, values, start, end, best < end ? best : end - 1);
  }
  return present;
}

/** The queue holds the samples of the window that no later one beats, best first. */
function fillFromQueue(sign: f64): i32 {
  if (columnCount() > queueMax) {
    queueMax = max<u32>(4096, columnCount());
    queue = renewed(queue, 4 * queueMax);
  }
  const values = columnValues();
  const starts = windowStarts();
  const ends = windowEnds();
  const steps = windowSteps();
  let present = 0;
  let head: u32 = 0;
  let tail: u32 = 0;
  let next: u32 = 0;
  for (let step: u32 = 0; step < steps; step++) {
    const start = load<u32>(starts + 4 * step);
    const end = load<u32>(ends + 4 * step);
    for (; next < end; next++) {
      const value = sign * load<f64>(values + 8 * next);
      if (isNaN(value)) continue;
      while (tail > head && sign * load<f64>(values + 8 * load<u32>(queue + 4 * (tail - 1))) <= value) tail--;
      store<u32>(queue + 4 * tail++, next);
    }
    while (head < tail && load<u32>(queue + 4 * head) < start) head++;
    present += setStep(step, values, start, end, head < tail ? load<u32>(queue + 4 * head) : end - 1);
  }
  return present;
}

// @ts-ignore: decorator
@inline
function setStep(step: u32, values: usize, start: u32, end: u32, at: u32): i32 {
  const isPresent = start < end;
  store<u8>(gridPresence() + step, <u8>isPresent);
  if (!isPresent) return 0;
  store<f64>(gridResults() + 8 * step, load<f64>(values + 8 * at));
  return 1;
}

/** The last sample of each window. */
export function fillLast(): i32 {
  findWindows();
  const values = columnValues();
  const steps = windowSteps();
  let present = 0;
  for (let step: u32 = 0; step < steps; step++) {
    const end = load<u32>(windowEnds() + 4 * step);
    present += setStep(step, values, load<u32>(windowStarts() + 4 * step), end, end - 1);
  }
  return present;
}

/** How many samples each window has. */
export function fillCounts(): i32 {
  findWindows();
  const steps = windowSteps();
  let present = 0;
  for (let step: u32 = 0; step < steps; step++) {
    const count = load<u32>(windowEnds() + 4 * step) - load<u32>(windowStarts() + 4 * step);
    store<u8>(gridPresence() + step, <u8>(count > 0));
    if (count == 0) continue;
    store<f64>(gridResults() + 8 * step, <f64>count);
    present++;
  }
  return present;
}
