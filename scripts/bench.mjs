// Runs benchmarks: all of them, or those named (`npm run bench -- events`). Each is a program of its own, one file of
// bench/, that prints its figures and ends with another code than 0 when an assertion on its result fails. Behind the name of
// one benchmark, options are its own: `npm run bench -- metrics --cases ordered`.
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
const words = process.argv.slice(2);
const firstOption = words.findIndex((word) => word.startsWith('-'));
const named = firstOption < 0 ? words : words.slice(0, firstOption);
const options = words.slice(named.length);
const unknown = named.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`no benchmark is called ${unknown.join(', ')}; there are ${known.join(', ') || 'none'}\n`);
  process.exit(2);
}

if (options.length > 0 && named.length !== 1) {
  process.stderr.write(`options are for one benchmark; ${named.length} are named before ${options[0]}\n`);
  process.exit(2);
}

// One at a time: two would measure each other.
const failed = (named.length === 0 ? known : named).filter((name) => {
  process.stdout.write(`\n== ${name}\n`);
  const { status, signal } = spawnSync(process.execPath, [join(root, 'dist', 'bench', `${name}.js`), ...options], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) process.stdout.write(`${name} failed: ended with ${signal ?? `code ${status}`}\n`);
  return status !== 0;
});
if (failed.length > 0) process.stdout.write(`\nfailed: ${failed.join(', ')}\n`);
process.exitCode = failed.length === 0 ? 0 : 1;
