/** Copies of damaged bytes, for a human to look at. The log never reads them again and never deletes them. */
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BarographError } from '../base/errors.js';
import { makeFolder } from '../base/make-folder.js';
import { createByteWindow } from './byte-window.js';
import { isNotFound } from './file-operations.js';
import { syncFolder, temporaryEnding } from './log-folder.js';

export const quarantineFolderName = 'quarantine';

/** A guess: room for a dozen ruined segments. Beyond it damage is still reported, and its bytes stay where they are. */
const quarantineBytesMax = 1024 ** 3;
const copyBytes = 1024 * 1024;

/**
 * Copies `lengthBytes` of a file in `folder` to `quarantine/<name>.<offset>-<end>` and makes the copy durable. A copy
 * from an earlier opening is kept as it is. Resolves with the copy's path; fails with `disk_full` past the bound.
 */
export async function copyRange(folder: string, name: string, offset: number, lengthBytes: number): Promise<string> {
  const quarantineFolder = join(folder, quarantineFolderName);
  const path = join(quarantineFolder, `${name}.${offset}-${offset + lengthBytes}`);
  if ((await sizeOf(path)) === lengthBytes) return path;
  await makeFolder(quarantineFolder);
  if ((await folderBytes(quarantineFolder)) + lengthBytes > quarantineBytesMax)
    throw new BarographError('disk_full', `the quarantine holds its maximum of ${quarantineBytesMax} bytes`);
  const source = await open(join(folder, name), 'r');
  try {
    await copyDurably(source, offset, lengthBytes, path);
  } finally {
    await source.close();
  }
  await syncFolder(quarantineFolder);
  await syncFolder(folder);
  return path;
}

async function copyDurably(source: FileHandle, offset: number, lengthBytes: number, path: string): Promise<void> {
  const temporaryPath = path + temporaryEnding;
  const target = await open(temporaryPath, 'w');
  try {
    const window = createByteWindow(source, offset + lengthBytes);
    for (let at = offset; at < window.end; at += copyBytes) {
      const bytes = await window.read(at, Math.min(copyBytes, window.end - at));
      await target.write(bytes, 0, bytes.length, at - offset);
    }
    await target.sync();
    await rename(temporaryPath, path);
  } catch (error) {
    await rm(temporaryPath, { force: true });
    throw error;
  } finally {
    await target.close();
  }
}

async function folderBytes(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder)) bytes += (await sizeOf(join(folder, name))) ?? 0;
  return bytes;
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
