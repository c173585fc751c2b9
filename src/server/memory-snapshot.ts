/**
 * Keeps the samples in memory over a restart: a stop writes them to a file of the data folder (docs/formats/snapshot.md), the next start reads it and
 * removes it. The rows in the engine are the truth, and the file only counts where it says the same: where the log and the table of samples are as they were
 * left. Whatever is wrong with it, it is left aside, and rows are read instead.
 */
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../base/errors.js';
import { createTurns } from '../base/turns.js';
import type { ChunkStore } from '../series/chunk-store/chunk-store.js';
import type { SeriesIndex } from '../series/index/series-index.js';
import {
  type Restored,
  restoreSnapshot,
  type SnapshotFile,
  snapshotIdentity,
} from '../series/snapshot/read-snapshot.js';
import { snapshotPieces } from '../series/snapshot/write-snapshot.js';
import type { Engine } from '../storage/engine.js';
import { sampleTableState } from '../storage/sample-table-state.js';
import type { Log } from '../wal/log.js';
import type { Logger } from './cli/log.js';
import { removeUnfinished, snapshotFileOf, writeSnapshotFile } from './snapshot-file.js';

export interface MemorySnapshot {
  /**
   * Reads the file that the last stop left, if it counts. Call it when the series of the tables are known and before anything is stored. Resolves when
   * the newest part of it is in memory; `restored` when all is.
   */
  restore(engine: Engine): Promise<void>;
  /** Never rejects. Before `restore` was called, it is resolved. */
  readonly restored: Promise<void>;
  /** Leaves a file for the next start, where everything is stored: once the log is closed. Never rejects. */
  save(engine: Engine): Promise<void>;
}

export interface MemorySnapshotOptions {
  readonly folder: string;
  /** The log, to which nothing was appended yet. */
  readonly log: Log;
  readonly index: SeriesIndex;
  readonly chunks: ChunkStore;
  /** 0 keeps nothing. */
  readonly bytesMax: number;
  readonly timeMaxMs: number;
  readonly logger: Logger;
}

const fileName = 'memory-snapshot';
/** A start waits for so much of a file; the rest comes while queries are answered already. Measured: about a third of a second. */
const bytesAwaited = 128 * 2 ** 20;

export function createMemorySnapshot(options: MemorySnapshotOptions): MemorySnapshot {
  const { log, timeMaxMs } = options;
  const path = join(options.folder, fileName);
  const logSequence = storedSequence(log);
  const ending = new AbortController();
  let restored: Promise<void> = Promise.resolve();
  return {
    get restored() {
      return restored;
    },
    async restore(engine) {
      await new Promise<void>((resolve) => {
        const onRead = (bytes: number): void => void (bytes >= bytesAwaited && resolve());
        restored = restore(engine, { ...options, path, logSequence, onRead, signal: ending.signal }).finally(resolve);
      });
    },
    async save(engine) {
      const signal = AbortSignal.timeout(timeMaxMs);
      const late = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      await Promise.race([restored, late]);
      ending.abort();
      await restored;
      await Promise.race([save(engine, { ...options, path, signal }), late]);
    },
  };
}

/** The number that the log goes on with, where everything in it is stored. */
const storedSequence = ({ checkpointSequence, durableSequence }: Log): number | undefined =>
  checkpointSequence === durableSequence ? checkpointSequence : undefined;

interface Restoring extends MemorySnapshotOptions {
  readonly path: string;
  readonly logSequence: number | undefined;
  readonly onRead: (bytes: number) => void;
  readonly signal: AbortSignal;
}

async function restore(engine: Engine, restoring: Restoring): Promise<void> {
  const { path, logger } = restoring;
  const startedMs = performance.now();
  let handle: FileHandle | undefined;
  try {
    await removeUnfinished(path);
    handle = await open(path, 'r');
    const file = await snapshotFileOf(handle);
    const problem = await problemOf(file, engine, restoring);
    // From here on it is not true for long. What was opened stays readable.
    await rm(path);
    const { samples, ...rest }: Restored =
      problem === undefined ? await restoreSnapshot(file, restoring) : { samples: 0, problem };
    const ms = Math.round(performance.now() - startedMs);
    if (rest.problem !== undefined)
      logger.warn({ path, reason: rest.problem, samples }, 'the snapshot of the memory is left aside, or a part of it');
    else logger.info({ samples, bytes: file.bytes, ms }, 'samples back in memory, from its snapshot');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      logger.warn({ path, reason: messageOf(error) }, 'the snapshot of the memory cannot be read');
  } finally {
    await handle?.close();
  }
}

async function problemOf(
  file: SnapshotFile,
  engine: Engine,
  { bytesMax, logSequence, signal }: Restoring,
): Promise<string | undefined> {
  if (bytesMax === 0) return 'metrics.snapshot.bytes_max is 0';
  const identity = await snapshotIdentity(file);
  if (typeof identity === 'string') return identity;
  if (identity.logSequence !== logSequence) return 'the log has changed since';
  if (identity.tables !== (await sampleTableState(engine, signal))) return 'the tables have changed since';
  return undefined;
}

interface Saving extends MemorySnapshotOptions {
  readonly path: string;
  /** Aborts when there is no time left. */
  readonly signal: AbortSignal;
}

async function save(engine: Engine, saving: Saving): Promise<void> {
  const { path, logger, log, chunks, bytesMax, signal } = saving;
  const startedMs = performance.now();
  if (bytesMax === 0 || chunks.statistics().groupHours + chunks.statistics().openChunks === 0) return;
  try {
    const logSequence = storedSequence(log);
    if (logSequence === undefined) return;
    await settle(chunks, signal);
    const identity = { logSequence, tables: await sampleTableState(engine, signal) };
    const bytes = await writeSnapshotFile(path, snapshotPieces({ ...saving, identity }), signal);
    logger.info({ bytes, ms: Math.round(performance.now() - startedMs) }, 'snapshot of the memory written');
  } catch (error) {
    const reason = signal.aborted ? 'it takes longer than metrics.snapshot.time_max' : messageOf(error);
    logger.warn({ path, reason }, 'no snapshot of the memory is left');
    await removeUnfinished(path).catch(() => {});
  }
}

/** Some milliseconds' worth. */
const chunksPerTurn = 1_000;

/** Closes all chunks, once nothing is being loaded any more. */
async function settle(chunks: ChunkStore, signal: AbortSignal): Promise<void> {
  const turns = createTurns();
  while (chunks.statistics().loads > 0) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  chunks.closeHours(Number.POSITIVE_INFINITY);
  while (chunks.seal(chunksPerTurn)) {
    signal.throwIfAborted();
    await turns.breathe();
  }
}
