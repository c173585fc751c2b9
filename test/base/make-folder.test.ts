import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeFolder } from '../../src/base/make-folder.js';

let root: string;
before(() => {
  root = mkdtempSync(join(tmpdir(), 'barograph-make-folder-'));
});
after(() => rmSync(root, { recursive: true }));

test('a folder is made with those above it, and the topmost one that was missing is told', async () => {
  assert.equal(await makeFolder(join(root, 'a', 'b', 'c'), 0o700), join(root, 'a'));
  assert.equal(statSync(join(root, 'a', 'b', 'c')).mode & 0o777, 0o700);
  assert.equal(await makeFolder(join(root, 'a', 'd')), join(root, 'a', 'd'));
  assert.equal(await makeFolder(join(root, 'a')), undefined);
});

test('a file in the way is no folder', async () => {
  writeFileSync(join(root, 'file'), '');
  await assert.rejects(makeFolder(join(root, 'file')), { code: 'EEXIST' });
  await assert.rejects(makeFolder(join(root, 'file', 'below')), { code: 'ENOTDIR' });
});

test('where nothing can be made it fails, and does not try for ever', { skip: !existsSync('/proc/self') }, async () => {
  await assert.rejects(makeFolder('/proc/nothing/below'), { code: 'ENOENT' });
});
