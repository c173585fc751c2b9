/** A snapshot of the memory as a file: whole at any time, since it gets its name when all of it is on the disk. */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { SnapshotFile } from '../series/snapshot/read-snapshot.js';
import { nodeFileOperations, writeFully } from '../wal/file-operations.js';
import { syncFolder, temporaryEnding } from '../wal/log-folder.js';

export const removeUnfinished = (path: string): Promise<void> => rm(path + temporaryEnding, { force: true });

/** For one reader. */
export async function snapshotFileOf(handle: FileHandle): Promise<SnapshotFile> {
  const { size } = await handle.stat();
  let buffer = new Uint8Array(0);
  return {
    bytes: size,
    async read(at, length) {
      if (buffer.length < length) buffer = new Uint8Array(length);
      let end = 0;
      while (end < length) {
        const { bytesRead } = await handle.read(buffer, end, length - end, at + end);
        if (bytesRead === 0) break;
        end += bytesRead;
      }
      return buffer.subarray(0, end);
    },
  };
}

/** Written at once. */
const batchBytes = 2 ** 20;

/** Writes `pieces`, which follow each other, in place of the file at `path`; resolves with their bytes. Rejects where `signal` aborts, and may leave an unfinished file then. */
export async function writeSnapshotFile(
  path: string,
  pieces: Iterable<readonly Uint8Array[]>,
  signal: AbortSignal,
): Promise<number> {
  const handle = await open(path + temporaryEnding, 'w');
  let at = 0;
  try {
    let batch: Uint8Array[] = [];
    let bytes = 0;
    const flush = async (): Promise<void> => {
      signal.throwIfAborted();
      await writeFully(nodeFileOperations, handle, batch, at);
      at += bytes;
      batch = [];
      bytes = 0;
    };
    for (const group of pieces) {
      for (const piece of group) {
        batch.push(piece);
        bytes += piece.length;
      }
      if (bytes >= batchBytes) await flush();
    }
    await flush();
    await handle.sync();
  } finally {
    await handle.close();
  }
  signal.throwIfAborted();
  await rename(path + temporaryEnding, path);
  await syncFolder(dirname(path));
  return at;
}
