import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';

/** The path of a program: the one given, or the first of this name on PATH; undefined where PATH has none. Fails where the given one cannot be run. */
export function findProgram(name: string, given: string | undefined): string | undefined {
  if (given !== undefined) {
    const path = isAbsolute(given) ? given : resolve(given);
    if (!canRun(path)) throw new Error(`${path} cannot be run`);
    return path;
  }
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(canRun);
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
