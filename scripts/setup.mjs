// Installs the locked dependencies and builds, each only when its inputs have changed since the last time.
// Plain JavaScript on Node's own modules: it runs before anything is installed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) fail(`Barograph needs Node 20.19 or later; this is ${process.version}`);

const installStamp = join(root, 'node_modules', '.barograph-install');
const buildStamp = join(root, 'dist', '.barograph-build');

const installKey = hash([readFileSync(join(root, 'package-lock.json')), process.platform, process.arch]);
if (read(installStamp) !== installKey) {
  say('installing the locked dependencies (once; about 600 MB with the embedded engine)');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(installStamp, installKey);
}

// `npm run check` builds by itself, so that its other gates run even when the types do not fit.
if (process.argv.includes('--install-only')) process.exit(0);

const buildKey = hash(sources().map((file) => `${file} ${statSync(file).mtimeMs} ${statSync(file).size}\n`));
if (read(buildStamp) !== buildKey) {
  say('building');
  for (const project of [root, join(root, 'web')])
    run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', project]);
  run(process.execPath, [join(root, 'scripts', 'kernel.mjs')]);
  mkdirSync(dirname(buildStamp), { recursive: true });
  writeFileSync(buildStamp, buildKey);
}

function sources() {
  const files = ['tsconfig.json', 'web/tsconfig.json', 'package-lock.json'].map((name) => join(root, name));
  for (const folder of ['src', 'web', 'test', 'bench'])
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
      if (entry.isFile() && entry.name.endsWith('.ts')) files.push(join(entry.parentPath, entry.name));
  return files.sort();
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) fail(`${command} ${args.join(' ')} failed${error ? `: ${error.message}` : ''}`);
}

function hash(parts) {
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part);
  return digest.digest('hex');
}

function read(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

function say(text) {
  process.stderr.write(`barograph setup: ${text}\n`);
}

function fail(text) {
  say(text);
  process.exit(1);
}
