/** A disk that is really full: a small one in memory, mounted where only this test and its child see it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './temporary-log.js';

const writer = fileURLToPath(new URL('./full-disk-writer.js', import.meta.url));

/** Runs a command with a disk of two megabytes at `folder`; the disk is gone when the command ends, however it ends. */
const withSmallDisk = (folder: string, command: readonly string[]) =>
  spawnSync(
    'unshare',
    ['--mount', 'sh', '-c', 'mount -t tmpfs -o size=2m none "$0" && exec "$@"', folder, ...command],
    { encoding: 'utf8' },
  );

test('a full disk refuses appends, lets a checkpoint make room, and loses nothing', async (t) => {
  const folder = await temporaryFolder(t);
  if (withSmallDisk(folder, ['true']).status !== 0) return t.skip('mounting a small disk takes Linux and root');
  const { stdout, stderr, status } = withSmallDisk(folder, [process.execPath, writer, folder]);
  assert.equal(status, 0, stderr);
  const told = JSON.parse(stdout);
  assert.deepEqual(told.filled.codes, ['disk_full', 'disk_full', 'disk_full']);
  assert.ok(told.filled.end > 30, `${told.filled.end} records of 50 KB fitted on 2 MiB`);
  assert.equal(told.readWhileFull, told.filled.end);
  assert.equal(told.readAfterReopening, told.filled.end);
  assert.deepEqual(told.refilled.codes, ['disk_full', 'disk_full', 'disk_full']);
  assert.equal(told.readAgain, told.refilled.end - told.filled.end);
  assert.ok(told.readAgain > 30, `${told.readAgain} records fitted after the checkpoint`);
  assert.deepEqual(told.damages, []);
});
