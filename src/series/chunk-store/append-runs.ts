/** Takes samples in: in order as the quick case, late, repeated and changed ones as the others. */
import type { SampleSource } from '../chunk/append-sample.js';
import { appendSamples, replaceChunk, stops } from '../chunk/append-sample.js';
import { openSampleCount } from '../chunk/open-chunks.js';
import { readOpenChunk } from '../chunk/read-chunk.js';
import type { SampleColumns } from '../chunk/sample-columns.js';
import { addSample, firstAfter, reserveSamples } from '../chunk/sample-columns.js';
import type { Hour } from './hours.js';
import { dropChunksOf } from './segment.js';
import type { AppendCounters, StoreState } from './store-state.js';
import { readHour } from './store-state.js';

/** Which of two values for the same time stays: the one that comes, or the one that is there. */
export type Precedence = 'arriving' | 'present';

/**
 * Appends source's samples [from, to), which lie in `hour` up to the place returned, to `ref`. The counters say what became
 * of each.
 */
export function appendToHour(
  state: StoreState,
  hour: Hour,
  ref: number,
  source: SampleSource,
  from: number,
  to: number,
  precedence: Precedence,
  counters: AppendCounters,
): number {
  if (hour.closedChunks > 0 && openSampleCount(hour.open, ref) === 0) reopen(state, hour, ref);
  while (from < to) {
    const next = appendSamples(hour.open, ref, source, from, to);
    counters.appended += next - from;
    from = next;
    if (from === to) break;
    const { stop } = hour.open;
    if (stop === stops.outside) break;
    if (stop === stops.late) from = mergeLate(state, hour, ref, source, from, to, precedence, counters);
    else {
      encodeAnew(state, hour, ref, source, from++);
      counters.appended++;
    }
  }
  return from;
}

/** Makes closed chunks of `ref`, if there are any, its open one again, so that its samples always are in one place. */
function reopen(state: StoreState, hour: Hour, ref: number): void {
  const { work } = state;
  work.length = 0;
  readHour(state, hour, ref, work);
  if (work.length === 0) return;
  dropClosed(state, hour, ref);
  replaceChunk(hour.open, ref, work, work.length);
}

/** Drops the closed chunks of `ref` in an hour, and frees segments that are left without any. */
export function dropClosed(state: StoreState, hour: Hour, ref: number): void {
  const groupHour = hour.groups.get(state.groupOf(ref));
  if (groupHour === undefined) return;
  groupHour.segments = groupHour.segments.filter((segment) => {
    const { liveChunks, block, blockCount } = segment;
    if (!dropChunksOf(state.arenas, segment, ref, state.reader.header)) return true;
    hour.closedChunks -= liveChunks - segment.liveChunks;
    if (segment.liveChunks > 0) return true;
    state.arenas.free(block, blockCount);
    state.closedBlocks -= blockCount;
    return false;
  });
}

function encodeAnew(state: StoreState, hour: Hour, ref: number, source: SampleSource, i: number): void {
  const { work } = state;
  work.length = 0;
  readOpenChunk(state.reader, hour.open, ref, work);
  addSample(work, source.timesMs[i]!, source.words[2 * i]!, source.words[2 * i + 1]!);
  replaceChunk(hour.open, ref, work, work.length);
}

/** Merges the samples from `from` on that are not later than the chunk's last, and returns where they end. */
function mergeLate(
  state: StoreState,
  hour: Hour,
  ref: number,
  source: SampleSource,
  from: number,
  to: number,
  precedence: Precedence,
  counters: AppendCounters,
): number {
  const { work } = state;
  work.length = 0;
  readOpenChunk(state.reader, hour.open, ref, work);
  const lastMs = work.timesMs[work.length - 1]!;
  const { startMs } = hour.open;
  let isChanged = false;
  let i = from;
  for (; i < to && source.timesMs[i]! <= lastMs && source.timesMs[i]! >= startMs; i++) {
    if (mergeSample(work, source, i, precedence, counters)) isChanged = true;
  }
  if (isChanged) replaceChunk(hour.open, ref, work, work.length);
  return i;
}

/** Merges sample i of `source` into `into`. Returns whether that changed anything. */
function mergeSample(
  into: SampleColumns,
  source: SampleSource,
  i: number,
  precedence: Precedence,
  counters: AppendCounters,
): boolean {
  const timeMs = source.timesMs[i]!;
  const low = source.words[2 * i]!;
  const high = source.words[2 * i + 1]!;
  const place = firstAfter(into.timesMs, 0, into.length, timeMs);
  if (place > 0 && into.timesMs[place - 1] === timeMs) {
    const isSame = into.words[2 * place - 2] === low && into.words[2 * place - 1] === high;
    if (isSame) counters.duplicates++;
    if (isSame || precedence === 'present') return false;
    into.words[2 * place - 2] = low;
    into.words[2 * place - 1] = high;
    counters.replaced++;
    return true;
  }
  insertSample(into, place, timeMs, low, high);
  counters.appended++;
  counters.outOfOrder++;
  return true;
}

function insertSample(into: SampleColumns, place: number, timeMs: number, low: number, high: number): void {
  reserveSamples(into, 1);
  into.timesMs.copyWithin(place + 1, place, into.length);
  into.words.copyWithin(2 * place + 2, 2 * place, 2 * into.length);
  into.timesMs[place] = timeMs;
  into.words[2 * place] = low;
  into.words[2 * place + 1] = high;
  into.length++;
}
