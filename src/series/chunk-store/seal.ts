/**
 * Moves open chunks of closed hours into segments, a part at a time, so that the thread that takes writes is never held up for
 * long. A pass over an hour first looks through its pages for chunks, then seals them group by group. What arrives late
 * meanwhile is open again and waits for the next pass.
 */
import { replaceChunk } from '../chunk/append-sample.js';
import { copyTimeStream, copyValueStream } from '../chunk/copy-chunk.js';
import type { OpenChunks } from '../chunk/open-chunks.js';
import { openSampleCount, pageRefs, releaseOpenChunks, removeChunk } from '../chunk/open-chunks.js';
import { readOpenChunk } from '../chunk/read-chunk.js';
import { createSampleColumns } from '../chunk/sample-columns.js';
import { removeEmptyHour } from './evict.js';
import type { GroupHour, Hour, SealingPass } from './hours.js';
import { addChunk, finishSegment, hasRoom, mergeSegments } from './segment.js';
import type { StoreState } from './store-state.js';
import { takeGroupHour, touch } from './store-state.js';

/** Looking at a series that has no chunk costs about a sixteenth of sealing one. Measured coarsely. */
const looksPerChunk = 16;

/** Seals about `chunksMax` chunks of closed hours, the oldest hours first. Returns whether there are more. */
export function sealClosed(state: StoreState, chunksMax: number): boolean {
  let credit = chunksMax;
  for (const hour of [...state.hours.sorted]) {
    if (hour.index >= state.closedBeforeHour) break;
    while (credit > 0 && (hour.sealing !== undefined || hour.open.chunkCount > 0))
      credit -= sealStep(state, hour, credit);
    if (hour.sealing !== undefined || hour.open.chunkCount > 0) return true;
    releaseOpenChunks(hour.open);
    removeEmptyHour(state, hour);
  }
  return false;
}

/** One step of an hour's pass. Returns what it cost, in chunks sealed. */
function sealStep(state: StoreState, hour: Hour, chunksMax: number): number {
  hour.sealing ??= { nextPage: 0, refsByGroup: new Map() };
  const { sealing, open } = hour;
  if (sealing.nextPage < open.pages.length) return collectRefs(state, hour, sealing, chunksMax);
  const [next] = sealing.refsByGroup;
  if (next === undefined) {
    hour.sealing = undefined;
    return 1;
  }
  const [group, refs] = next;
  const part = refs.splice(0, chunksMax);
  if (refs.length === 0) sealing.refsByGroup.delete(group);
  sealRefs(state, hour, group, part);
  return part.length;
}

function collectRefs(state: StoreState, { open }: Hour, sealing: SealingPass, chunksMax: number): number {
  const pagesMax = Math.ceil((chunksMax * looksPerChunk) / pageRefs);
  let pages = 0;
  for (; pages < pagesMax && sealing.nextPage < open.pages.length; sealing.nextPage++) {
    if (open.pages[sealing.nextPage] === 0) continue;
    pages++;
    const firstRef = sealing.nextPage * pageRefs;
    for (let ref = firstRef; ref < firstRef + pageRefs; ref++) {
      if (openSampleCount(open, ref) === 0) continue;
      const group = state.groupOf(ref);
      const refs = sealing.refsByGroup.get(group);
      if (refs === undefined) sealing.refsByGroup.set(group, [ref]);
      else refs.push(ref);
    }
  }
  return Math.ceil((pages * pageRefs) / looksPerChunk) + 1;
}

/** Seals the open chunks of refs, which rise and belong to `group`. Those without a chunk are passed over. */
export function sealRefs(state: StoreState, hour: Hour, group: number, refs: Iterable<number>): void {
  const groupHour = takeGroupHour(state, hour, group);
  groupHour.pins++;
  for (const ref of refs) {
    const count = openSampleCount(hour.open, ref);
    // A ref may have been dropped, and be another series' by now.
    if (count === 0 || state.groupOf(ref) !== group) continue;
    if (count > state.chunkSamplesMax) sealInPieces(state, groupHour, ref);
    else sealChunk(state, groupHour, hour.open, ref);
  }
  finish(state, groupHour);
  mergeSmall(state, groupHour);
  groupHour.pins--;
  touch(state, groupHour);
}

function sealChunk(state: StoreState, groupHour: GroupHour, open: OpenChunks, ref: number): void {
  const { valueCopy, timeCopy } = state.reader;
  copyValueStream(open, ref, valueCopy);
  copyTimeStream(open, ref, timeCopy);
  const streamBytes = valueCopy.end - valueCopy.start + timeCopy.end - timeCopy.start;
  if (!hasRoom(state.builder, streamBytes)) finish(state, groupHour);
  const count = openSampleCount(open, ref);
  const { bytes, start, end } = valueCopy;
  addChunk(state.builder, ref, count, bytes, start, end, timeCopy.bytes, timeCopy.start, timeCopy.end);
  removeChunk(open, ref);
}

/** Seals a chunk of very many samples as several. */
function sealInPieces(state: StoreState, groupHour: GroupHour, ref: number): void {
  const { open } = groupHour.hour;
  const whole = createSampleColumns(openSampleCount(open, ref));
  readOpenChunk(state.reader, open, ref, whole);
  removeChunk(open, ref);
  for (let from = 0; from < whole.length; from += state.chunkSamplesMax) {
    const to = Math.min(whole.length, from + state.chunkSamplesMax);
    const piece = {
      timesMs: whole.timesMs.subarray(from, to),
      values: whole.values.subarray(from, to),
      words: whole.words.subarray(2 * from, 2 * to),
    };
    replaceChunk(open, ref, piece, to - from);
    sealChunk(state, groupHour, open, ref);
  }
}

function finish(state: StoreState, { hour, segments }: GroupHour): void {
  if (state.builder.chunkCount === 0) return;
  const segment = finishSegment(state.builder, hour.lastArrival);
  segments.push(segment);
  state.closedBlocks += segment.blockCount;
  hour.closedChunks += segment.chunkCount;
}

/** So many small segments may stand side by side: each is one more to search. A guess. */
const smallSegmentsMax = 4;

/** Merges small segments, which late samples leave behind, and takes out what was dropped of them. */
function mergeSmall(state: StoreState, groupHour: GroupHour): void {
  const isSmall = ({ liveChunks }: { liveChunks: number }): boolean => liveChunks < state.builder.chunksMax / 4;
  const small = groupHour.segments.filter(isSmall);
  if (small.length <= smallSegmentsMax) return;
  const merged = mergeSegments(state.builder, small, state.reader.header);
  const blocks = (segments: readonly { blockCount: number }[]): number =>
    segments.reduce((sum, { blockCount }) => sum + blockCount, 0);
  state.closedBlocks += blocks(merged) - blocks(small);
  groupHour.segments = [...groupHour.segments.filter((segment) => !isSmall(segment)), ...merged];
}
