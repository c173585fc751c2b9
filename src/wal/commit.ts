/**
 * Writes a group of records to the active segment and makes them durable.
 *
 * A failure leaves no doubt behind. A full disk: the segment is cut back to its last good byte and goes on when there
 * is room. Anything else, a failed sync above all: the kernel may have marked pages clean that never reached the disk, so
 * that a second sync of the same file would prove nothing. The segment is sealed where its durable records end, the
 * group's numbers are never given out again, and the next group begins a new segment.
 */
import { randomInt } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { assert } from '../base/assert.js';
import { isDiskFull, logErrorOf, writeFully } from './file-operations.js';
import { temporaryEnding } from './log-folder.js';
import type { ActiveSegment, LogState } from './log-state.js';
import { encodeRecordHeader, type RecordHeader, recordHeaderBytes } from './record-header.js';
import { noteRecord } from './segment.js';
import { encodeSegmentHeader, segmentHeaderBytes, segmentNameOf } from './segment-header.js';

/** A record that waits for its sequence number. */
export type PendingRecord = Omit<RecordHeader, 'salt' | 'sequence'> & { readonly parts: readonly Uint8Array[] };

/** Bytes that the record will take in a segment. */
export const sizeOnDisk = (record: Pick<RecordHeader, 'payloadBytes'>): number =>
  recordHeaderBytes + record.payloadBytes;

/** Resolves with each record's first sequence number once all are durable; fails with `disk_full` or `log_failed`. */
export async function commitGroup(state: LogState, group: readonly PendingRecord[]): Promise<number[]> {
  const groupBytes = group.reduce((bytes, record) => bytes + sizeOnDisk(record), 0);
  try {
    const active = await activeWithRoom(state, groupBytes);
    const headers = headersFor(group, active.segment.salt, state.nextSequence);
    await writeGroup(state, active, buffersOf(group, headers), groupBytes, group);
    await syncGroup(state, active, groupBytes, group);
    publish(state, active, headers, groupBytes);
    return headers.map((header) => header.sequence);
  } catch (error) {
    state.counters.failedGroups++;
    throw logErrorOf(error, `store ${group.length} records`);
  }
}

function headersFor(group: readonly PendingRecord[], salt: number, sequence: number): RecordHeader[] {
  return group.map(({ parts: _parts, ...pending }) => {
    const header = { ...pending, salt, sequence };
    sequence += pending.count;
    return header;
  });
}

function buffersOf(group: readonly PendingRecord[], headers: readonly RecordHeader[]): Uint8Array[] {
  const headerBytes = Buffer.allocUnsafe(headers.length * recordHeaderBytes);
  const buffers: Uint8Array[] = [];
  for (const [index, header] of headers.entries()) {
    const offset = index * recordHeaderBytes;
    encodeRecordHeader(headerBytes, header, offset);
    buffers.push(headerBytes.subarray(offset, offset + recordHeaderBytes), ...group[index]!.parts);
  }
  return buffers;
}

async function writeGroup(
  state: LogState,
  active: ActiveSegment,
  buffers: readonly Uint8Array[],
  groupBytes: number,
  group: readonly PendingRecord[],
): Promise<void> {
  const { segment, file } = active;
  try {
    await writeFully(state.operations, file, buffers, segment.durableBytes);
  } catch (error) {
    if (!isDiskFull(error) || !(await cutBack(state, active))) await abandon(state, active, groupBytes, group);
    throw error;
  }
}

async function cutBack(state: LogState, { segment, file }: ActiveSegment): Promise<boolean> {
  try {
    await state.operations.truncate(file, segment.durableBytes);
    return true;
  } catch {
    return false;
  }
}

async function syncGroup(
  state: LogState,
  active: ActiveSegment,
  groupBytes: number,
  group: readonly PendingRecord[],
): Promise<void> {
  const startMs = performance.now();
  try {
    await state.operations.sync(active.file);
  } catch (error) {
    await abandon(state, active, groupBytes, group);
    throw error;
  }
  state.counters.syncs++;
  state.counters.lastSyncMs = performance.now() - startMs;
  state.counters.syncTotalMs += state.counters.lastSyncMs;
}

/** Never writes to the segment again. Records of the group may be on disk, and may come back when it is reopened. */
async function abandon(
  state: LogState,
  active: ActiveSegment,
  groupBytes: number,
  group: readonly PendingRecord[],
): Promise<void> {
  active.segment.fileBytes += groupBytes;
  state.nextSequence += group.reduce((count, record) => count + record.count, 0);
  state.active = undefined;
  await closeQuietly(active.file);
}

function publish(
  state: LogState,
  { segment }: ActiveSegment,
  headers: readonly RecordHeader[],
  groupBytes: number,
): void {
  let offset = segment.durableBytes;
  for (const header of headers) {
    noteRecord(segment, header, offset);
    offset += sizeOnDisk(header);
  }
  assert(offset === segment.durableBytes + groupBytes, 'the group on disk is as long as its records');
  segment.durableBytes = offset;
  segment.fileBytes = offset;
  state.endSequence = segment.endSequence;
  state.nextSequence = segment.endSequence;
  state.counters.appendedRecords += headers.length;
  state.counters.appendedBytes += groupBytes;
}

/** The active segment, or a new one where there is none or the group does not fit. */
async function activeWithRoom(state: LogState, groupBytes: number): Promise<ActiveSegment> {
  const { active } = state;
  const isEmpty = active?.segment.durableBytes === segmentHeaderBytes;
  if (active && (isEmpty || active.segment.durableBytes + groupBytes <= state.segmentBytesMax)) return active;
  // Left before the new one is made. Should that fail half-way, its file may be there all the same, and only a segment
  // of the same name may follow: a record written to the old one would get a number that the file's name forbids.
  state.active = undefined;
  if (active) await closeQuietly(active.file);
  const created = await createSegment(state);
  state.segments.push(created.segment);
  state.active = created;
  return created;
}

/** Under a temporary name until its header is durable, so that no crash leaves a segment with half a header. */
async function createSegment(state: LogState): Promise<ActiveSegment> {
  const { folder, operations, nextSequence, endSequence } = state;
  const salt = randomInt(1, 2 ** 32);
  const name = segmentNameOf(nextSequence);
  const path = join(folder, name);
  const file = await open(path + temporaryEnding, 'w');
  try {
    const header = encodeSegmentHeader({ firstSequence: nextSequence, previousEnd: endSequence, salt });
    await writeFully(operations, file, [header], 0);
    await operations.sync(file);
    await rename(path + temporaryEnding, path);
    await operations.syncFolder(folder);
  } catch (error) {
    await closeQuietly(file);
    await rm(path + temporaryEnding, { force: true });
    throw error;
  }
  const bytes = segmentHeaderBytes;
  return {
    file,
    segment: {
      name,
      firstSequence: nextSequence,
      salt,
      durableBytes: bytes,
      fileBytes: bytes,
      endSequence: nextSequence,
      marks: [],
    },
  };
}

/** What was acknowledged is durable before this, and the rest is known to have failed: closing can tell nothing new. */
async function closeQuietly(file: FileHandle): Promise<void> {
  await file.close().catch(() => undefined);
}
