/** The one number that outlives segments: everything below it is stored by the log's consumer. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { isDiskFull, isNotFound } from './file-operations.js';
import { overwriteFile, replaceFile } from './log-folder.js';
import { readSafeInteger, writeSafeInteger } from './safe-integer.js';

export const checkpointName = 'checkpoint';
const checkpointBytes = 20;
const checkpointMagic = Buffer.from([0x89, 0x42, 0x43, 0x50, 0x0d, 0x0a, 0x1a, 0x01]);

export type ReadCheckpoint =
  | { readonly state: 'valid'; readonly sequence: number }
  | { readonly state: 'missing' }
  | { readonly state: 'corrupt'; readonly lengthBytes: number };

export async function readCheckpoint(folder: string): Promise<ReadCheckpoint> {
  let bytes: Buffer;
  try {
    bytes = await readFile(join(folder, checkpointName));
  } catch (error) {
    if (isNotFound(error)) return { state: 'missing' };
    throw error;
  }
  const sequence = bytes.length === checkpointBytes ? decodeCheckpoint(bytes) : undefined;
  return sequence === undefined ? { state: 'corrupt', lengthBytes: bytes.length } : { state: 'valid', sequence };
}

/**
 * Remembers `sequence` durably. On a full disk, where even a new file of 20 bytes finds no block, the old one is
 * overwritten in place: without that, the segments whose deletion would make room could never be deleted. Should a
 * crash tear those 20 bytes, the checkpoint is corrupt and everything still on disk is replayed, which is safe.
 */
export async function writeCheckpoint(folder: string, sequence: number): Promise<void> {
  const path = join(folder, checkpointName);
  const bytes = encodeCheckpoint(sequence);
  try {
    await replaceFile(path, bytes);
  } catch (error) {
    if (!isDiskFull(error) || (await stat(path)).size !== checkpointBytes) throw error;
    await overwriteFile(path, bytes);
  }
}

function encodeCheckpoint(sequence: number): Buffer {
  const bytes = Buffer.alloc(checkpointBytes);
  checkpointMagic.copy(bytes, 0);
  writeSafeInteger(bytes, sequence, 8);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 16)), 16);
  return bytes;
}

function decodeCheckpoint(bytes: Buffer): number | undefined {
  if (!bytes.subarray(0, 8).equals(checkpointMagic)) return undefined;
  if (crc32(bytes.subarray(0, 16)) !== bytes.readUInt32LE(16)) return undefined;
  return readSafeInteger(bytes, 8);
}
