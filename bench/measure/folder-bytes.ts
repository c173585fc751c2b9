import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes of all files below these folders of a folder. A file that goes away meanwhile counts nothing; links are not followed. */
export async function folderBytes(folder: string, names: readonly string[]): Promise<number> {
  let sum = 0;
  for (const name of names) {
    const entries = await readdir(join(folder, name), { recursive: true, withFileTypes: true });
    for (const entry of entries.filter((each) => each.isFile()))
      sum += await stat(join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        () => 0,
      );
  }
  return sum;
}
