// Runs the built tests with Node's own runner: all of them, or those whose path contains one of the arguments.
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const wanted = process.argv.slice(2);
const files = readdirSync(join(root, 'test'), { recursive: true })
  .filter((file) => file.endsWith('.test.ts') && (wanted.length === 0 || wanted.some((part) => file.includes(part))))
  .map((file) => join(root, 'dist', 'test', file.replace(/\.ts$/, '.js')))
  .sort();
if (files.length === 0) {
  process.stderr.write(`no test file matches ${wanted.join(', ')}\n`);
  process.exit(1);
}

const counts = { passed: 0, failed: 0, skipped: 0 };
const isLeaf = (data) => data.details?.type !== 'suite' && data.name !== data.file;
const stream = run({ files, concurrency: Math.max(1, Math.min(2, availableParallelism())) });
stream.on('test:pass', (data) => {
  if (isLeaf(data)) counts[data.skip !== undefined ? 'skipped' : 'passed']++;
});
stream.on('test:fail', (data) => {
  process.exitCode = 1;
  if (isLeaf(data)) counts.failed++;
});
stream.compose(new spec()).pipe(process.stdout);
stream.on('end', () =>
  setImmediate(() =>
    process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`),
  ),
);
