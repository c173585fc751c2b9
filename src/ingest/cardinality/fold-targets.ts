/**
 * The series that others are folded into. A counter is the sum of its sources' increases. A gauge is an aggregate of the
 * last values of its live sources: those that were seen within the window and did not go stale.
 *
 * Sums are compensated (A. Neumaier, 1974): a total of 1e15 still takes a request's 0.001 seconds.
 */
import type { FoldAggregate } from './fold-aggregate.js';
import { type FoldSources, noEntry } from './fold-sources.js';

export interface FoldTarget {
  /** Number of the series in the index; undefined between a start and the first source of the target. */
  ref: number | undefined;
  readonly idHigh: number;
  readonly idLow: number;
  readonly aggregate: FoldAggregate;
  /** Of a counter its total, of a gauge the sum of the finite values; with the low-order part that the sum cannot hold. */
  sum: number;
  compensation: number;
  /** A counter's total is not given out below this: what was given out before a start. */
  floor: number;
  /** Until then first values of sources count nothing: the state from before the start is lost. */
  settlingUntilMs: number | undefined;
  /** Time of the latest sample given out. */
  lastTimeMs: number;
  liveCount: number;
  /** First and last of the live sources' list; a gauge's are in the order in which they were last seen. */
  head: number;
  tail: number;
  /** Live values of a gauge that are not finite. */
  nanCount: number;
  positiveInfinities: number;
  negativeInfinities: number;
  /** `min`, `max` or `last` of a gauge. */
  extreme: number;
  /** The extreme has to be searched for anew. */
  isExtremeStale: boolean;
  updatesSinceSum: number;
  /** What was given out last did not reach the log. */
  isOwed: boolean;
}

/** So long a start waits for the sources of a target whose state is lost: five scrapes at the usual interval of a minute. */
export const settlingMs = 300_000;

export const createFoldTarget = (idHigh: number, idLow: number, aggregate: FoldAggregate): FoldTarget => ({
  ref: undefined,
  idHigh,
  idLow,
  aggregate,
  sum: 0,
  compensation: 0,
  floor: Number.NEGATIVE_INFINITY,
  settlingUntilMs: undefined,
  lastTimeMs: Number.NEGATIVE_INFINITY,
  liveCount: 0,
  head: noEntry,
  tail: noEntry,
  nanCount: 0,
  positiveInfinities: 0,
  negativeInfinities: 0,
  extreme: Number.NaN,
  isExtremeStale: false,
  updatesSinceSum: 0,
  isOwed: false,
});

/** Adds to a target's sum. */
export function addToSum(target: FoldTarget, value: number): void {
  const { sum } = target;
  const total = sum + value;
  target.compensation += Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum;
  target.sum = total;
}

/** Puts a source at the end of a target's live ones. */
export function linkSource(target: FoldTarget, sources: FoldSources, entry: number): void {
  sources.previous[entry] = target.tail;
  sources.next[entry] = noEntry;
  if (target.tail === noEntry) target.head = entry;
  else sources.next[target.tail] = entry;
  target.tail = entry;
  sources.live[entry] = 1;
  target.liveCount++;
}

/** Takes a live source out. A gauge's value has to be taken out as well: `removeValue`. */
export function unlinkSource(target: FoldTarget, sources: FoldSources, entry: number): void {
  const previous = sources.previous[entry]!;
  const next = sources.next[entry]!;
  if (previous === noEntry) target.head = next;
  else sources.next[previous] = next;
  if (next === noEntry) target.tail = previous;
  else sources.previous[next] = previous;
  sources.live[entry] = 0;
  target.liveCount--;
}

/** Counts a live source's value for a gauge. */
export function addValue(target: FoldTarget, value: number): void {
  target.updatesSinceSum++;
  if (target.aggregate === 'last') target.extreme = value;
  if (Number.isNaN(value)) target.nanCount++;
  else if (value === Number.POSITIVE_INFINITY) target.positiveInfinities++;
  else if (value === Number.NEGATIVE_INFINITY) target.negativeInfinities++;
  else addToSum(target, value);
  if (target.aggregate === 'max' && !(value < target.extreme)) takeExtreme(target, value);
  if (target.aggregate === 'min' && !(value > target.extreme)) takeExtreme(target, value);
}

/** A value that no other is beyond needs no search, even where one was due. */
function takeExtreme(target: FoldTarget, value: number): void {
  if (Number.isNaN(value)) return;
  target.extreme = value;
  target.isExtremeStale = false;
}

/** Uncounts a value that `addValue` counted. */
export function removeValue(target: FoldTarget, value: number): void {
  if (Number.isNaN(value)) target.nanCount--;
  else if (value === Number.POSITIVE_INFINITY) target.positiveInfinities--;
  else if (value === Number.NEGATIVE_INFINITY) target.negativeInfinities--;
  else addToSum(target, -value);
  if (value === target.extreme) target.isExtremeStale = true;
}

/** What the target's sample is now. */
export function foldedValue(target: FoldTarget, sources: FoldSources): number {
  switch (target.aggregate) {
    case 'counter':
      return Math.max(target.floor, target.sum + target.compensation);
    case 'sum':
      return gaugeSum(target, sources);
    case 'avg':
      return gaugeSum(target, sources) / target.liveCount;
    case 'min':
    case 'max':
      if (target.isExtremeStale) findExtreme(target, sources, target.aggregate);
      return target.extreme;
    case 'last':
      return target.extreme;
  }
}

function gaugeSum(target: FoldTarget, sources: FoldSources): number {
  const { nanCount, positiveInfinities, negativeInfinities } = target;
  if (nanCount > 0 || (positiveInfinities > 0 && negativeInfinities > 0)) return Number.NaN;
  if (positiveInfinities > 0) return Number.POSITIVE_INFINITY;
  if (negativeInfinities > 0) return Number.NEGATIVE_INFINITY;
  // Values that come and go leave rounding errors behind: the sum is taken anew, seldom enough to cost next to nothing.
  if (target.updatesSinceSum > 16 * target.liveCount) sumAnew(target, sources);
  return target.sum + target.compensation;
}

function sumAnew(target: FoldTarget, sources: FoldSources): void {
  target.sum = 0;
  target.compensation = 0;
  target.updatesSinceSum = 0;
  for (let entry = target.head; entry !== noEntry; entry = sources.next[entry]!)
    addToSum(target, sources.lastValues[entry]!);
}

/** NaNs lose against any number, as in PromQL's own min and max. */
function findExtreme(target: FoldTarget, sources: FoldSources, aggregate: 'min' | 'max'): void {
  let extreme = Number.NaN;
  for (let entry = target.head; entry !== noEntry; entry = sources.next[entry]!) {
    const value = sources.lastValues[entry]!;
    const isBetter = aggregate === 'max' ? !(value <= extreme) : !(value >= extreme);
    if (isBetter && !Number.isNaN(value)) extreme = value;
  }
  target.extreme = extreme;
  target.isExtremeStale = false;
}
