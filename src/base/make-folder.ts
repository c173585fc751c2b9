/** Folders that are made with those above them. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder, and those above it that are missing. Resolves with the path of the topmost one that was made, undefined where all were there.
 * Not by Node's own `recursive`, which never ends where a folder is there and yet nothing can be made in it, as in `/proc`.
 */
export async function makeFolder(path: string, mode = 0o777): Promise<string | undefined> {
  const folder = resolve(path);
  try {
    return (await makeOne(folder, mode)) ? folder : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(folder) === folder) throw error;
  }
  const topmost = await makeFolder(dirname(folder), mode);
  await makeOne(folder, mode);
  return topmost ?? folder;
}

/** Makes a folder in one that is there, and tells whether it was missing. */
async function makeOne(folder: string, mode: number): Promise<boolean> {
  try {
    await mkdir(folder, mode);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' && (await stat(folder)).isDirectory()) return false;
    throw error;
  }
}
