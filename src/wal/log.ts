/**
 * The write-ahead log: what makes an acknowledged row durable within milliseconds, whatever the engine does. It knows
 * bytes, not rows. `docs/formats/wal.md` has the grammar of its files and what it does about damage.
 *
 * The contract. Once `append` resolves, the record is on disk and `read` returns it, after any crash, until a
 * `checkpoint` lies at or above its end. A record whose `append` rejected is not read before the log is opened again;
 * then it may come back, whole, if its bytes had reached the disk. Records are read in the order of their sequence
 * numbers, each once, with the very bytes that were appended, or not at all; when not at all, `onDamage` has said so.
 *
 * A sequence number identifies a row: a record of `count` rows covers that many numbers. They rise by one from row to
 * row, except that numbers of failed appends are skipped, as are some after damage: go by a record's own `sequence` and
 * `count`. A new log starts at the clock in microseconds, so that a log made anew after its folder was lost does not
 * reuse numbers that are in the database already; this holds as long as rows come slower than a million a second over
 * the life of a log and the clock was not set back.
 *
 * One process at a time may have a folder open. The owner of the data folder sees to that.
 */
import { crc32 } from 'node:zlib';
import { assert } from '../base/assert.js';
import type { Clock } from '../base/clock.js';
import { BarographError } from '../base/errors.js';
import { commitGroup, type PendingRecord, sizeOnDisk } from './commit.js';
import type { Damage } from './damage.js';
import { createDamageReporter } from './damage-reporter.js';
import { type FileOperations, logErrorOf, nodeFileOperations } from './file-operations.js';
import { createGroupQueue, type GroupQueue } from './group-queue.js';
import { type LogLimits, limitsOf } from './limits.js';
import { bytesOnDisk, type LogState, oldestUnstoredTimeMs } from './log-state.js';
import { readSnapshots, snapshotFrom } from './read.js';
import { recoverLog } from './recover.js';
import { advanceCheckpoint, deleteStoredSegments } from './retention.js';

export interface LogOptions extends Partial<LogLimits> {
  /** Created where it does not exist. The log's own: nothing else may lie in it. */
  readonly folder: string;
  readonly clock: Clock;
  /** Called once for each damaged place, while the log is opened or when a read meets it. */
  onDamage(damage: Damage): void;
  /** For tests that need a disk to fail. */
  readonly fileOperations?: FileOperations;
}

export interface LogRecord {
  /** The number of the record's first row. */
  readonly sequence: number;
  /** Rows, at least 1. */
  readonly count: number;
  readonly payload: Uint8Array;
}

export interface LogStats {
  /** Of all segments, on disk. */
  readonly bytes: number;
  readonly segments: number;
  /** Appends that are not durable yet. */
  readonly waitingRecords: number;
  readonly waitingBytes: number;
  /** Age of the oldest record above the checkpoint, to within a second; absent when everything is stored. */
  readonly oldestUnstoredAgeMs?: number;
  /** Durable appends since the log was opened, and their bytes with headers. */
  readonly appendedRecords: number;
  readonly appendedBytes: number;
  /** Groups whose appends were all rejected because a file operation failed. */
  readonly failedGroups: number;
  /** Successful syncs of a group, and what they took. */
  readonly fsyncs: number;
  readonly fsyncTotalMs: number;
  readonly lastFsyncMs: number;
  /** Damaged places found since the log was opened, or while it was. */
  readonly damages: number;
}

export interface Log {
  /** The number that the next record starts at. */
  readonly nextSequence: number;
  /** Every acknowledged row has a number below this one, and is on disk. */
  readonly durableSequence: number;
  /** Every row below this is stored by the log's consumer. */
  readonly checkpointSequence: number;
  /**
   * Appends a record that covers `count` numbers, and resolves with the first of them once the record is on disk.
   * `payload`, one piece or several that follow each other, must not change until then. Appends resolve in the order of
   * the calls. Rejects, with no row acknowledged, with `body_too_large` (over `recordBytesMax`), `too_many_requests` (too
   * much waits already), `log_full`, `disk_full`, `log_failed` (I/O error) or `shutting_down` (closed).
   */
  append(payload: Uint8Array | readonly Uint8Array[], count: number): Promise<number>;
  /**
   * The records that are durable now and hold a number at or above `from`, in order; the first may begin below it. A
   * payload is a view that stays valid; holding one holds up to a megabyte around it. Rejects with `log_failed`.
   */
  read(from: number): AsyncIterable<LogRecord>;
  /**
   * The consumer has stored everything below `sequence`: remembered durably, then segments wholly below are deleted. A
   * `sequence` below an earlier one changes nothing. Rejects with `disk_full`, `log_failed` or `shutting_down`.
   */
  checkpoint(sequence: number): Promise<void>;
  stats(): LogStats;
  /** Finishes what was appended before, and refuses what comes after. */
  close(): Promise<void>;
}

/**
 * Opens the log in `folder`, new or left behind by an earlier run, however that ended. Damage never makes it fail; a
 * segment of a newer format does (`newer_database`, nothing changed), and so does a disk that cannot be read or written
 * (`log_failed`).
 */
export async function openLog(options: LogOptions): Promise<Log> {
  const limits = limitsOf(options);
  const { folder, clock, fileOperations: operations = nodeFileOperations } = options;
  const reporter = createDamageReporter(folder, options.onDamage);
  try {
    const state: LogState = {
      folder,
      operations,
      segmentBytesMax: limits.segmentBytesMax,
      reporter,
      active: undefined,
      counters: { appendedRecords: 0, appendedBytes: 0, failedGroups: 0, syncs: 0, syncTotalMs: 0, lastSyncMs: 0 },
      ...(await recoverLog({ folder, reporter, operations, clock })),
    };
    await deleteStoredSegments(state);
    return createLog(state, limits, clock);
  } catch (error) {
    throw logErrorOf(error, `be opened in ${folder}`);
  }
}

type AppendQueue = GroupQueue<PendingRecord, number>;

function createLog(state: LogState, limits: LogLimits, clock: Clock): Log {
  const queue: AppendQueue = createGroupQueue({
    delayMs: limits.groupCommitDelayMs,
    groupBytesMax: Math.min(limits.groupBytesMax, limits.segmentBytesMax),
    queueBytesMax: limits.queueBytesMax,
    commit: (group: readonly PendingRecord[]) => commitGroup(state, group),
  });
  let checkpoints: Promise<void> = Promise.resolve();
  let closing: Promise<void> | undefined;
  return {
    get nextSequence() {
      return state.nextSequence;
    },
    get durableSequence() {
      return state.endSequence;
    },
    get checkpointSequence() {
      return state.checkpointSequence;
    },
    async append(payload, count) {
      if (closing) throw closed();
      const record = pendingRecord(payload, count, clock);
      const bytes = sizeOnDisk(record);
      refuseOverLimits(state, queue, limits, bytes);
      return queue.push(record, bytes);
    },
    read(from) {
      assertSequence(from);
      const snapshots = snapshotFrom(state, from);
      return { [Symbol.asyncIterator]: () => readSnapshots(state, snapshots, from) };
    },
    async checkpoint(sequence) {
      if (closing) throw closed();
      assertSequence(sequence);
      assert(sequence <= state.endSequence, `checkpoint ${sequence} is above what is durable, ${state.endSequence}`);
      const done = checkpoints.then(() => advanceCheckpoint(state, sequence));
      checkpoints = done.catch(() => undefined);
      return done;
    },
    stats: () => statsOf(state, queue, clock),
    close() {
      closing ??= closeLog(state, queue, checkpoints);
      return closing;
    },
  };
}

function pendingRecord(payload: Uint8Array | readonly Uint8Array[], count: number, clock: Clock): PendingRecord {
  assert(Number.isInteger(count) && count >= 1 && count < 2 ** 32, `a record cannot cover ${count} rows`);
  const parts = payload instanceof Uint8Array ? [payload] : payload;
  return {
    parts,
    count,
    timeMs: Math.max(0, Math.floor(clock.nowMs())),
    payloadBytes: parts.reduce((bytes, part) => bytes + part.byteLength, 0),
    payloadChecksum: parts.reduce((checksum, part) => crc32(part, checksum), 0),
  };
}

/** A guess: what a consumer needs to drain a segment or two. */
const logFullRetryAfterSeconds = 5;

function refuseOverLimits(state: LogState, queue: AppendQueue, limits: LogLimits, bytes: number): void {
  if (bytes > limits.recordBytesMax)
    throw new BarographError(
      'body_too_large',
      `a record of ${bytes} bytes is over the write-ahead log's limit of ${limits.recordBytesMax} (recordBytesMax)`,
      { hint: 'Send fewer rows at once.' },
    );
  if (bytesOnDisk(state) + queue.bytes + bytes > limits.totalBytesMax)
    throw new BarographError(
      'log_full',
      `the write-ahead log is at its bound of ${limits.totalBytesMax} bytes (totalBytesMax)`,
      { hint: 'It drains as the engine stores its rows.', retryAfterSeconds: logFullRetryAfterSeconds },
    );
}

function statsOf(state: LogState, queue: AppendQueue, clock: Clock): LogStats {
  const { appendedRecords, appendedBytes, failedGroups, syncs, syncTotalMs, lastSyncMs } = state.counters;
  const oldestTimeMs = oldestUnstoredTimeMs(state);
  return {
    bytes: bytesOnDisk(state),
    segments: state.segments.length,
    waitingRecords: queue.length,
    waitingBytes: queue.bytes,
    ...(oldestTimeMs === undefined ? {} : { oldestUnstoredAgeMs: Math.max(0, clock.nowMs() - oldestTimeMs) }),
    appendedRecords,
    appendedBytes,
    failedGroups,
    fsyncs: syncs,
    fsyncTotalMs: syncTotalMs,
    lastFsyncMs: lastSyncMs,
    damages: state.reporter.reportedCount,
  };
}

async function closeLog(state: LogState, queue: AppendQueue, checkpoints: Promise<void>): Promise<void> {
  await queue.drained();
  await checkpoints;
  await state.active?.file.close();
  state.active = undefined;
}

function assertSequence(sequence: number): void {
  assert(Number.isSafeInteger(sequence) && sequence >= 0, `${sequence} is not a sequence number`);
}

const closed = (): BarographError => new BarographError('shutting_down', 'the write-ahead log is closed');
