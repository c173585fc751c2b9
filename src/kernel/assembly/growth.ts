/**
 * `rate`, `increase` and `delta` of the series that was decoded last, on its windows. To the bit what `src/promql/functions/range/rate.ts` computes: the
 * parts of the extrapolation that times alone decide are kept for as long as the windows stay the same. Source: Prometheus, promql/functions.go,
 * `extrapolatedRate`.
 */
import {
  findWindows,
  gridPresence,
  gridResults,
  windowEndMs,
  windowEnds,
  windowRangeMs,
  windowStarts,
  windowSteps,
  windowsVersion,
} from './grid-windows';
import { renewed } from './memory';
import { columnCount, columnTimes, columnValues } from './series-columns';

/** By step: seconds between the first and the last sample, from the window's start to the first, from the last to its end, and what the growth is multiplied by. */
const partBytes: usize = 32;
let parts: usize = 0;
let partsMax: u32 = 0;
let partsVersion: u32 = 0;
let partsDivisor: f64 = 0;

/** Places of samples below the one before. */
let resets: usize = 0;
let resetsMax: u32 = 0;

/** From this many resets in a series on, adding them up window by window is left to others. */
const resetsTaken: u32 = 32;

/** Fills in the steps. Answers how many have a value; -1 with nothing done where the series has too many resets. */
export function fillGrowth(isCounter: bool, isPerSecond: bool): i32 {
  findWindows();
  const resetCount = isCounter ? findResets() : 0;
  if (resetCount > resetsTaken) return -1;
  const divisor = isPerSecond ? windowRangeMs() / 1000 : 1;
  findParts(divisor);
  const values = columnValues();
  const starts = windowStarts();
  const ends = windowEnds();
  const steps = windowSteps();
  const results = gridResults();
  const presence = gridPresence();
  let present = 0;
  let from: u32 = 0;
  let to: u32 = 0;
  for (let step: u32 = 0; step < steps; step++) {
    const start = load<u32>(starts + 4 * step);
    const end = load<u32>(ends + 4 * step);
    const isPresent = start + 1 < end;
    store<u8>(presence + step, <u8>isPresent);
    if (!isPresent) continue;
    present++;
    const firstValue = load<f64>(values + 8 * start);
    let growth = load<f64>(values + 8 * (end - 1)) - firstValue;
    let lost: f64 = 0;
    if (resetCount > 0) {
      while (from < resetCount && load<u32>(resets + 4 * from) <= start) from++;
      while (to < resetCount && load<u32>(resets + 4 * to) < end) to++;
      for (let i = from; i < to; i++) lost += load<f64>(values + 8 * (load<u32>(resets + 4 * i) - 1));
    }
    growth += lost;
    store<f64>(results + 8 * step, growth * factorAt(parts + partBytes * step, isCounter, firstValue, growth, divisor));
  }
  return present;
}

/** A counter that goes on as it did would have been zero some time before the first sample: it is not taken further back. */
// @ts-ignore: decorator
@inline
function factorAt(part: usize, isCounter: bool, firstValue: f64, growth: f64, divisor: f64): f64 {
  const usual = load<f64>(part, 24);
  if (!isCounter || !(growth > 0 && firstValue >= 0)) return usual;
  const sampled = load<f64>(part);
  const toStart = load<f64>(part, 8);
  // Far enough from zero that the quotient need not be known.
  if (sampled * firstValue > toStart * growth * 1.001) return usual;
  const toZero = sampled * (firstValue / growth);
  if (!(toZero < toStart)) return usual;
  return (sampled + toZero + load<f64>(part, 16)) / sampled / divisor;
}

function findResets(): u32 {
  const values = columnValues();
  const count = columnCount();
  if (count > resetsMax) {
    resetsMax = max<u32>(4096, count);
    resets = renewed(resets, 4 * resetsMax);
  }
  let found: u32 = 0;
  let before = count > 0 ? load<f64>(values) : 0;
  for (let i: u32 = 1; i < count; i++) {
    const value = load<f64>(values + 8 * i);
    if (value < before) store<u32>(resets + 4 * found++, i);
    before = value;
  }
  return found;
}

function findParts(divisor: f64): void {
  if (partsVersion == windowsVersion() && partsDivisor == divisor) return;
  partsVersion = windowsVersion();
  partsDivisor = divisor;
  const steps = windowSteps();
  if (steps > partsMax) {
    partsMax = max<u32>(512, steps);
    parts = renewed(parts, partBytes * partsMax);
  }
  for (let step: u32 = 0; step < steps; step++) findPart(parts + partBytes * step, step, divisor);
}

function findPart(part: usize, step: u32, divisor: f64): void {
  const times = columnTimes();
  const start = load<u32>(windowStarts() + 4 * step);
  const end = load<u32>(windowEnds() + 4 * step);
  if (start + 1 >= end) return;
  const last = end - 1;
  const firstMs = load<f64>(times + 8 * start);
  const lastMs = load<f64>(times + 8 * last);
  const sampled = (lastMs - firstMs) / 1000;
  const distance = sampled / <f64>(last - start);
  const threshold = distance * 1.1;
  let toStart = (firstMs - windowEndMs(step) + windowRangeMs()) / 1000;
  let toEnd = (windowEndMs(step) - lastMs) / 1000;
  if (toStart >= threshold) toStart = distance / 2;
  if (toEnd >= threshold) toEnd = distance / 2;
  store<f64>(part, sampled);
  store<f64>(part, toStart, 8);
  store<f64>(part, toEnd, 16);
  store<f64>(part, (sampled + toStart + toEnd) / sampled / divisor, 24);
}
