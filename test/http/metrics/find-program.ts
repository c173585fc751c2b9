/** Programs that people run beside a server: tests use those that the machine has. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The path of a program, or why a test that needs it is skipped. */
export function findProgram(name: string): { readonly path: string; readonly skip: string | false } {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return { path, skip: false };
    } catch {}
  }
  return { path: '', skip: `${name} is not installed` };
}
