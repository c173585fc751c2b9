/** The file operations that can fail while the log runs, in one place so that tests can make them fail on cue. */
import type { FileHandle } from 'node:fs/promises';
import { assert } from '../base/assert.js';
import { BarographError, isBarographError, messageOf } from '../base/errors.js';
import { syncFolder } from './log-folder.js';

export interface FileOperations {
  /** Writes `buffers` end to end at `position`; resolves with the bytes written, which may be fewer than given. */
  write(file: FileHandle, buffers: readonly Uint8Array[], position: number): Promise<number>;
  /** Makes the file's content and length durable. */
  sync(file: FileHandle): Promise<void>;
  truncate(file: FileHandle, lengthBytes: number): Promise<void>;
  /** Makes a created or renamed entry of the folder durable. */
  syncFolder(folder: string): Promise<void>;
}

export const nodeFileOperations: FileOperations = {
  async write(file, buffers, position) {
    return (await file.writev(buffers as Uint8Array[], position)).bytesWritten;
  },
  sync: (file) => file.datasync(),
  truncate: (file, lengthBytes) => file.truncate(lengthBytes),
  syncFolder,
};

/** Writes all of `buffers` at `position`: a write may stop short, at a signal or just before the disk is full. */
export async function writeFully(
  operations: FileOperations,
  file: FileHandle,
  buffers: readonly Uint8Array[],
  position: number,
): Promise<void> {
  let rest = buffers.filter((buffer) => buffer.byteLength > 0);
  while (rest.length > 0) {
    const written = await operations.write(file, rest, position);
    assert(written > 0, 'a write of at least one byte wrote none and did not fail');
    position += written;
    rest = afterBytes(rest, written);
  }
}

function afterBytes(buffers: readonly Uint8Array[], skipBytes: number): Uint8Array[] {
  let index = 0;
  while (index < buffers.length && skipBytes >= buffers[index]!.byteLength) skipBytes -= buffers[index++]!.byteLength;
  const rest = buffers.slice(index);
  if (rest[0] !== undefined && skipBytes > 0) rest[0] = rest[0].subarray(skipBytes);
  return rest;
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);

export const isDiskFull = (error: unknown): boolean =>
  codeOf(error) === 'ENOSPC' || codeOf(error) === 'EDQUOT' || isBarographError(error, 'disk_full');

export const isNotFound = (error: unknown): boolean => codeOf(error) === 'ENOENT';

/** Guesses: long enough for an operator or a flush to make room, short enough that clients come back soon after. */
const diskFullRetryAfterSeconds = 10;
const logFailedRetryAfterSeconds = 5;

/**
 * The coded error for an operation on the log's files that the operating system refused; any other error as it is.
 * `doing` is what was tried.
 */
export function logErrorOf(error: unknown, doing: string): unknown {
  if (error instanceof BarographError || codeOf(error) === undefined) return error;
  const message = `the write-ahead log could not ${doing}: ${messageOf(error)}`;
  if (isDiskFull(error))
    return new BarographError('disk_full', message, { retryAfterSeconds: diskFullRetryAfterSeconds, cause: error });
  return new BarographError('log_failed', message, { retryAfterSeconds: logFailedRetryAfterSeconds, cause: error });
}
