/**
 * Brings samples of many requests into the order of their table: by the rank of their series, then by time; of samples with the same series and time the
 * last to come stays. A counting sort over series: each sample is touched twice, whatever their number. The columns that come out lie as the
 * table's blocks have them, values as decimal numbers (`decimals.ts`).
 */
import { encodeDecimals } from './decimals';

/** Up to so many samples of a series are sorted by insertion, which nearly sorted ones are quick for. A guess. */
const insertionMax: u32 = 32;

// What comes in. By run: its series, and where its samples end; by sample: epoch milliseconds (f64) and the value's bits.
let runRefs: usize = 0;
let runEnds: usize = 0;
let times: usize = 0;
let values: usize = 0;
// By ref: its rank, and its id in halves. By rank: its ref.
let ranks: usize = 0;
let refs: usize = 0;
let idLow: usize = 0;
let idHigh: usize = 0;
let runsMax: u32 = 0;
let samplesMax: u32 = 0;
let seriesMax: u32 = 0;
// What comes out. By sample: series id (u64), epoch milliseconds (i64), the value's bits and then its mantissa (i64), its scale (u8); by series that is present: its rank, and where its samples begin.
let sortedIds: usize = 0;
let sortedTimes: usize = 0;
let sortedValues: usize = 0;
let sortedScales: usize = 0;
let presentRanks: usize = 0;
let starts: usize = 0;
let present: u32 = 0;
/** By rank: how many samples, then where the next one goes. */
let next: usize = 0;

/** Makes room; what was there before is gone. */
export function reserveSort(runs: u32, samples: u32, series: u32): void {
  if (runs > runsMax) {
    release2(runRefs, runEnds);
    runsMax = runs;
    runRefs = heap.alloc(4 * runs);
    runEnds = heap.alloc(4 * runs);
  }
  if (samples > samplesMax) {
    release2(times, values);
    release2(sortedTimes, sortedValues);
    release2(sortedIds, sortedScales);
    samplesMax = samples;
    times = heap.alloc(8 * samples);
    values = heap.alloc(8 * samples);
    sortedTimes = heap.alloc(8 * samples);
    sortedValues = heap.alloc(8 * samples);
    sortedIds = heap.alloc(8 * samples);
    sortedScales = heap.alloc(samples);
  }
  if (series > seriesMax) {
    release2(ranks, refs);
    release2(idLow, idHigh);
    release2(presentRanks, starts);
    if (next != 0) heap.free(next);
    seriesMax = series;
    ranks = heap.alloc(4 * series);
    refs = heap.alloc(4 * series);
    idLow = heap.alloc(4 * series);
    idHigh = heap.alloc(4 * series);
    presentRanks = heap.alloc(4 * series);
    starts = heap.alloc(4 * series + 4);
    next = heap.alloc(4 * series + 4);
  }
}

function release2(first: usize, second: usize): void {
  if (first != 0) heap.free(first);
  if (second != 0) heap.free(second);
}

/** Where each column lies: 0 to 3 runs' refs and ends, times, values; 4 to 7 ranks, refs, low and high halves of ids; 8 to 13 what comes out. */
export function sortColumn(which: u32): usize {
  if (which < 4) return which < 2 ? (which == 0 ? runRefs : runEnds) : which == 2 ? times : values;
  if (which < 8) return which < 6 ? (which == 4 ? ranks : refs) : which == 6 ? idLow : idHigh;
  if (which < 11) return which == 8 ? sortedIds : which == 9 ? sortedTimes : sortedValues;
  if (which < 13) return which == 11 ? presentRanks : starts;
  return sortedScales;
}

/** The earliest time at or after `fromMs`; infinity where there is none. */
export function earliestFrom(samples: u32, fromMs: f64): f64 {
  let earliest = Infinity;
  for (let i: u32 = 0; i < samples; i++) {
    const time = load<f64>(times + 8 * i);
    if (time >= fromMs && time < earliest) earliest = time;
  }
  return earliest;
}

/**
 * Begins to sort the samples with times in [fromMs, toMs) of the first `series` series. The steps `countSome`, `placeSeries`, `scatterSome`, `orderSome`
 * follow; those named so take about as many samples as they are told, and answer whether they are done.
 */
export function beginSort(runs: u32, series: u32, fromMs: f64, toMs: f64): void {
  runLimit = runs;
  seriesLimit = series;
  from = fromMs;
  to = toMs;
  nextRun = 0;
  nextSample = 0;
  memory.fill(next, 0, 4 * series);
}

/** What is being sorted, and how far. */
let runLimit: u32 = 0;
let seriesLimit: u32 = 0;
let from: f64 = 0;
let to: f64 = 0;
let nextRun: u32 = 0;
let nextSample: u32 = 0;
let nextSeries: u32 = 0;
let nextRow: u32 = 0;

export function countSome(samples: u32): bool {
  let i = nextSample;
  const stop = i + samples;
  for (; nextRun < runLimit && i < stop; nextRun++) {
    const end = load<u32>(runEnds + 4 * nextRun);
    const ref = load<u32>(runRefs + 4 * nextRun);
    if (ref >= seriesLimit) {
      i = end;
      continue;
    }
    let count: u32 = 0;
    for (; i < end; i++) {
      const time = load<f64>(times + 8 * i);
      count += u32(time >= from) & u32(time < to);
    }
    const place = next + 4 * load<u32>(ranks + 4 * ref);
    store<u32>(place, load<u32>(place) + count);
  }
  nextSample = i;
  return nextRun == runLimit;
}

/** Gives each series its place, once all samples were counted; answers how many series have some. */
export function placeSeries(): u32 {
  let total: u32 = 0;
  present = 0;
  for (let rank: u32 = 0; rank < seriesLimit; rank++) {
    const count = load<u32>(next + 4 * rank);
    store<u32>(next + 4 * rank, total);
    if (count == 0) continue;
    store<u32>(presentRanks + 4 * present, rank);
    store<u32>(starts + 4 * present, total);
    present++;
    total += count;
  }
  store<u32>(starts + 4 * present, total);
  nextRun = 0;
  nextSample = 0;
  nextSeries = 0;
  nextRow = 0;
  return present;
}

export function scatterSome(samples: u32): bool {
  let i = nextSample;
  const stop = i + samples;
  for (; nextRun < runLimit && i < stop; nextRun++) {
    const end = load<u32>(runEnds + 4 * nextRun);
    const ref = load<u32>(runRefs + 4 * nextRun);
    if (ref >= seriesLimit) {
      i = end;
      continue;
    }
    const place = next + 4 * load<u32>(ranks + 4 * ref);
    let row = load<u32>(place);
    for (; i < end; i++) {
      const time = load<f64>(times + 8 * i);
      if (!(time >= from && time < to)) continue;
      store<i64>(sortedTimes + 8 * row, <i64>time);
      store<u64>(sortedValues + 8 * row, load<u64>(values + 8 * i));
      row++;
    }
    store<u32>(place, row);
  }
  nextSample = i;
  return nextRun == runLimit;
}

/**
 * Sorts each series by time, leaves out what a later sample takes the place of, writes the ids, and makes decimal numbers of the values. `starts` has one more
 * in the end, the end.
 */
export function orderSome(samples: u32): bool {
  let row = nextRow;
  for (let taken: u32 = 0; nextSeries < present && taken < samples; nextSeries++) {
    const start = load<u32>(starts + 4 * nextSeries);
    const end = load<u32>(starts + 4 * nextSeries + 4);
    taken += end - start;
    if (!isAscending(start, end)) sortByTime(start, end);
    store<u32>(starts + 4 * nextSeries, row);
    const first = row;
    row = takeSeries(start, end, first, load<u32>(refs + 4 * load<u32>(presentRanks + 4 * nextSeries)));
    encodeDecimals(sortedValues + 8 * first, sortedScales + first, row - first);
  }
  nextRow = row;
  if (nextSeries < present) return false;
  store<u32>(starts + 4 * present, row);
  return true;
}

/** Moves the samples [start, end) of a series to `row` and on, each time once; answers where they end. */
function takeSeries(start: u32, end: u32, row: u32, ref: u32): u32 {
  const id = (<u64>load<u32>(idHigh + 4 * ref) << 32) | <u64>load<u32>(idLow + 4 * ref);
  for (let each = start; each < end; each++) {
    if (each + 1 < end && load<i64>(sortedTimes + 8 * each + 8) == load<i64>(sortedTimes + 8 * each)) continue;
    if (row != each) move(each, row);
    store<u64>(sortedIds + 8 * row, id);
    row++;
  }
  return row;
}

/** Whether times rise or stay. */
function isAscending(start: u32, end: u32): bool {
  for (let i = start + 1; i < end; i++)
    if (load<i64>(sortedTimes + 8 * i - 8) > load<i64>(sortedTimes + 8 * i)) return false;
  return true;
}

/** Stable: of samples with the same time the last to come stays last. */
function sortByTime(start: u32, end: u32): void {
  for (let from = start; from < end; from += insertionMax) sortByInsertion(from, min(from + insertionMax, end));
  const count = end - start;
  if (count <= insertionMax) return;
  const scratch = heap.alloc(16 * count);
  for (let width = insertionMax; width < count; width *= 2)
    for (let from = start; from + width < end; from += 2 * width) mergeRuns(from, from + width, min(from + 2 * width, end), scratch);
  heap.free(scratch);
}

function sortByInsertion(start: u32, end: u32): void {
  for (let i = start + 1; i < end; i++) {
    const time = load<i64>(sortedTimes + 8 * i);
    const value = load<u64>(sortedValues + 8 * i);
    let to = i;
    for (; to > start && load<i64>(sortedTimes + 8 * to - 8) > time; to--) move(to - 1, to);
    store<i64>(sortedTimes + 8 * to, time);
    store<u64>(sortedValues + 8 * to, value);
  }
}

/** Merges [start, middle) and [middle, end); the first of them goes to `scratch`, times before values. */
function mergeRuns(start: u32, middle: u32, end: u32, scratch: usize): void {
  const count = middle - start;
  const scratchValues = scratch + 8 * count;
  memory.copy(scratch, sortedTimes + 8 * start, 8 * count);
  memory.copy(scratchValues, sortedValues + 8 * start, 8 * count);
  let left: u32 = 0;
  let right = middle;
  for (let to = start; left < count; to++) {
    if (right < end && load<i64>(sortedTimes + 8 * right) < load<i64>(scratch + 8 * left)) move(right++, to);
    else {
      store<i64>(sortedTimes + 8 * to, load<i64>(scratch + 8 * left));
      store<u64>(sortedValues + 8 * to, load<u64>(scratchValues + 8 * left));
      left++;
    }
  }
}

// @ts-ignore: decorator
@inline
function move(from: u32, to: u32): void {
  store<i64>(sortedTimes + 8 * to, load<i64>(sortedTimes + 8 * from));
  store<u64>(sortedValues + 8 * to, load<u64>(sortedValues + 8 * from));
}
