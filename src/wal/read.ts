/** Reads durable records back, in order. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { createByteWindow } from './byte-window.js';
import { isNotFound, logErrorOf } from './file-operations.js';
import type { LogState } from './log-state.js';
import { endOfRecord, type RecordHeader } from './record-header.js';
import { type ScannedRecord, scanRecords } from './scan.js';
import { type Mark, markBefore, type Segment } from './segment.js';

type ReadRecord = Pick<RecordHeader, 'sequence' | 'count'> & Pick<ScannedRecord, 'payload'>;

/** A segment as it was when the reading began; later records are not read. */
type SegmentSnapshot = Pick<Segment, 'name' | 'salt' | 'durableBytes' | 'endSequence'> & { readonly start: Mark };

/** The segments that hold durable records with a sequence at or after `from`, as of now. */
export function snapshotFrom(state: LogState, from: number): SegmentSnapshot[] {
  const snapshots: SegmentSnapshot[] = [];
  for (const segment of state.segments) {
    const start = markBefore(segment, from);
    if (start === undefined || segment.endSequence <= from) continue;
    const { name, salt, durableBytes, endSequence } = segment;
    snapshots.push({ name, salt, durableBytes, endSequence, start });
  }
  return snapshots;
}

/** Their records. Damage that was not there when the log was opened is reported and passed over. */
export async function* readSnapshots(
  state: LogState,
  snapshots: readonly SegmentSnapshot[],
  from: number,
): AsyncGenerator<ReadRecord> {
  for (const snapshot of snapshots) {
    try {
      yield* readSegment(state, snapshot, from);
    } catch (error) {
      const isStored = !state.segments.some((segment) => segment.name === snapshot.name);
      if (isStored && isNotFound(error)) continue;
      throw logErrorOf(error, `read ${snapshot.name}`);
    }
  }
}

async function* readSegment(state: LogState, snapshot: SegmentSnapshot, from: number): AsyncGenerator<ReadRecord> {
  const { name: segment, salt, durableBytes, endSequence, start } = snapshot;
  const file = await open(join(state.folder, segment), 'r');
  try {
    const scanStart = { segment, salt, endSequence, offset: start.offset, sequence: start.sequence };
    for await (const found of scanRecords(createByteWindow(file, durableBytes), scanStart)) {
      if (found.kind === 'damage') await state.reporter.report(found.damage, state.checkpointSequence);
      else if (endOfRecord(found.header) > from)
        yield { sequence: found.header.sequence, count: found.header.count, payload: found.payload };
    }
  } finally {
    await file.close();
  }
}
