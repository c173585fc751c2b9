/**
 * Opens what an earlier run left behind: refuses what it must not touch, reports and keeps apart what is damaged, cuts
 * what was never finished, and finds the number to go on with. Files keep their bytes; the only change to a segment is
 * that the newest one loses a tail that holds no valid record, once those bytes are worth nothing or copied.
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.js';
import { BarographError } from '../base/errors.js';
import { createByteWindow } from './byte-window.js';
import { checkpointName, readCheckpoint, writeCheckpoint } from './checkpoint.js';
import type { DamageReporter } from './damage-reporter.js';
import { type FileOperations, isDiskFull } from './file-operations.js';
import { createFolder, deleteFiles, listFolder } from './log-folder.js';
import { recordHeaderBytes } from './record-header.js';
import { scanRecords } from './scan.js';
import { noteRecord, type Segment } from './segment.js';
import {
  type DecodedSegmentHeader,
  decodeSegmentHeader,
  firstSequenceOf,
  formatVersion,
  segmentHeaderBytes,
} from './segment-header.js';

export interface Recovered {
  /** In the order of their sequences. Not all need to be kept: some may be stored to their end. */
  readonly segments: Segment[];
  readonly checkpointSequence: number;
  /** End of the records on disk, and not below the checkpoint. */
  readonly endSequence: number;
  readonly nextSequence: number;
}

/** A segment file before its records are read. */
interface SegmentFile {
  readonly name: string;
  readonly firstSequence: number;
  readonly fileBytes: number;
  readonly decoded: DecodedSegmentHeader;
}

interface Recovery {
  readonly folder: string;
  readonly operations: FileOperations;
  readonly reporter: DamageReporter;
  readonly checkpoint: number | undefined;
}

export interface RecoveryOptions {
  readonly folder: string;
  readonly reporter: DamageReporter;
  readonly operations: FileOperations;
  readonly clock: Clock;
}

/** Fails with `newer_database`, before anything is changed, where a segment has a format version of a later program. */
export async function recoverLog({ folder, reporter, operations, clock }: RecoveryOptions): Promise<Recovered> {
  await createFolder(folder);
  const { segmentNames, temporaryNames } = await listFolder(folder);
  const files = await readSegmentFiles(folder, segmentNames);
  refuseNewerFormat(folder, files);
  await deleteFiles(folder, temporaryNames);
  const checkpoint = await recoverCheckpoint(folder, files, reporter);
  const recovery = { folder, reporter, operations, checkpoint };
  const segments = await recoverSegments(recovery, await dropStored(folder, files, checkpoint));
  const numbers = numberingAfter(segments, checkpoint, reporter, clock);
  if (checkpoint === undefined) await rememberCheckpoint(folder, numbers.checkpointSequence);
  return { segments, ...numbers };
}

async function readSegmentFiles(folder: string, names: readonly string[]): Promise<SegmentFile[]> {
  const files: SegmentFile[] = [];
  for (const name of names) {
    const handle = await open(join(folder, name), 'r');
    try {
      const fileBytes = (await handle.stat()).size;
      const decoded = decodeSegmentHeader(await createByteWindow(handle, fileBytes).read(0, segmentHeaderBytes));
      files.push({ name, firstSequence: firstSequenceOf(name)!, fileBytes, decoded });
    } finally {
      await handle.close();
    }
  }
  return files;
}

function refuseNewerFormat(folder: string, files: readonly SegmentFile[]): void {
  for (const { name, decoded } of files)
    if (decoded.state === 'newer')
      throw new BarographError(
        'newer_database',
        `${join(folder, name)} has log format version ${decoded.version}; this program knows versions up to ${formatVersion}`,
        { hint: 'Start the newer Barograph that wrote it. Nothing was changed.' },
      );
}

async function recoverCheckpoint(
  folder: string,
  files: readonly SegmentFile[],
  reporter: DamageReporter,
): Promise<number | undefined> {
  const read = await readCheckpoint(folder);
  if (read.state === 'valid') return read.sequence;
  const place = { segment: checkpointName, offset: 0 };
  if (read.state === 'corrupt')
    await reporter.report({ kind: 'corrupt_checkpoint', ...place, lengthBytes: read.lengthBytes }, undefined);
  else if (files.length > 0) await reporter.report({ kind: 'missing_checkpoint', ...place, lengthBytes: 0 }, undefined);
  return undefined;
}

/** Deletes the files whose records all lie below the checkpoint, which the next file's name tells. */
async function dropStored(
  folder: string,
  files: readonly SegmentFile[],
  checkpoint: number | undefined,
): Promise<SegmentFile[]> {
  if (checkpoint === undefined) return [...files];
  const isStored = (index: number): boolean =>
    (files[index + 1]?.firstSequence ?? Number.POSITIVE_INFINITY) <= checkpoint;
  const stored = files.filter((_file, index) => isStored(index)).map((file) => file.name);
  await deleteFiles(folder, stored);
  return files.filter((_file, index) => !isStored(index));
}

async function recoverSegments(recovery: Recovery, files: readonly SegmentFile[]): Promise<Segment[]> {
  const segments: Segment[] = [];
  let end: number | undefined;
  for (const [index, file] of files.entries()) {
    const next = files[index + 1];
    await reportFile(recovery, file);
    await reportGapBefore(recovery, file, end);
    const segment = segmentOf(file);
    const tail = await scanSegment(recovery, segment, Math.max(file.firstSequence, end ?? 0), next);
    if (next !== undefined || !(await finishNewest(recovery, segment, tail))) segments.push(segment);
    // What a damaged tail took with it is reported already, up to where the next segment says that it ended.
    end = Math.max(segment.endSequence, end ?? 0, tail !== 'none' && next !== undefined ? previousEndOf(next) : 0);
  }
  return segments;
}

/** The header where it is undamaged and belongs to the file that it stands in. */
const headerOf = ({ decoded, firstSequence }: SegmentFile) =>
  decoded.state === 'valid' && decoded.header.firstSequence === firstSequence ? decoded.header : undefined;

const previousEndOf = (file: SegmentFile): number => headerOf(file)?.previousEnd ?? file.firstSequence;

const segmentOf = (file: SegmentFile): Segment => ({
  name: file.name,
  firstSequence: file.firstSequence,
  salt: headerOf(file)?.salt,
  durableBytes: file.decoded.state === 'valid' ? segmentHeaderBytes : 0,
  fileBytes: file.fileBytes,
  endSequence: file.firstSequence,
  marks: [],
});

/** What the reading of records cannot tell: a file without bytes, and a sound header that belongs to another file. */
async function reportFile({ reporter, checkpoint }: Recovery, file: SegmentFile): Promise<void> {
  const place = { segment: file.name, offset: 0 };
  if (file.fileBytes === 0) await reporter.report({ kind: 'empty_segment', ...place, lengthBytes: 0 }, checkpoint);
  else if (file.decoded.state === 'valid' && headerOf(file) === undefined)
    await reporter.report({ kind: 'corrupt_segment_header', ...place, lengthBytes: segmentHeaderBytes }, checkpoint);
}

async function reportGapBefore(
  { reporter, checkpoint }: Recovery,
  file: SegmentFile,
  end: number | undefined,
): Promise<void> {
  const from = Math.max(end ?? 0, checkpoint ?? (end === undefined ? file.firstSequence : 0));
  const to = previousEndOf(file);
  if (from >= to) return;
  const place = { segment: file.name, offset: 0, lengthBytes: 0 };
  await reporter.report({ kind: 'missing_records', ...place, sequences: { from, end: to } }, checkpoint);
}

/** `keep` is a tail whose bytes could not be copied. */
type Tail = 'none' | 'cut' | 'keep';

async function scanSegment(
  { folder, reporter, checkpoint }: Recovery,
  segment: Segment,
  sequence: number,
  next: SegmentFile | undefined,
): Promise<Tail> {
  const handle = await open(join(folder, segment.name), 'r');
  try {
    const endSequence = next && previousEndOf(next);
    const start = { segment: segment.name, offset: segment.durableBytes, sequence, salt: segment.salt, endSequence };
    for await (const found of scanRecords(createByteWindow(handle, segment.fileBytes), start)) {
      if (found.kind === 'record') {
        noteRecord(segment, found.header, found.offset);
        segment.durableBytes = found.offset + recordHeaderBytes + found.header.payloadBytes;
      } else {
        const isSafe = await reporter.report(found.damage, checkpoint);
        if (found.atTail) return isSafe ? 'cut' : 'keep';
      }
    }
    return 'none';
  } finally {
    await handle.close();
  }
}

/**
 * The newest segment loses its tail and, before its records count as durable, is synced: after a kill they may be in
 * the page cache alone. Without a record it is deleted, so that its name is free; resolves true then.
 */
async function finishNewest({ folder, operations }: Recovery, segment: Segment, tail: Tail): Promise<boolean> {
  if (segment.marks.length === 0 && tail !== 'keep') {
    await deleteFiles(folder, [segment.name]);
    return true;
  }
  const handle = await open(join(folder, segment.name), 'r+');
  try {
    if (tail === 'cut') {
      await operations.truncate(handle, segment.durableBytes);
      segment.fileBytes = segment.durableBytes;
    }
    await operations.sync(handle);
  } finally {
    await handle.close();
  }
  return false;
}

/**
 * The log goes on behind its last record. After any damage it goes on at the clock instead, as a new log would begin:
 * the damaged bytes may have held numbers that the consumer has already used.
 */
function numberingAfter(
  segments: readonly Segment[],
  checkpoint: number | undefined,
  reporter: DamageReporter,
  clock: Clock,
): Omit<Recovered, 'segments'> {
  const nowSequence = Math.floor(clock.nowMs() * 1000);
  const isNew = segments.length === 0 && checkpoint === undefined;
  const onDisk = isNew ? nowSequence : Math.max(checkpoint ?? 0, ...segments.map((segment) => segment.endSequence));
  // A segment without a record keeps its name to itself.
  const free = Math.max(onDisk, ...segments.map((segment) => segment.firstSequence + 1));
  const nextSequence = reporter.reportedCount > 0 ? Math.max(free, nowSequence) : free;
  return {
    checkpointSequence: checkpoint ?? segments[0]?.firstSequence ?? nextSequence,
    endSequence: onDisk,
    nextSequence,
  };
}

/** A full disk must not keep the log from opening: without a checkpoint everything on disk is replayed once more. */
async function rememberCheckpoint(folder: string, sequence: number): Promise<void> {
  try {
    await writeCheckpoint(folder, sequence);
  } catch (error) {
    if (!isDiskFull(error)) throw error;
  }
}
