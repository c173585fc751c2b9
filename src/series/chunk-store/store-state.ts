/** What the parts of the chunk store share. */
import type { Arenas } from '../chunk/arenas.js';
import { openSampleCount } from '../chunk/open-chunks.js';
import type { ChunkReader } from '../chunk/read-chunk.js';
import { readOpenChunk, readStreams } from '../chunk/read-chunk.js';
import type { SampleColumns } from '../chunk/sample-columns.js';
import type { GroupHour, Hour, Hours } from './hours.js';
import type { Segment, SegmentBuilder } from './segment.js';
import { firstChunkOf, segmentBytes, segmentWord, segmentWords } from './segment.js';

export interface AppendCounters {
  /** Samples taken that were not there before, late ones among them. */
  appended: number;
  /** Samples of `appended` that were not later than their series' last one of the same hour. */
  outOfOrder: number;
  /** Samples that were there already, value and all, and were ignored. */
  duplicates: number;
  /** Samples whose time was there with another value, which they replaced. */
  replaced: number;
}

/** Where samples of dropped series must not come back from: a load that began before. */
export interface PendingLoad {
  readonly droppedRefs: Set<number>;
}

/** Parts of an earlier process' memory on their way into this one. */
export interface PendingRestore {
  /** Whether what is still to come is to be left out. */
  ended: boolean;
}

export interface StoreState {
  readonly arenas: Arenas;
  readonly hours: Hours;
  readonly groupOf: (ref: number) => number;
  readonly budgetBytes: number;
  /** The samples of one chunk in a segment are at most so many: a segment's bytes are bounded. */
  readonly chunkSamplesMax: number;
  /** From this hour on, a group of which there is no record has no samples but those in open chunks. */
  completeFromHour: number;
  /** Hours before this one are closed. */
  closedBeforeHour: number;
  /** What arrived up to here is in the engine. */
  storedUpTo: number;
  /** The least recently used first. */
  readonly groupHours: Set<GroupHour>;
  readonly loads: Set<PendingLoad>;
  readonly restores: Set<PendingRestore>;
  readonly counters: AppendCounters;
  readonly reader: ChunkReader;
  /** The samples of the chunk at hand. */
  readonly work: SampleColumns;
  readonly builder: SegmentBuilder;
  closedBlocks: number;
  evictions: number;
  hits: number;
  misses: number;
}

/** The record of a group's hour, made where there is none. */
export function takeGroupHour(state: StoreState, hour: Hour, group: number): GroupHour {
  const known = hour.groups.get(group);
  if (known !== undefined) return known;
  const isResident = hour.index >= state.completeFromHour;
  const groupHour: GroupHour = { group, hour, isResident, pins: 0, segments: [] };
  hour.groups.set(group, groupHour);
  state.groupHours.add(groupHour);
  return groupHour;
}

/** Makes a group's hour the most recently used. */
export function touch(state: StoreState, groupHour: GroupHour): void {
  state.groupHours.delete(groupHour);
  state.groupHours.add(groupHour);
}

/** Appends all samples of `ref` in an hour, in order of time, to `into`. */
export function readHour(state: StoreState, hour: Hour, ref: number, into: SampleColumns): void {
  if (openSampleCount(hour.open, ref) > 0) {
    readOpenChunk(state.reader, hour.open, ref, into);
    return;
  }
  if (hour.closedChunks === 0) return;
  for (const segment of hour.groups.get(state.groupOf(ref))?.segments ?? [])
    readSegment(state, segment, hour, ref, into);
}

function readSegment(state: StoreState, segment: Segment, hour: Hour, ref: number, into: SampleColumns): void {
  forEachChunk(state.arenas, segment, ref, (valueStart, timeStart) => {
    const bytes = segmentBytes(state.arenas, segment);
    readStreams(state.reader.header, bytes, valueStart, bytes, timeStart, hour.open.startMs, into);
  });
}

/** Visits the chunks of `ref` in a segment by where in the arena their streams begin. */
export function forEachChunk(
  arenas: Arenas,
  segment: Segment,
  ref: number,
  visit: (valueStart: number, timeStart: number) => void,
): void {
  if (ref < segment.firstRef || ref > segment.lastRef) return;
  const words = segmentWords(arenas, segment);
  const first = segmentWord(arenas, segment);
  const { chunkCount } = segment;
  for (let i = firstChunkOf(arenas, segment, ref); i < chunkCount && words[first + i] === ref; i++) {
    const valueAt = words[first + chunkCount + i]!;
    if (valueAt !== 0) visit(first * 4 + valueAt, first * 4 + words[first + 2 * chunkCount + i]!);
  }
}
