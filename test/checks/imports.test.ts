import assert from 'node:assert/strict';
import { test } from 'node:test';
import { files, importCycles, importProblems, parseSources, projectTable } from './checks.js';

const problems = async (texts: Record<string, string>): Promise<string[]> =>
  importProblems(await parseSources(files(texts)), projectTable);

test('what the table allows passes', async () => {
  const allowed = {
    'src/model/a.ts': "import { x } from '../base/x.js'; import './b.js'; import 'node:fs'; import 'yaml';",
    'src/wal/a.ts': "import '../base/x.js';",
    'src/storage/a.ts': "import '../model/x.js'; import './schema/x.js';",
    'src/storage/embedded/a.ts': "import '../engine.js'; import '../../base/x.js';",
    'src/evaluation/a.ts':
      "import '../storage/engine.js'; import '../storage/schema/x.js'; import '../statistics/x.js';",
    'src/ingest/a.ts': "import '../wal/x.js'; import '../storage/native/x.js'; import '../storage/engine.js';",
    'src/http/a.ts': "import '../evaluation/x.js'; import '../storage/sandbox.js'; import '../ingest/x.js';",
    'src/server/a.ts': "import '../storage/embedded/x.js'; import '../wal/x.js'; import '../http/x.js';",
    'web/a.ts': "import type { X } from '../src/http/contract/x.js'; type Y = import('../src/http/contract/y.js').Y;",
    'test/a.test.ts': "import '../src/storage/embedded/x.js'; import '../src/server/x.js';",
    'bench/a.ts': "import '../src/wal/x.js'; import '../test/x.js';",
  };
  assert.deepEqual(await problems(allowed), []);
});

test('an import that the table does not allow is named with its line and both sides', async () => {
  const cases: [string, string, string][] = [
    ['src/base/a.ts', '../model/x.js', 'base may not import src/model/x.ts'],
    ['src/model/a.ts', '../storage/engine.js', 'model may not import src/storage/engine.ts'],
    ['src/wal/a.ts', '../model/x.js', 'wal may not import src/model/x.ts'],
    ['src/protocols/json/a.ts', '../../wal/x.js', 'protocols may not import src/wal/x.ts'],
    ['src/storage/a.ts', './embedded/x.js', 'storage may not import src/storage/embedded/x.ts'],
    [
      'src/evaluation/a.ts',
      '../storage/clickhouse-engine.js',
      'evaluation may not import src/storage/clickhouse-engine.ts',
    ],
    ['src/evaluation/a.ts', '../drift/x.js', 'evaluation may not import src/drift/x.ts'],
    ['src/ingest/a.ts', '../storage/schema/x.js', 'ingest may not import src/storage/schema/x.ts'],
    ['src/http/a.ts', '../wal/x.js', 'http may not import src/wal/x.ts'],
    ['src/http/a.ts', '../storage/embedded/x.js', 'http may not import src/storage/embedded/x.ts'],
    ['src/http/a.ts', '../server/x.js', 'http may not import src/server/x.ts'],
    ['src/server/a.ts', '../../test/x.js', 'server may not import test/x.ts'],
    ['src/server/a.ts', '../../web/x.js', 'server may not import web/x.ts'],
    ['web/a.ts', '../src/http/app.js', 'web may not import src/http/app.ts'],
  ];
  const numbered = cases.map(([path, specifier, message], i) => ({
    path: path.replace('.ts', `${i}.ts`),
    specifier,
    message,
  }));
  assert.deepEqual(
    await problems(Object.fromEntries(numbered.map(({ path, specifier }) => [path, `\nimport '${specifier}';\n`]))),
    numbered.map(({ path, message }) => `${path}:2: ${message}`),
  );
});

test('every way to import is seen, and text that only looks like one is not', async () => {
  const forms = [
    "import { x } from '../wal/x.js';",
    "import type { x } from '../wal/x.js';",
    "export * from '../wal/x.js';",
    "export type { x } from '../wal/x.js';",
    "const x = await import('../wal/x.js');",
    "type X = import('../wal/x.js').X;",
    "import x = require('../wal/x.js');",
    "import\n{ x }\nfrom '../wal/x.js';",
  ];
  const seen = await problems(Object.fromEntries(forms.map((form, i) => [`src/model/a${i}.ts`, form])));
  assert.deepEqual(
    seen.map((problem) => problem.split(':')[0]),
    forms.map((_, i) => `src/model/a${i}.ts`),
  );
  const others = ["// import '../wal/x.js'", "const s = `import '../wal/x.js'`;", "/* export * from '../wal/x.js' */"];
  assert.deepEqual(await problems({ 'src/model/a.ts': others.join('\n') }), []);
});

test('the console may take types of the contract, but nothing that runs', async () => {
  assert.deepEqual(await problems({ 'web/a.ts': "import { x } from '../src/http/contract/x.js';" }), [
    'web/a.ts:1: web may not import src/http/contract/x.ts, other than types',
  ]);
});

test('a folder that the table does not know is named, and so is a file outside of every folder', async () => {
  const texts = { 'src/plugins/a.ts': '', 'src/plugins/b.ts': '', 'src/main.ts': '', 'src/baseball/a.ts': '' };
  assert.deepEqual(await problems(texts), [
    'src/plugins: is not in scripts/check/imports.json',
    'src: is not in scripts/check/imports.json',
    'src/baseball: is not in scripts/check/imports.json',
  ]);
});

test('files that import each other in a ring are named, once a ring, types included', async () => {
  const texts = {
    'src/base/a.ts': "import './b.js';",
    'src/base/b.ts': "import type { X } from './c.js';",
    'src/base/c.ts': "export * from './a.js';",
    'src/base/d.ts': "import './a.js'; import './e.js';",
    'src/base/e.ts': "const d = await import('./d.js');",
    'src/base/f.ts': "import './f.js';",
    'src/base/g.ts': "import './a.js';",
  };
  assert.deepEqual(importCycles(await parseSources(files(texts))), [
    'src/base/a.ts ↔ src/base/b.ts ↔ src/base/c.ts: import each other in a ring',
    'src/base/d.ts ↔ src/base/e.ts: import each other in a ring',
    'src/base/f.ts: import each other in a ring',
  ]);
});

test('files that share what they import are no ring', async () => {
  const texts = {
    'a.ts': "import './b.js'; import './c.js';",
    'b.ts': "import './d.js';",
    'c.ts': "import './d.js';",
    'd.ts': '',
  };
  assert.deepEqual(importCycles(await parseSources(files(texts))), []);
});
