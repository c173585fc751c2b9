/**
 * Brings back what `dumpChunks` gave, in another process: as segments, without decoding a chunk. It may go on while samples come in and rows are loaded:
 * what is in memory already stays, and a group's hour that became resident meanwhile is left as it is. A deletion ends it, for what is still to come may hold
 * what was deleted.
 */
import { noRef } from '../../model/series-ref.js';
import { blockBytes } from '../chunk/arenas.js';
import { readValueStreamHeader } from '../chunk/decode-chunk.js';
import { openSampleCount } from '../chunk/open-chunks.js';
import { readStreams } from '../chunk/read-chunk.js';
import { createSampleColumns } from '../chunk/sample-columns.js';
import { appendToHour } from './append-runs.js';
import type { ChunkPart } from './dump.js';
import type { GroupHour } from './hours.js';
import type { Segment } from './segment.js';
import { firstChunkOf, segmentBytes, segmentWord, segmentWords } from './segment.js';
import type { PendingRestore, StoreState } from './store-state.js';
import { takeGroupHour, touch } from './store-state.js';

export interface ChunkRestore {
  /** Takes the next part, in the order of the dump. False where the restore has ended: there is no room, or something was deleted. */
  add(part: ChunkPart): boolean;
  /** All parts of the hours from `completeFromHour` on came. */
  finish(completeFromHour: number): void;
  /** Ends it before that; what came stays. Nothing where it has ended. */
  abandon(): void;
}

interface Restoring extends PendingRestore {
  readonly state: StoreState;
  /** By ref of the dump the ref of the same series here; `noRef` where there is none. */
  readonly refs: Uint32Array;
  /** Segments that the restore made. */
  readonly segments: Set<Segment>;
  /** The newest hours first. */
  readonly restored: GroupHour[];
  /** Of which not all parts have come. Nothing of it is evicted meanwhile. */
  current: GroupHour | undefined;
}

export function beginRestore(state: StoreState, refs: Uint32Array): ChunkRestore {
  const restoring: Restoring = { state, refs, segments: new Set(), restored: [], current: undefined, ended: false };
  const evictionsBefore = state.evictions;
  state.restores.add(restoring);

  function end(): void {
    if (!state.restores.delete(restoring)) return;
    if (restoring.current !== undefined) restoring.current.pins--;
    restoring.current = undefined;
    restoring.ended = true;
    // As the least recently used goes first, the newest hours are to be the last.
    for (const groupHour of restoring.restored.splice(0).reverse())
      if (state.groupHours.has(groupHour)) touch(state, groupHour);
  }

  return {
    add(part) {
      const hasRoom = state.arenas.usedBytes + part.bytes.length <= state.budgetBytes;
      // Past an eviction older hours would only push newer ones out.
      if (!restoring.ended && hasRoom && state.evictions === evictionsBefore) addPart(restoring, part);
      else end();
      return !restoring.ended;
    },
    finish(completeFromHour) {
      const isComplete = !restoring.ended && state.evictions === evictionsBefore;
      end();
      if (isComplete) state.completeFromHour = Math.min(state.completeFromHour, completeFromHour);
    },
    abandon: end,
  };
}

/** Ends all restores under way. */
export function endRestores(state: StoreState): void {
  for (const restore of state.restores) restore.ended = true;
}

function addPart(restoring: Restoring, part: ChunkPart): void {
  const { state } = restoring;
  const hour = state.hours.take(part.hour);
  const groupHour = takeGroupHour(state, hour, part.group);
  if (groupHour.isResident) return;
  if (restoring.current === undefined) {
    restoring.current = groupHour;
    groupHour.pins++;
  }
  if (part.liveChunks > 0) addSegment(restoring, groupHour, part);
  if (!part.isLast) return;
  groupHour.pins--;
  groupHour.isResident = true;
  restoring.current = undefined;
  restoring.restored.push(groupHour);
}

function addSegment(restoring: Restoring, groupHour: GroupHour, part: ChunkPart): void {
  const { state } = restoring;
  const { arenas } = state;
  const { hour } = groupHour;
  const source = new Uint32Array(part.bytes.buffer, part.bytes.byteOffset, part.chunkCount * 3);
  const order = orderOf(restoring, source, part.chunkCount);
  const others = groupHour.segments.filter((segment) => !restoring.segments.has(segment));
  const live = others.length > 0 || hour.open.chunkCount > 0 ? mergeKnown(restoring, groupHour, part, others) : source;
  const blockCount = Math.ceil(part.bytes.length / blockBytes);
  const segment: Segment = {
    block: arenas.allocate(blockCount),
    blockCount,
    chunkCount: part.chunkCount,
    firstRef: refAt(order, 0),
    lastRef: refAt(order, part.chunkCount - 1),
    liveChunks: 0,
    liveSamples: 0,
    arrival: Number.NEGATIVE_INFINITY,
  };
  segmentBytes(arenas, segment).set(part.bytes, segmentWord(arenas, segment) * 4);
  fillHead(state, segment, order, live);
  if (segment.liveChunks === 0) {
    arenas.free(segment.block, blockCount);
    return;
  }
  restoring.segments.add(segment);
  groupHour.segments.push(segment);
  state.closedBlocks += blockCount;
  hour.closedChunks += segment.liveChunks;
}

/** A segment's chunks are fewer than this. */
const placesMax = 2 ** 16;

/** Chunks in the order of their refs here, those of one ref in the order in which they were: each ref * `placesMax` + place. */
function orderOf({ refs }: Restoring, source: Uint32Array, chunkCount: number): Float64Array {
  const order = new Float64Array(chunkCount);
  for (let i = 0; i < chunkCount; i++) order[i] = (refs[source[i]!] ?? noRef) * placesMax + i;
  return order.sort();
}

const refAt = (order: Float64Array, i: number): number => Math.floor(order[i]! / placesMax);

/** Writes a segment's refs and places, and counts what is live: series that are not known here are left out. */
function fillHead(state: StoreState, segment: Segment, order: Float64Array, source: Uint32Array): void {
  const { chunkCount } = segment;
  const { header } = state.reader;
  const words = segmentWords(state.arenas, segment);
  const bytes = segmentBytes(state.arenas, segment);
  const first = segmentWord(state.arenas, segment);
  for (let i = 0; i < chunkCount; i++) {
    const ref = refAt(order, i);
    const place = order[i]! - ref * placesMax;
    const valueAt = ref === noRef ? 0 : source[chunkCount + place]!;
    words[first + i] = ref;
    words[first + chunkCount + i] = valueAt;
    words[first + 2 * chunkCount + i] = source[2 * chunkCount + place]!;
    if (valueAt === 0) continue;
    readValueStreamHeader(bytes, first * 4 + valueAt, header);
    segment.liveChunks++;
    segment.liveSamples += header.sampleCount;
  }
}

/** Merges the chunks of series that have samples in the hour already below these. Answers the part's head without them. */
function mergeKnown(
  { state, refs }: Restoring,
  { hour }: GroupHour,
  { bytes, chunkCount }: ChunkPart,
  others: readonly Segment[],
): Uint32Array {
  const head = new Uint32Array(bytes.buffer, bytes.byteOffset, chunkCount * 3).slice();
  const ignored = { appended: 0, outOfOrder: 0, duplicates: 0, replaced: 0 };
  for (let i = 0; i < chunkCount; i++) {
    const ref = refs[head[i]!] ?? noRef;
    const valueAt = head[chunkCount + i]!;
    if (ref === noRef || valueAt === 0) continue;
    if (openSampleCount(hour.open, ref) === 0 && !others.some((segment) => hasChunk(state, segment, ref))) continue;
    const samples = createSampleColumns();
    readStreams(state.reader.header, bytes, valueAt, bytes, head[2 * chunkCount + i]!, hour.open.startMs, samples);
    appendToHour(state, hour, ref, samples, 0, samples.length, 'present', ignored);
    head[chunkCount + i] = 0;
  }
  return head;
}

function hasChunk({ arenas }: StoreState, segment: Segment, ref: number): boolean {
  if (ref < segment.firstRef || ref > segment.lastRef) return false;
  const words = segmentWords(arenas, segment);
  const first = segmentWord(arenas, segment);
  for (let i = firstChunkOf(arenas, segment, ref); i < segment.chunkCount && words[first + i] === ref; i++)
    if (words[first + segment.chunkCount + i] !== 0) return true;
  return false;
}
