// Runs benchmarks: all of them, or those named (`npm run bench -- events`). Each is a program of its own, one file of
// bench/, that prints its figures and ends with another code than 0 when an assertion on its result fails.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
// Folders below bench/ hold what benchmarks share.
const known = readdirSync(join(root, 'bench'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length))
  .sort();
const named = process.argv.slice(2);
const unknown = named.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`no benchmark is called ${unknown.join(', ')}; there are ${known.join(', ') || 'none'}\n`);
  process.exit(2);
}

// One at a time: two would measure each other.
const failed = (named.length === 0 ? known : named).filter((name) => {
  process.stdout.write(`\n== ${name}\n`);
  const { status, signal } = spawnSync(process.execPath, [join(root, 'dist', 'bench', `${name}.js`)], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) process.stdout.write(`${name} failed: ended with ${signal ?? `code ${status}`}\n`);
  return status !== 0;
});
if (failed.length > 0) process.stdout.write(`\nfailed: ${failed.join(', ')}\n`);
process.exitCode = failed.length === 0 ? 0 : 1;
