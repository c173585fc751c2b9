import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { isBarographError } from '../../../src/base/errors.js';
import { libraryPackageOf, libraryPath, type Platform } from '../../../src/storage/embedded/library-path.js';

test('the library of this platform is found', () => {
  assert.ok(existsSync(libraryPath()));
});

const packages: readonly (readonly [Platform, string])[] = [
  [{ platform: 'linux', arch: 'x64', libc: 'glibc' }, '@chdb/lib-linux-x64-gnu'],
  [{ platform: 'linux', arch: 'arm64', libc: 'glibc' }, '@chdb/lib-linux-arm64-gnu'],
  [{ platform: 'darwin', arch: 'arm64' }, '@chdb/lib-darwin-arm64'],
  [{ platform: 'darwin', arch: 'x64' }, '@chdb/lib-darwin-x64'],
];
for (const [platform, name] of packages) {
  test(`${Object.values(platform).join(' ')} has ${name}`, () => assert.equal(libraryPackageOf(platform), name));
}

const unsupported: readonly (readonly [Platform, RegExp])[] = [
  [{ platform: 'linux', arch: 'x64', libc: 'musl' }, /linux, x64, musl/],
  [{ platform: 'linux', arch: 'riscv64', libc: 'glibc' }, /linux, riscv64, glibc/],
  [{ platform: 'win32', arch: 'x64' }, /win32, x64/],
];
for (const [platform, words] of unsupported) {
  test(`${Object.values(platform).join(' ')} is said to be unsupported, with platform and architecture`, () => {
    assert.throws(
      () => libraryPath(platform),
      (error) => isBarographError(error, 'platform_unsupported') && words.test(error.message),
    );
  });
}
