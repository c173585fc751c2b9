/** What one sample of a source does to the source and to its target. */
import { addSource, findSource, noEntry } from './fold-sources.js';
import { addToSum, addValue, type FoldTarget, linkSource, removeValue, unlinkSource } from './fold-targets.js';
import type { FolderState } from './folder-state.js';
import type { SourceRuns } from './source-runs.js';

/** Takes a sample of a run's source in; false where it changes nothing. */
export function acceptSample(
  state: FolderState,
  runs: SourceRuns,
  run: number,
  timeMs: number,
  value: number,
): boolean {
  const { sources, counts } = state;
  const number = runs.targets[run]!;
  const target = state.targets[number]!;
  if (target.aggregate === 'counter' && !Number.isFinite(value)) {
    counts.notFinite++;
    return false;
  }
  const [high, low] = [runs.sourceHighs[run]!, runs.sourceLows[run]!];
  const known = findSource(sources, high, low);
  if (known !== noEntry && timeMs <= sources.lastTimesMs[known]!) {
    counts.ignored++;
    return false;
  }
  const entry = known === noEntry ? addSource(sources, high, low, (least) => evictSource(state, least)) : known;
  if (sources.targets[entry] !== number) leaveTarget(state, entry);
  sources.targets[entry] = number;
  if (target.aggregate === 'counter') {
    const isBaseline = known === noEntry && isKnownFromBefore(state, runs, run, timeMs, target);
    if (isBaseline) counts.baselines++;
    else addToSum(target, increaseOf(value, known === noEntry ? 0 : sources.lastValues[entry]!));
    if (sources.live[entry] === 0) linkSource(target, sources, entry);
  } else updateGauge(state, target, entry, value);
  sources.lastValues[entry] = value;
  sources.lastTimesMs[entry] = timeMs;
  if (known !== noEntry) sources.used[entry] = 1;
  counts.folded++;
  return true;
}

/** Source of the rule: Prometheus, promql/functions.go, extrapolatedRate: a drop is a reset, and the counter began at zero. */
const increaseOf = (value: number, last: number): number => Math.max(0, value < last ? value : value - last);

/** Whether a source without state did not begin with this value. */
function isKnownFromBefore(
  { evicted }: FolderState,
  runs: SourceRuns,
  run: number,
  timeMs: number,
  target: FoldTarget,
): boolean {
  if (runs.hadSeries[run] === 1) return true;
  if (target.settlingUntilMs !== undefined && timeMs < target.settlingUntilMs) return true;
  return evicted.has(runs.sourceHighs[run]!, runs.sourceLows[run]!);
}

/** The source moves to the end of the list, which is so in the order of last sight. */
function updateGauge({ sources }: FolderState, target: FoldTarget, entry: number, value: number): void {
  if (sources.live[entry] === 1) {
    removeValue(target, sources.lastValues[entry]!);
    if (target.tail !== entry) {
      unlinkSource(target, sources, entry);
      linkSource(target, sources, entry);
    }
  } else linkSource(target, sources, entry);
  addValue(target, value);
}

/** Takes a stale marker of a run's source in; false where it changes nothing. */
export function goStale(state: FolderState, runs: SourceRuns, run: number, timeMs: number): boolean {
  const { sources, counts } = state;
  const entry = findSource(sources, runs.sourceHighs[run]!, runs.sourceLows[run]!);
  if (entry === noEntry || sources.live[entry] === 0) return false;
  if (timeMs <= sources.lastTimesMs[entry]! || sources.targets[entry] !== runs.targets[run]) {
    counts.ignored++;
    return false;
  }
  leaveTarget(state, entry);
  sources.lastTimesMs[entry] = timeMs;
  counts.folded++;
  return true;
}

/** A source that gives way is remembered as one that was there. */
export function evictSource(state: FolderState, entry: number): void {
  const { sources, evicted, counts } = state;
  evicted.add(sources.highs[entry]!, sources.lows[entry]!);
  counts.evicted++;
  leaveTarget(state, entry);
}

/** Takes the sources of a gauge out that were not seen for the window before a time. */
export function expireSources(state: FolderState, target: FoldTarget, timeMs: number): void {
  if (target.aggregate === 'counter') return;
  const { sources, options } = state;
  while (target.head !== noEntry && sources.lastTimesMs[target.head]! < timeMs - options.windowMs)
    leaveTarget(state, target.head);
}

/** Ends what a live source counts for in its target. A counter's total keeps what the source has added. */
function leaveTarget({ sources, targets }: FolderState, entry: number): void {
  if (sources.live[entry] === 0) return;
  const target = targets[sources.targets[entry]!]!;
  if (target.aggregate !== 'counter') removeValue(target, sources.lastValues[entry]!);
  unlinkSource(target, sources, entry);
}
