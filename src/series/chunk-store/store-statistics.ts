/** What the chunk store says about itself. */
import { blockBytes } from '../chunk/arenas.js';
import type { StoreState } from './store-state.js';

export interface ChunkStoreStatistics {
  readonly budgetBytes: number;
  /** Memory taken from the system for chunks. */
  readonly reservedBytes: number;
  /** Of it, what holds chunks; the rest is free for others. */
  readonly usedBytes: number;
  readonly openBytes: number;
  readonly closedBytes: number;
  /** Of `reservedBytes`, what lies beyond the budget because it must stay. */
  readonly overBudgetBytes: number;
  /** Chunks and samples in memory. */
  readonly openChunks: number;
  readonly closedChunks: number;
  readonly openSamples: number;
  readonly closedSamples: number;
  /** Groups' hours that the store keeps a record of. */
  readonly groupHours: number;
  /** Loads of groups' hours under way. */
  readonly loads: number;
  /** Groups' hours evicted so far. */
  readonly evictions: number;
  /** Questions for residency that were answered with yes, and with no. */
  readonly hits: number;
  readonly misses: number;
}

const closedBytes = ({ closedBlocks }: StoreState): number => closedBlocks * blockBytes;

/** Memory that open chunks take. */
export const openBytes = (state: StoreState): number => state.arenas.usedBytes - closedBytes(state);

/** Walks through all segments: for a scrape, not for each request. */
export function storeStatistics(state: StoreState): ChunkStoreStatistics {
  const { arenas, budgetBytes, hours } = state;
  let closedSamples = 0;
  for (const { segments } of state.groupHours) for (const { liveSamples } of segments) closedSamples += liveSamples;
  const sum = (of: (hour: (typeof hours.sorted)[number]) => number): number =>
    hours.sorted.reduce((total, hour) => total + of(hour), 0);
  return {
    budgetBytes,
    reservedBytes: arenas.reservedBytes,
    usedBytes: arenas.usedBytes,
    openBytes: openBytes(state),
    closedBytes: closedBytes(state),
    overBudgetBytes: Math.max(0, arenas.reservedBytes - budgetBytes),
    openChunks: sum((hour) => hour.open.chunkCount),
    closedChunks: sum((hour) => hour.closedChunks),
    openSamples: sum((hour) => hour.open.sampleCount),
    closedSamples,
    groupHours: state.groupHours.size,
    loads: state.loads.size,
    evictions: state.evictions,
    hits: state.hits,
    misses: state.misses,
  };
}

/** Samples of a chunk on average, of a group in an hour; -1 where not all of the group's samples are in memory. */
export function samplesPerSeries(state: StoreState, group: number, index: number): number {
  const hour = state.hours.byIndex.get(index);
  const groupHour = hour?.groups.get(group);
  if (!(groupHour?.isResident ?? index >= state.completeFromHour)) return -1;
  let chunks = 0;
  let samples = 0;
  for (const { liveChunks, liveSamples } of groupHour?.segments ?? []) {
    chunks += liveChunks;
    samples += liveSamples;
  }
  if (chunks > 0) return samples / chunks;
  // Open chunks are not counted by group.
  return hour === undefined || hour.open.chunkCount === 0 ? 0 : hour.open.sampleCount / hour.open.chunkCount;
}
