/** The store's bookkeeping: by hour, and by group within it. */
import type { Arenas } from '../chunk/arenas.js';
import type { OpenChunks } from '../chunk/open-chunks.js';
import { createOpenChunks } from '../chunk/open-chunks.js';
import type { Segment } from './segment.js';

export const hourMs = 3_600_000;

/** Which hour since the epoch a time lies in: an hour's first millisecond belongs to it. */
export const hourOf = (timeMs: number): number => Math.floor(timeMs / hourMs);

/** The closed chunks of one group in one hour. */
export interface GroupHour {
  readonly group: number;
  readonly hour: Hour;
  /** Whether all samples of the group and hour that exist are in memory, here or among the hour's open chunks. */
  isResident: boolean;
  /** Loads and seals at work, during which nothing of it is evicted. */
  pins: number;
  segments: Segment[];
}

/** Open chunks of a closed hour on their way into segments. */
export interface SealingPass {
  /** The next page of refs to look through. */
  nextPage: number;
  /** Refs with open chunks by group, rising. */
  readonly refsByGroup: Map<number, number[]>;
}

export interface Hour {
  /** Hours since the epoch. */
  readonly index: number;
  readonly open: OpenChunks;
  readonly groups: Map<number, GroupHour>;
  /** The last arrival that brought a sample of this hour. */
  lastArrival: number;
  /** Live chunks in segments. */
  closedChunks: number;
  sealing: SealingPass | undefined;
}

export const createHour = (arenas: Arenas, index: number): Hour => ({
  index,
  open: createOpenChunks(arenas, index * hourMs),
  groups: new Map(),
  lastArrival: Number.NEGATIVE_INFINITY,
  closedChunks: 0,
  sealing: undefined,
});

/** Hours by index, and in order. */
export interface Hours {
  readonly byIndex: ReadonlyMap<number, Hour>;
  /** Rising. */
  readonly sorted: readonly Hour[];
  take(index: number): Hour;
  remove(hour: Hour): void;
}

export function createHours(arenas: Arenas): Hours {
  const byIndex = new Map<number, Hour>();
  const sorted: Hour[] = [];
  return {
    byIndex,
    sorted,
    take(index) {
      const known = byIndex.get(index);
      if (known !== undefined) return known;
      const hour = createHour(arenas, index);
      byIndex.set(index, hour);
      const place = sorted.findIndex((other) => other.index > index);
      sorted.splice(place < 0 ? sorted.length : place, 0, hour);
      return hour;
    },
    remove(hour) {
      byIndex.delete(hour.index);
      sorted.splice(sorted.indexOf(hour), 1);
    },
  };
}
