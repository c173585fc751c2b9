/**
 * What of the store is worth keeping over a restart: the closed chunks of groups' hours that are resident. Of the others the engine's rows have to be read
 * anyway. Close and seal all hours first: open chunks are passed over, and the hours that have any.
 */
import { blockBytes } from '../chunk/arenas.js';
import type { GroupHour, Hour } from './hours.js';
import type { Segment } from './segment.js';
import { segmentBytes, segmentWord } from './segment.js';
import type { StoreState } from './store-state.js';

/** A segment of a group's hour (docs/formats/chunk.md), or nothing, which tells that the hour holds nothing of the group. */
export interface ChunkPart {
  readonly group: number;
  /** Hours since the epoch. */
  readonly hour: number;
  /** The chunks in `bytes`, and of them those that were not dropped, with their samples. */
  readonly chunkCount: number;
  readonly liveChunks: number;
  readonly liveSamples: number;
  /** Whether nothing of the group's hour comes after it. */
  readonly isLast: boolean;
  /** The segment, and some arbitrary bytes behind it. At a multiple of 4 in its buffer. */
  readonly bytes: Uint8Array;
}

export interface ChunkDump {
  /** From this hour on a group of which there is no part has no samples. */
  readonly completeFromHour: number;
  /** The newest hours first, a group's parts side by side. Valid until the store changes. */
  readonly parts: Iterable<ChunkPart>;
}

export function dumpChunks(state: StoreState): ChunkDump {
  const isWhole = ({ isResident, hour }: GroupHour): boolean => isResident && hour.open.chunkCount === 0;
  let completeFromHour = state.completeFromHour;
  for (const { index, groups, open } of state.hours.sorted) {
    const isComplete = open.chunkCount === 0 && Array.from(groups.values()).every(isWhole);
    if (!isComplete) completeFromHour = Math.max(completeFromHour, index + 1);
  }
  const parts = function* (): Generator<ChunkPart> {
    for (const hour of [...state.hours.sorted].reverse())
      for (const groupHour of hour.groups.values()) if (isWhole(groupHour)) yield* partsOf(state, hour, groupHour);
  };
  return { completeFromHour, parts: parts() };
}

const noBytes = new Uint8Array(0);

function* partsOf(state: StoreState, { index }: Hour, { group, segments }: GroupHour): Generator<ChunkPart> {
  const place = { group, hour: index };
  if (segments.length === 0)
    yield { ...place, chunkCount: 0, liveChunks: 0, liveSamples: 0, isLast: true, bytes: noBytes };
  for (const [i, segment] of segments.entries()) {
    const { chunkCount, liveChunks, liveSamples } = segment;
    const isLast = i + 1 === segments.length;
    yield { ...place, chunkCount, liveChunks, liveSamples, isLast, bytes: bytesOf(state, segment) };
  }
}

function bytesOf({ arenas }: StoreState, segment: Segment): Uint8Array {
  const start = segmentWord(arenas, segment) * 4;
  return segmentBytes(arenas, segment).subarray(start, start + segment.blockCount * blockBytes);
}
