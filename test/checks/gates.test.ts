import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { yamlSettings } from '../../src/server/configuration-settings.js';
import { dependencyProblems, files, httpReference, importTableText, packageRoot, runGates } from './checks.js';

test('every gate runs even when an earlier one fails or throws, and each tells its result', async () => {
  let printed = '';
  const gates = [
    { name: 'first', run: () => ['a.ts:1: wrong', 'b.ts:2: wrong'] },
    {
      name: 'second',
      run: () => {
        throw new Error('broken gate');
      },
    },
    { name: 'third', run: () => Promise.resolve([]) },
  ];
  const failed = await runGates(gates, (text) => {
    printed += text;
  });
  assert.deepEqual(failed, ['first', 'second']);
  assert.match(printed, /^first: failed, 2 problems \(\d+\.\d s\)\n {2}a\.ts:1: wrong\n {2}b\.ts:2: wrong\n/);
  assert.match(printed, /^second: failed, 1 problem \(.*\n {2}Error: broken gate\n/m);
  assert.match(printed, /^third: ok \(\d+\.\d s\)\n$/m);
});

const check = (...args: string[]) =>
  spawnSync(process.execPath, [join(packageRoot, 'scripts', 'check.mjs'), ...args], { encoding: 'utf8' });

test('check runs the gates that are named, and ends with 2 for one that it does not know', () => {
  const { status, stdout } = check('dependencies');
  assert.match(stdout, /^dependencies: ok .*\nall 1 gates passed\n$/);
  assert.equal(status, 0);
  const unknown = check('dependencies', 'typos');
  assert.equal(unknown.status, 2);
  assert.match(
    unknown.stderr,
    /^unknown gate typos; there are types, lint, imports, tidy, dependencies, documents, tests\n$/,
  );
});

test('a dependency of any kind without a note is named, and so is a note without its dependency', () => {
  const packageJson = JSON.stringify({
    dependencies: { a: '1', b: '1' },
    optionalDependencies: { '@c/c': '1' },
    devDependencies: { d: '1' },
    overrides: { e: '1' },
  });
  const notes = files({
    'docs/decisions/dependencies.md': '| `a` | x |\n| `gone` | x |\n',
    'docs/decisions/b.md': 'Why `b`: …\n',
  });
  assert.deepEqual(dependencyProblems(packageJson, notes), [
    'package.json: @c/c has no note in docs/decisions/',
    'package.json: d has no note in docs/decisions/',
    'package.json: e has no note in docs/decisions/',
    'docs/decisions/dependencies.md: gone is no dependency any more',
  ]);
});

test('the import table is written between its marks and nowhere else', () => {
  const marks = [
    '<!-- imports: written by scripts/docs.mjs from scripts/check/imports.json -->',
    '<!-- end of imports -->',
  ];
  const layers = { a: [], b: ['a', '!a/x'], c: ['*'], d: ['types:b/y'] };
  const table = [
    '| Layer | May import |',
    '| --- | --- |',
    '| a | nothing |',
    '| b | a; not a/x |',
    '| c | everything in src |',
    '| d | b/y, types only |',
  ];
  const written = importTableText(`before\n${marks[0]}\nold\n${marks[1]}\nafter\n`, { layers });
  assert.equal(written, ['before', marks[0], ...table, marks[1], 'after', ''].join('\n'));
  assert.equal(importTableText(written, { layers }), written);
  assert.throws(() => importTableText('no marks', { layers }), /no place for the import table/);
});

test('the example in the configuration reference is a configuration that is taken', () => {
  const reference = readFileSync(join(packageRoot, 'docs/reference/configuration.md'), 'utf8');
  const example = /```yaml\n([\s\S]*?)```/.exec(reference)?.[1];
  const { settings, problems } = yamlSettings(example!, 'example');
  assert.deepEqual(problems, []);
  assert.deepEqual(
    settings.map(({ key }) => key.name),
    ['data', 'listen', 'log.level', 'ingest.flush_interval'],
  );
});

test('the HTTP reference shows each operation with its parameters, body and answers, and each type', () => {
  const typeX = { type: 'object', required: ['a'], properties: { a: { enum: ['p', 'q'] }, b: { type: 'object' } } };
  const reference = httpReference({
    info: { version: '1.0' },
    tags: [{ name: 'ML', description: 'Models.' }],
    paths: {
      '/api/x': {
        post: {
          tags: ['ML'],
          summary: 'Do x',
          parameters: [
            {
              name: 'every',
              in: 'query',
              required: true,
              schema: { type: 'string' },
              description: 'A | B.',
              example: '1d',
            },
          ],
          requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/X' } } } },
          responses: {
            200: {
              description: 'Done.',
              content: { 'application/json': { schema: { type: 'array', items: { type: 'number' } } } },
            },
            400: { description: 'No.', content: { 'application/json': { schema: typeX } } },
          },
        },
      },
    },
    components: {
      schemas: { X: typeX },
    },
  });
  for (const part of [
    '## ML\n\nModels.\n\n### `POST /api/x`\n\nDo x.\n',
    '| `every` (required) | query | string | A \\| B. Example: `1d`. |',
    'Body, `application/json`: X.',
    '| 200 | Done. `application/json`: array of number |',
    '| 400 | No. `application/json`: X |',
    '### X\n\n| Field | Type | Meaning |\n| --- | --- | --- |\n| `a` (required) | `p`, `q` |  |\n| `b` | object |  |',
  ])
    assert.ok(reference.includes(part), `${part}\n--- is not in\n${reference}`);
});
