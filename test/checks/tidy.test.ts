import assert from 'node:assert/strict';
import { test } from 'node:test';
import { files, parseSources, tidyProblems } from './checks.js';

async function problems(texts: Record<string, string>): Promise<string[]> {
  const given = files(texts);
  return tidyProblems(given, await parseSources(given));
}

const lines = (count: number): string => 'x;\n'.repeat(count);
const functionOf = (count: number): string => `function f() {\n${lines(count - 2)}}\n`;

test('a file past 800 lines is refused, whatever its reason', async () => {
  assert.deepEqual(await problems({ 'a.ts': `// Long because it is data.\n${lines(799)}` }), []);
  assert.deepEqual(await problems({ 'a.ts': `// Long because it is data.\n${lines(800)}` }), [
    'a.ts: 801 lines; the most is 800',
  ]);
});

test('a file past 400 lines is refused, unless a comment at its top says why', async () => {
  const refused = ['a.ts: 401 lines; past 400 a comment at its top says "Long because …"'];
  assert.deepEqual(await problems({ 'a.ts': lines(400) }), []);
  assert.deepEqual(await problems({ 'a.ts': lines(401) }), refused);
  assert.deepEqual(await problems({ 'a.ts': `// Long because\n${lines(400)}` }), refused);
  assert.deepEqual(await problems({ 'a.ts': `${lines(400)}// Long because it is data.\n` }), refused);
  assert.deepEqual(await problems({ 'a.ts': `/**\n * Long because one table cannot be cut.\n */\n${lines(398)}` }), []);
});

test('a function past 70 lines is refused, of every kind', async () => {
  const body = `{\n${lines(69)}}`;
  const kinds: [string, string][] = [
    [`function f() ${body}`, 'f'],
    [`const f = function () ${body};`, 'f'],
    [`const f = async () => ${body};`, 'f'],
    [`export default () => ${body};`, 'an unnamed function'],
    [`class C { f() ${body} }`, 'f'],
    [`class C { constructor() ${body} }`, 'the constructor of C'],
    [`class C { get f() ${body} }`, 'f'],
    [`const c = { f() ${body} };`, 'f'],
    [`test('a fact', () => ${body});`, 'an unnamed function'],
  ];
  assert.deepEqual(
    await problems(Object.fromEntries(kinds.map(([text], i) => [`a${i}.ts`, text]))),
    kinds.map(([, name], i) => `a${i}.ts:1: ${name} has 71 lines; the most is 70`),
  );
  assert.deepEqual(await problems({ 'a.ts': `${functionOf(70)}${functionOf(70)}` }), []);
  assert.deepEqual(await problems({ 'a.mjs': `\n${functionOf(71)}` }), ['a.mjs:2: f has 71 lines; the most is 70']);
});

test('the comment above a function is not counted', async () => {
  assert.deepEqual(await problems({ 'a.ts': `/**\n${' * x\n'.repeat(50)} */\n${functionOf(70)}` }), []);
});

test('tests are measured one by one, not as lines of the suite around them', async () => {
  const tests = (count: number, length: number): string => `test('x', () => {\n${lines(length - 2)}});\n`.repeat(count);
  const suites = {
    'test/a.test.ts': `describe('x', () => {\n${tests(6, 60)}});`,
    'test/b.ts': `export function conformance() {\n${tests(6, 60)}}`,
    'test/c.test.ts': `describe('x', () => {\n${tests(1, 71)}});`,
    'test/e.test.ts': `function all() {\n${lines(69)}describe('x', () => {\n[1].forEach(() => {\n${tests(2, 60)}});\n});\n}`,
    'src/f.ts': `function f() {\n${tests(2, 60)}}`,
    'test/d.test.ts': `describe('x', () => {\n${lines(69)}${tests(1, 3)}});`,
  };
  assert.deepEqual(await problems(suites), [
    'test/c.test.ts:2: an unnamed function has 71 lines; the most is 70',
    // 69 lines, the two of its own, and the first and last of the suite within.
    'test/e.test.ts:1: all has 73 lines; the most is 70',
    'src/f.ts:1: f has 122 lines; the most is 70',
    'test/d.test.ts:1: an unnamed function has 73 lines; the most is 70',
  ]);
});

test('a catch-all folder or file is refused', async () => {
  for (const name of ['utils', 'helpers', 'services', 'common']) {
    assert.deepEqual(await problems({ [`src/${name}/a.ts`]: 'x;' }), [
      `src/${name}/a.ts: no folder is called ${name}; name what is in it`,
    ]);
    assert.deepEqual(await problems({ [`src/base/${name}.ts`]: 'x;' }), [
      `src/base/${name}.ts: no file is called ${name}; name what is in it`,
    ]);
  }
});

test('source files are named in kebab-case', async () => {
  assert.deepEqual(await problems({ 'src/base/two-words.ts': 'x;', 'test/a.b-c.test.ts': 'x;' }), []);
  for (const name of ['twoWords.ts', 'TwoWords.ts', 'two_words.mjs', '-a.ts'])
    assert.deepEqual(await problems({ [`src/base/${name}`]: 'x;' }), [
      `src/base/${name}: the names of source files are kebab-case`,
    ]);
});

test('a file that only exports what others define is refused', async () => {
  assert.deepEqual(await problems({ 'src/base/all.ts': "export * from './a.js';\nexport { b } from './b.js';\n" }), [
    'src/base/all.ts: only exports what other files define; import from those',
  ]);
  assert.deepEqual(await problems({ 'src/base/a.ts': "export { b } from './b.js';\nexport const a = 1;\n" }), []);
});

test('a leftover is refused in a comment, a name, a document or a script, but not where it is data or spoken about', async () => {
  for (const word of ['TODO', 'FIXME', 'XXX']) {
    const texts = {
      'a.ts': `x;\n// ${word}: later\n`,
      'b.mjs': `/*\n * ${word} */\n`,
      'c.ts': `'${word}'; \`\n${word} \${x} ${word}\`; /${word}/;`,
      'd.ts': `function ${word}() {}`,
      '.ci/run': `# ${word}\n`,
      'e.md': `${word} later\n`,
      'f.md': `no \`${word}\` is left\n`,
    };
    assert.deepEqual(
      await problems(texts),
      ['a.ts:2', 'b.mjs:2', 'd.ts:1', '.ci/run:1', 'e.md:1'].map(
        (place) => `${place}: ${word}; do it, or open an issue`,
      ),
    );
  }
});

test('a test that is singled out, or skipped without a reason, is refused', async () => {
  const refused = [
    "test.only('x', () => {});",
    "describe.only('x', () => {});",
    "test('x', { only: true }, () => {});",
    "test.skip('x', () => {});",
    "it.todo('x');",
    "test('x', { skip: true }, () => {});",
    "test('x', (t) => t.skip());",
    "test('x', async (t) => { await t.test('y', { todo: true }, () => {}); });",
  ];
  const found = await problems(Object.fromEntries(refused.map((text, i) => [`test/a${i}.test.ts`, `\n${text}`])));
  assert.deepEqual(
    found.map((problem) => /^(.*) (?:singles out|skips) a test/.exec(problem)?.[1]),
    refused.map((_, i) => `test/a${i}.test.ts:2:`),
  );
});

test('a test that is skipped for a stated reason passes, and so does what is no test', async () => {
  const allowed = [
    "test('x', { skip: isRoot ? false : 'needs root' }, () => {});",
    "test('x', (t) => t.skip('no /dev/shm here'));",
    "reader.skip(); const options = { only: true, skip: true }; query('x', { skip: true });",
    "'test.only'; // test.skip",
  ];
  assert.deepEqual(await problems({ 'test/a.test.ts': allowed.join('\n') }), []);
});

test('a path of one machine is refused, in code and in documents', async () => {
  // Put together here, because this file is checked too.
  for (const path of [
    ['root', 'x'],
    ['work', 'x'],
    ['home', 'me'],
    ['Users', 'me'],
  ].map((parts) => `/${parts.join('/')}`))
    for (const [file, text] of [
      ['a.ts', `open('${path}/a.txt');`],
      ['a.md', `see ${path}`],
      ['a.json', `{"a":"${path}"}`],
    ] as const)
      assert.deepEqual(await problems({ [file]: text }), [`${file}:1: ${path} is a path of one machine`]);
  assert.deepEqual(
    await problems({ 'a.ts': "'https://x.example/home/me'; './work/x'; '/etc/passwd'; 'a/root/b';" }),
    [],
  );
});

test('a lock file or npm setting that names another registry than the public one is refused', async () => {
  const resolved = (url: string): string => `{\n  "resolved": "${url}"\n}`;
  assert.deepEqual(await problems({ 'package-lock.json': resolved('https://registry.npmjs.org/x/-/x-1.0.0.tgz') }), []);
  assert.deepEqual(await problems({ 'package-lock.json': resolved('http://127.0.0.1:4873/x/-/x-1.0.0.tgz') }), [
    'package-lock.json:2: a package from elsewhere than https://registry.npmjs.org/',
  ]);
  assert.deepEqual(await problems({ '.npmrc': 'fund=false\nregistry=http://127.0.0.1\n' }), [
    '.npmrc:2: names a registry',
  ]);
});
