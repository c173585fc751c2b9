// Every gate that a change has to pass: types, lint and format, imports, tidiness, notes on dependencies, generated
// documents, tests. All of them run even when one fails. `npm run check -- imports tidy` runs only those named.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dependencyProblems } from './check/dependency-notes.mjs';
import { runGates } from './check/gates.mjs';
import { importCycles } from './check/import-cycles.mjs';
import { importProblems } from './check/import-table.mjs';
import { readProjectFiles } from './check/project-files.mjs';
import { parseSources } from './check/source-tree.mjs';
import { tidyProblems } from './check/tidy.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const read = (path) => readFileSync(join(root, path), 'utf8');
const once = (make) => {
  let made;
  return () => {
    made ??= make();
    return made;
  };
};
const files = once(() => readProjectFiles(root));
const sources = once(() => parseSources(files()));

/** Runs a program of Node with its output shown; its failure is the problem. */
function runNode(script, ...args) {
  const { status, signal, error } = spawnSync(process.execPath, [join(root, script), ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return status === 0 ? [] : [`${script} ended with ${error?.message ?? signal ?? `code ${status}`}`];
}

const gates = [
  {
    name: 'types',
    run: () => [
      ...['.', 'web'].flatMap((project) => runNode('node_modules/typescript/bin/tsc', '-p', project)),
      ...runNode('scripts/kernel.mjs'),
    ],
  },
  { name: 'lint', run: () => runNode('node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.') },
  {
    name: 'imports',
    run: async () => {
      const table = JSON.parse(read('scripts/check/imports.json'));
      return [...importProblems(await sources(), table), ...importCycles(await sources())];
    },
  },
  { name: 'tidy', run: async () => tidyProblems(files(), await sources()) },
  {
    name: 'dependencies',
    run: () =>
      dependencyProblems(
        read('package.json'),
        files().filter(({ path }) => /^docs\/decisions\/.*\.md$/.test(path)),
      ),
  },
  { name: 'documents', run: () => runNode('scripts/docs.mjs', '--check') },
  { name: 'tests', run: () => runNode('scripts/test.mjs') },
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !gates.some((gate) => gate.name === name));
if (unknown.length > 0) {
  process.stderr.write(`unknown gate ${unknown.join(', ')}; there are ${gates.map(({ name }) => name).join(', ')}\n`);
  process.exit(2);
}
const chosen = wanted.length === 0 ? gates : gates.filter(({ name }) => wanted.includes(name));
const failed = await runGates(chosen, (text) => process.stdout.write(text));
process.stdout.write(
  failed.length === 0
    ? `all ${chosen.length} gates passed\n`
    : `${failed.length} of ${chosen.length} gates failed: ${failed.join(', ')}\n`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
