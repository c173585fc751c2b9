/**
 * Turns samples of several series into samples of one, batch by batch.
 *
 * A counter's target is the sum of what its sources increased by since they were first seen. Resets are as in Prometheus'
 * rate(): a value below the one before it began at zero. A source's first value counts as a whole, since a series that is new
 * began at zero, except where it did not: the source had a series of its own before, it was evicted and comes back, or the
 * state from before a start is lost. Then its increases count from this value on, which loses what came in between
 * and is counted as `baselines`: a total that is a little low is a smaller evil than a spike that never was.
 * Values that are not finite, and increases below zero, which no counter has, count nothing.
 *
 * A gauge's target is an aggregate over its sources' last values.
 *
 * Times: a target gets one sample for each interval of `resolutionMs` in which sources of the batch have samples, at the
 * latest of their times. A source's sample at or before its own last one is ignored: it is a retry, or out of order, and a
 * cumulative value makes up for it by itself. A sample that is newer than its source's last one but not than its target's counts in the
 * target's present value, which replaces that of the target's latest time, unless the batch has a later one.
 * So everything acknowledged is in what `fold` gives out: nothing waits for a later batch.
 *
 * When all sources of a target have gone stale, so does the target.
 *
 * Folding the same batches again changes nothing, and folding them in the same order from the same state gives the same totals: that is
 * how a start makes up for what was folded since the last snapshot.
 *
 * Bounds: `sourcesMax` sources of 53 bytes; a target for each series that is folded into, bounded as series are.
 */

import { staleMarkerHigh, staleMarkerLow, valueWords } from '../../model/sample-batch.js';
import { noRef } from '../../model/series-ref.js';
import type { FoldAggregate } from './fold-aggregate.js';
import { type FoldOrder, foldOrder } from './fold-order.js';
import {
  addSample,
  addStaleMarker,
  createFoldOutput,
  endRun,
  type FoldedRuns,
  type FoldOutput,
} from './fold-output.js';
import { noEntry } from './fold-sources.js';
import { createFoldTarget, type FoldTarget, foldedValue, settlingMs } from './fold-targets.js';
import { type FolderCounts, type FolderState, targetKey } from './folder-state.js';
import type { SourceRuns } from './source-runs.js';
import { acceptSample, expireSources, goStale } from './source-samples.js';

export interface TargetOptions {
  /** Number of the series in the index. */
  readonly ref: number;
  /** 64-bit id of the series. */
  readonly idHigh: number;
  readonly idLow: number;
  readonly aggregate: FoldAggregate;
  /** The series' latest stored value, where it has one from before this start: a counter goes on from there. */
  readonly lastValue?: number;
}

export interface Folder {
  /** The number of the target that is the series with this number; the same one as long as it is not closed. */
  openTarget(options: TargetOptions): number;
  /** The number of the target with this id, before anyone opens it. */
  restoreTarget(options: Omit<TargetOptions, 'ref' | 'lastValue'>): number;
  /** Says that what was last given out of these series came to nothing: it is given out again when their sources come again. */
  owe(refs: Uint32Array): void;
  /** Forgets the target that is this series, if it is one: the series was deleted. */
  closeTarget(series: Pick<TargetOptions, 'ref' | 'idHigh' | 'idLow'>): void;
  /** Folds a batch. What is returned is valid until the next call. */
  fold(runs: SourceRuns): FoldedRuns;
  readonly counts: Readonly<FolderCounts>;
  readonly sourceCount: number;
  readonly targetCount: number;
}

/** `state` may be one that a snapshot was restored into (`folder-snapshot.ts`). */
export function createFolder(state: FolderState): Folder {
  const output = createFoldOutput();
  return {
    openTarget: (options) => openTarget(state, options),
    restoreTarget: (options) => restoreTarget(state, options),
    owe(refs) {
      for (const ref of refs) {
        const target = state.targets[state.targetsByRef.get(ref) ?? -1];
        if (target !== undefined) target.isOwed = true;
      }
    },
    closeTarget: (series) => closeTarget(state, series),
    fold(runs) {
      output.runCount = 0;
      output.sampleCount = 0;
      const order = foldOrder(runs);
      const words = valueWords(runs.values);
      order.targets.forEach((number, i) => {
        foldTarget(state, runs, words, order, i, output);
        endRun(output, state.targets[number]!.ref ?? noRef);
      });
      return output;
    },
    counts: state.counts,
    get sourceCount() {
      return state.sources.count;
    },
    get targetCount() {
      return state.targetsByRef.size;
    },
  };
}

function openTarget(state: FolderState, { ref, idHigh, idLow, aggregate, lastValue }: TargetOptions): number {
  const known = state.targetsByRef.get(ref);
  if (known !== undefined) return known;
  const key = targetKey(idHigh, idLow);
  const restored = state.unclaimed.get(key);
  state.unclaimed.delete(key);
  const number = restored ?? state.targets.push(createFoldTarget(idHigh, idLow, aggregate)) - 1;
  state.targetsByRef.set(ref, number);
  const target = state.targets[number]!;
  target.ref = ref;
  if (lastValue === undefined || !Number.isFinite(lastValue) || aggregate !== 'counter') return number;
  target.floor = lastValue;
  if (restored === undefined) {
    target.sum = lastValue;
    target.settlingUntilMs = Number.POSITIVE_INFINITY;
  }
  return number;
}

function restoreTarget(state: FolderState, { idHigh, idLow, aggregate }: Omit<TargetOptions, 'ref'>): number {
  const key = targetKey(idHigh, idLow);
  const number = state.unclaimed.get(key) ?? state.targets.push(createFoldTarget(idHigh, idLow, aggregate)) - 1;
  state.unclaimed.set(key, number);
  return number;
}

function closeTarget(
  state: FolderState,
  { ref, idHigh, idLow }: Pick<TargetOptions, 'ref' | 'idHigh' | 'idLow'>,
): void {
  const { sources, targets, targetsByRef, unclaimed } = state;
  const key = targetKey(idHigh, idLow);
  const number = targetsByRef.get(ref) ?? unclaimed.get(key);
  if (number === undefined) return;
  state.changes++;
  targetsByRef.delete(ref);
  unclaimed.delete(key);
  for (let entry = targets[number]!.head; entry !== noEntry; entry = sources.next[entry]!) {
    sources.live[entry] = 0;
    sources.targets[entry] = noEntry;
  }
  targets[number] = undefined;
}

/** Folds the i-th target's samples, which come in the order of time. */
function foldTarget(
  state: FolderState,
  runs: SourceRuns,
  words: Uint32Array,
  { targets, ends, samples, runs: sampleRuns }: FoldOrder,
  i: number,
  output: FoldOutput,
): void {
  const target = state.targets[targets[i]!]!;
  const { resolutionMs } = state.options;
  const start = i === 0 ? 0 : ends[i - 1]!;
  const end = ends[i]!;
  if (target.settlingUntilMs === Number.POSITIVE_INFINITY && start < end)
    target.settlingUntilMs = runs.timesMs[samples[start]!]! + settlingMs;
  let intervalEndMs = Number.NEGATIVE_INFINITY;
  let pendingMs: number | undefined;
  for (let at = start; at < end; at++) {
    const sample = samples[at]!;
    const timeMs = runs.timesMs[sample]!;
    if (timeMs >= intervalEndMs) {
      intervalEndMs = (Math.floor(timeMs / resolutionMs) + 1) * resolutionMs;
      // What is late stays pending: it is given out with a later time, if the batch has one.
      if (pendingMs !== undefined && pendingMs > target.lastTimeMs) {
        giveOut(state, target, pendingMs, output);
        pendingMs = undefined;
      }
    }
    const isStale = words[2 * sample] === staleMarkerLow && words[2 * sample + 1] === staleMarkerHigh;
    const isTaken = isStale
      ? goStale(state, runs, sampleRuns[at]!, timeMs)
      : acceptSample(state, runs, sampleRuns[at]!, timeMs, runs.values[sample]!);
    if (isTaken) state.changes++;
    else if (!target.isOwed) continue;
    if (timeMs <= target.lastTimeMs) state.counts.late++;
    pendingMs = timeMs;
  }
  if (pendingMs !== undefined) giveOut(state, target, Math.max(pendingMs, target.lastTimeMs), output);
  target.isOwed = false;
}

function giveOut(state: FolderState, target: FoldTarget, timeMs: number, output: FoldOutput): void {
  expireSources(state, target, timeMs);
  if (target.liveCount === 0) addStaleMarker(output, timeMs);
  else addSample(output, timeMs, foldedValue(target, state.sources));
  target.lastTimeMs = timeMs;
}
