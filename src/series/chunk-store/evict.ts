/** Gives closed chunks up for memory, the least recently used group and hour first. */
import type { GroupHour, Hour } from './hours.js';
import type { StoreState } from './store-state.js';

/**
 * Only what is closed and in the engine may go, and nothing that a load or a seal is at work on: a load's rows may have been read
 * before the samples here were stored.
 */
const mayGo = (state: StoreState, { hour, pins, segments }: GroupHour): boolean =>
  pins === 0 && hour.index < state.closedBeforeHour && segments.every((segment) => segment.arrival <= state.storedUpTo);

/** Keeps groups' hours [firstIndex, lastIndex] that are here from going, until the returned function is called. */
export function pinHours(
  state: StoreState,
  groups: Iterable<number>,
  firstIndex: number,
  lastIndex: number,
): () => void {
  const hours = state.hours.sorted.filter(({ index }) => index >= firstIndex && index <= lastIndex);
  const pinned: GroupHour[] = [];
  for (const group of groups) {
    for (const hour of hours) {
      const groupHour = hour.groups.get(group);
      if (groupHour === undefined) continue;
      groupHour.pins++;
      pinned.push(groupHour);
    }
  }
  return () => {
    for (const groupHour of pinned.splice(0)) groupHour.pins--;
  };
}

/** Evicts one group's hour. False where none may go. */
export function evictOne(state: StoreState): boolean {
  for (const groupHour of state.groupHours) {
    if (!mayGo(state, groupHour)) continue;
    const hasMemory = groupHour.segments.length > 0;
    evict(state, groupHour);
    if (hasMemory) return true;
  }
  return false;
}

function evict(state: StoreState, groupHour: GroupHour): void {
  const { hour, group } = groupHour;
  freeSegments(state, groupHour);
  hour.groups.delete(group);
  state.groupHours.delete(groupHour);
  // Of hours that lost something, what has no record must not pass for complete any more. Records carry their own mark.
  if (groupHour.isResident) state.completeFromHour = Math.max(state.completeFromHour, hour.index + 1);
  state.evictions++;
}

/** Frees a group's hour's segments, live or not. */
function freeSegments(state: StoreState, { hour, segments }: GroupHour): void {
  for (const { block, blockCount, liveChunks } of segments) {
    state.arenas.free(block, blockCount);
    state.closedBlocks -= blockCount;
    hour.closedChunks -= liveChunks;
  }
  segments.length = 0;
}

/** Forgets an hour that holds nothing. Not while samples are on their way into it. */
export function removeEmptyHour(state: StoreState, hour: Hour): void {
  const isEmpty = hour.groups.size === 0 && hour.open.chunkCount === 0 && hour.sealing === undefined;
  if (isEmpty && hour.open.extents.length === 0) state.hours.remove(hour);
}
