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
    await mkdir(folder, mode);
    return folder;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(folder)).isDirectory()) return undefined;
    if (code !== 'ENOENT' || dirname(folder) === folder) throw error;
    const topmost = await makeFolder(dirname(folder), mode);
    await mkdir(folder, mode).catch(async (again: NodeJS.ErrnoException) => {
      if (again.code !== 'EEXIST' || !(await stat(folder)).isDirectory()) throw again;
    });
    return topmost ?? folder;
  }
}
