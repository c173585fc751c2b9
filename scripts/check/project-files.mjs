// The project's own text files: what git tracks or would track.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

/** Extensions of text that people write. Data and pictures are none of the checks' business. */
const textExtensions = new Set([
  '',
  '.css',
  '.html',
  '.js',
  '.json',
  '.md',
  '.mjs',
  '.sh',
  '.sql',
  '.ts',
  '.tsx',
  '.yaml',
  '.yml',
]);

/**
 * @typedef {object} ProjectFile
 * @property {string} path from the root, with forward slashes
 * @property {string} text
 */

/** Reads all text files of the project, without fixtures. @returns {ProjectFile[]} */
export function readProjectFiles(root) {
  // The checkout of a build machine may belong to another user; git would refuse to list it.
  const args = ['-c', 'safe.directory=*', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const { status, stdout, stderr, error } = spawnSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status !== 0) throw new Error(`git ls-files failed: ${error?.message ?? stderr}`);
  return [...new Set(stdout.split('\0'))]
    .filter((path) => path !== '' && textExtensions.has(extname(path)) && !path.split('/').includes('fixtures'))
    .filter((path) => existsSync(join(root, path)))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

export const isCode = ({ path }) => /\.(?:ts|tsx|mjs|js)$/.test(path);
