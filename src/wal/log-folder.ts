/** What lies in a log's folder, and the two ways in which its entries change durably. */
import { open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder } from '../base/make-folder.js';
import { firstSequenceOf } from './segment-header.js';

/** Files under this ending were never finished; opening the log removes them. */
export const temporaryEnding = '.tmp';

export interface FolderEntries {
  /** Names of segment files, in the order of their first sequences. */
  readonly segmentNames: string[];
  readonly temporaryNames: string[];
}

/** Creates the folder where it is not there yet, and makes its entry in the parent folder durable. */
export async function createFolder(folder: string): Promise<void> {
  const created = await makeFolder(folder);
  if (created !== undefined) await syncFolder(dirname(created));
}

export async function listFolder(folder: string): Promise<FolderEntries> {
  const names = (await readdir(folder)).sort();
  return {
    segmentNames: names.filter((name) => firstSequenceOf(name) !== undefined),
    temporaryNames: names.filter((name) => name.endsWith(temporaryEnding)),
  };
}

/** Makes created, renamed and deleted entries of a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Puts a whole small file in place: after a crash it is there with the old bytes or with the new ones, never a mix. */
export async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const temporaryPath = path + temporaryEnding;
  try {
    await writeDurably(temporaryPath, 'w', bytes);
    await rename(temporaryPath, path);
  } catch (error) {
    await rm(temporaryPath, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Overwrites the bytes of a file where they lie. Needs no free block, and a crash may leave a mix. */
export const overwriteFile = (path: string, bytes: Uint8Array): Promise<void> => writeDurably(path, 'r+', bytes);

async function writeDurably(path: string, flags: 'w' | 'r+', bytes: Uint8Array): Promise<void> {
  const handle = await open(path, flags);
  try {
    await handle.write(bytes, 0, bytes.byteLength, 0);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Deletes files of a folder, then makes that durable. */
export async function deleteFiles(folder: string, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  for (const name of names) await rm(join(folder, name), { force: true });
  await syncFolder(folder);
}
