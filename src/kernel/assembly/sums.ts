/**
 * `sum_over_time` and `avg_over_time` of the series that was decoded last, to the bit what `src/promql/functions/range/sum-over-time.ts` and
 * `sliding-sum.ts` there compute, which say how and why.
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

let totals: usize = 0;
let carries: usize = 0;
let stepsMax: u32 = 0;
let suffixTotals: usize = 0;
let suffixCarries: usize = 0;
let samplesMax: u32 = 0;

/** Fills in the steps. Answers how many have a value; -1 with nothing done where a mean's sum overflows. */
export function fillSums(isMean: bool): i32 {
  findWindows();
  reserve();
  if (windowsOverlap()) slide();
  else walk();
  const starts = windowStarts();
  const ends = windowEnds();
  const results = gridResults();
  const presence = gridPresence();
  const steps = windowSteps();
  let present = 0;
  for (let step: u32 = 0; step < steps; step++) {
    const count = load<u32>(ends + 4 * step) - load<u32>(starts + 4 * step);
    store<u8>(presence + step, <u8>(count > 0));
    if (count == 0) continue;
    present++;
    const total = load<f64>(totals + 8 * step);
    const carry = load<f64>(carries + 8 * step);
    const isInfinite = abs(total) == Infinity;
    if (isMean && isInfinite) return -1;
    const divisor = <f64>count;
    store<f64>(
      results + 8 * step,
      isMean ? total / divisor + carry / divisor : isInfinite ? total : total + carry,
    );
  }
  return present;
}

function reserve(): void {
  if (windowSteps() > stepsMax) {
    stepsMax = max<u32>(512, windowSteps());
    totals = renewed(totals, 8 * stepsMax);
    carries = renewed(carries, 8 * stepsMax);
  }
  if (columnCount() > samplesMax) {
    samplesMax = max<u32>(4096, columnCount());
    suffixTotals = renewed(suffixTotals, 8 * samplesMax);
    suffixCarries = renewed(suffixCarries, 8 * samplesMax);
  }
}

/** Adds each window's samples one by one. */
function walk(): void {
  const values = columnValues();
  const starts = windowStarts();
  const ends = windowEnds();
  const steps = windowSteps();
  for (let step: u32 = 0; step < steps; step++) {
    let total: f64 = 0;
    let carry: f64 = 0;
    const end = load<u32>(ends + 4 * step);
    for (let i = load<u32>(starts + 4 * step); i < end; i++) {
      const value = load<f64>(values + 8 * i);
      const sum = total + value;
      if (abs(sum) == Infinity) carry = 0;
      else if (abs(total) >= abs(value)) carry += total - sum + value;
      else carry += value - sum + total;
      total = sum;
    }
    store<f64>(totals + 8 * step, total);
    store<f64>(carries + 8 * step, carry);
  }
}

// @ts-ignore: decorator
@inline
function errorOf(a: f64, b: f64, sum: f64): f64 {
  const part = sum - a;
  return a - (sum - part) + (b - part);
}

/** Each sample is added a fixed number of times, however long the windows are. */
function slide(): void {
  const values = columnValues();
  const starts = windowStarts();
  const ends = windowEnds();
  const steps = windowSteps();
  let pivot: u32 = 0;
  let next: u32 = 0;
  let total: f64 = 0;
  let carry: f64 = 0;
  for (let step: u32 = 0; step < steps; step++) {
    const start = load<u32>(starts + 4 * step);
    const end = load<u32>(ends + 4 * step);
    if (start >= pivot) {
      fillSuffixes(values, start, end);
      pivot = end;
      next = end;
      total = 0;
      carry = 0;
    }
    for (; next < end; next++) {
      const term = load<f64>(values + 8 * next);
      const sum = total + term;
      carry += errorOf(total, term, sum);
      total = sum;
    }
    if (start < pivot) {
      const suffix = load<f64>(suffixTotals + 8 * start);
      const sum = suffix + total;
      store<f64>(totals + 8 * step, sum);
      store<f64>(carries + 8 * step, load<f64>(suffixCarries + 8 * start) + carry + errorOf(suffix, total, sum));
    } else {
      store<f64>(totals + 8 * step, total);
      store<f64>(carries + 8 * step, carry);
    }
  }
}

function fillSuffixes(values: usize, start: u32, end: u32): void {
  let suffix: f64 = 0;
  let carry: f64 = 0;
  for (let i = end; i > start; i--) {
    const at: usize = 8 * (i - 1);
    const term = load<f64>(values + at);
    const sum = suffix + term;
    carry += errorOf(suffix, term, sum);
    suffix = sum;
    store<f64>(suffixTotals + at, suffix);
    store<f64>(suffixCarries + at, carry);
  }
}
