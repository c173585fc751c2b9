/**
 * The windows of a grid over the column of times: step i's samples are [starts[i], ends[i]). What range functions fill in lies beside them: a value by
 * step, and whether there is one. As `src/promql/evaluate/windows.ts`.
 */
import { renewed } from './memory';
import { columnCount, columnTimes, timesVersion } from './series-columns';

/** Above this many looks at each sample windows slide: as `sliding-sum.ts` has it. */
const overlapMax: f64 = 6;

let stepsMax: u32 = 0;
let starts: usize = 0;
let ends: usize = 0;
let results: usize = 0;
let presence: usize = 0;

let foundVersion: u32 = 0;
let gridStartMs: f64 = 0;
let gridStepMs: f64 = 0;
let gridSteps: u32 = 0;
let gridRangeMs: f64 = 0;
let windows: u32 = 0;
/** Looks at samples that walking through each window would take. */
let looks: f64 = 0;

export function windowStarts(): usize {
  return starts;
}

export function windowEnds(): usize {
  return ends;
}

export function windowSteps(): u32 {
  return gridSteps;
}

/** Whether the windows overlap so much that walking through each is slower than sliding. */
export function windowsOverlap(): bool {
  return looks > overlapMax * <f64>columnCount();
}

export function gridResults(): usize {
  return results;
}

export function gridPresence(): usize {
  return presence;
}

/** Counts up whenever the windows are others than before. */
export function windowsVersion(): u32 {
  return windows;
}

export function windowEndMs(step: u32): f64 {
  return gridStartMs + <f64>step * gridStepMs;
}

export function windowRangeMs(): f64 {
  return gridRangeMs;
}

/** Makes a grid the one that windows are found on. */
export function setGrid(startMs: f64, stepMs: f64, steps: u32, rangeMs: f64): void {
  if (startMs == gridStartMs && stepMs == gridStepMs && steps == gridSteps && rangeMs == gridRangeMs) return;
  gridStartMs = startMs;
  gridStepMs = stepMs;
  gridSteps = steps;
  gridRangeMs = rangeMs;
  foundVersion = 0;
  if (steps <= stepsMax) return;
  stepsMax = max<u32>(512, steps);
  starts = renewed(starts, 4 * stepsMax);
  ends = renewed(ends, 4 * stepsMax);
  results = renewed(results, 8 * stepsMax);
  presence = renewed(presence, stepsMax);
}

/** Finds the windows of the series that was decoded last. */
export function findWindows(): void {
  if (foundVersion == timesVersion()) return;
  foundVersion = timesVersion();
  windows++;
  const times = columnTimes();
  const count = columnCount();
  let start: u32 = 0;
  let end: u32 = 0;
  let startStride: u32 = 0;
  let endStride: u32 = 0;
  looks = 0;
  for (let step: u32 = 0; step < gridSteps; step++) {
    const endMs = gridStartMs + <f64>step * gridStepMs;
    const nextEnd = firstAfter(times, count, end, endStride, endMs);
    endStride = nextEnd - end;
    end = nextEnd;
    const nextStart = firstAfter(times, end, start, startStride, endMs - gridRangeMs);
    startStride = nextStart - start;
    start = nextStart;
    store<u32>(starts + 4 * step, start);
    store<u32>(ends + 4 * step, end);
    looks += <f64>(end - start);
  }
}

/** The first of times[from, count) after a time; `count` where none is. What the border before moved by is tried first. */
function firstAfter(times: usize, count: u32, from: u32, stride: u32, timeMs: f64): u32 {
  const guess = from + stride;
  if (guess < count && load<f64>(times + 8 * guess) > timeMs)
    if (guess == 0 || load<f64>(times + 8 * (guess - 1)) <= timeMs) return guess;
  let at = from;
  while (at < count && load<f64>(times + 8 * at) <= timeMs) at++;
  return at;
}
