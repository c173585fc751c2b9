/** What a running log knows. `log.ts` owns it; `commit.ts`, `retention.ts` and `read.ts` each do their part on it. */
import type { FileHandle } from 'node:fs/promises';
import type { DamageReporter } from './damage-reporter.js';
import type { FileOperations } from './file-operations.js';
import { markBefore, type Segment } from './segment.js';

/** The segment that is being written. Only segments made by this run are ever written. */
export interface ActiveSegment {
  readonly segment: Segment & { readonly salt: number };
  readonly file: FileHandle;
}

/**
 * Invariants: segments are in the order of their sequences, and the active one, if any, is the last;
 * checkpointSequence ≤ endSequence ≤ nextSequence; every number in [endSequence, nextSequence) was refused or skipped
 * and belongs to no acknowledged record.
 */
export interface LogState {
  readonly folder: string;
  readonly operations: FileOperations;
  readonly segmentBytesMax: number;
  readonly reporter: DamageReporter;
  segments: Segment[];
  active: ActiveSegment | undefined;
  checkpointSequence: number;
  /** End of the durable records. */
  endSequence: number;
  /** Start of the next record. */
  nextSequence: number;
  readonly counters: LogCounters;
}

export interface LogCounters {
  appendedRecords: number;
  appendedBytes: number;
  failedGroups: number;
  syncs: number;
  syncTotalMs: number;
  lastSyncMs: number;
}

/** Bytes that the segments take on disk. */
export const bytesOnDisk = ({ segments }: LogState): number =>
  segments.reduce((bytes, segment) => bytes + segment.fileBytes, 0);

/** When the oldest record above the checkpoint was appended, epoch milliseconds, to within a second. */
export function oldestUnstoredTimeMs({ segments, checkpointSequence }: LogState): number | undefined {
  const oldest = segments.find((segment) => segment.endSequence > checkpointSequence && segment.marks.length > 0);
  return oldest && markBefore(oldest, checkpointSequence)?.timeMs;
}
