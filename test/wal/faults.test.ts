/** What the log does when the disk fails under it. The failures are injected; the files are real. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ErrorCode, isBarographError } from '../../src/base/errors.js';
import { type FileOperations, nodeFileOperations } from '../../src/wal/file-operations.js';
import type { Log } from '../../src/wal/log.js';
import { openTestLog, payloadOf, readAll, segmentNames, startSequence, temporaryFolder } from './temporary-log.js';

type Operation = keyof FileOperations;

interface FaultyDisk {
  readonly operations: FileOperations;
  /** The next call of the operation fails with the code, after `written` bytes where it is a write. */
  failNext(operation: Operation, code: string, written?: number): void;
  /** Writes take at most this many bytes a call. */
  writeBytesMax: number;
}

function faultyDisk(): FaultyDisk {
  const faults: { operation: Operation; code: string; written: number }[] = [];
  const takeFault = (operation: Operation) => {
    const index = faults.findIndex((fault) => fault.operation === operation);
    return index === -1 ? undefined : faults.splice(index, 1)[0];
  };
  const failing = (code: string) => Object.assign(new Error(`${code}: injected`), { code });
  const writeSome = (
    file: Parameters<FileOperations['write']>[0],
    buffers: readonly Uint8Array[],
    at: number,
    max: number,
  ) => nodeFileOperations.write(file, [Buffer.concat(buffers).subarray(0, max)], at);
  const disk: FaultyDisk = {
    writeBytesMax: Number.POSITIVE_INFINITY,
    failNext: (operation, code, written = 0) => faults.push({ operation, code, written }),
    operations: {
      async write(file, buffers, position) {
        const fault = takeFault('write');
        if (fault === undefined) return writeSome(file, buffers, position, disk.writeBytesMax);
        if (fault.written > 0) await writeSome(file, buffers, position, fault.written);
        throw failing(fault.code);
      },
      async sync(file) {
        const fault = takeFault('sync');
        if (fault) throw failing(fault.code);
        await nodeFileOperations.sync(file);
      },
      async truncate(file, lengthBytes) {
        const fault = takeFault('truncate');
        if (fault) throw failing(fault.code);
        await nodeFileOperations.truncate(file, lengthBytes);
      },
      async syncFolder(folder) {
        const fault = takeFault('syncFolder');
        if (fault) throw failing(fault.code);
        await nodeFileOperations.syncFolder(folder);
      },
    },
  };
  return disk;
}

async function faultyLog(t: TestContext, options: Partial<Parameters<typeof openTestLog>[2]> = {}) {
  const disk = faultyDisk();
  const folder = await temporaryFolder(t);
  const { log, damages } = await openTestLog(t, folder, { fileOperations: disk.operations, ...options });
  return { disk, folder, log, damages };
}

const rejects = (append: Promise<number>, code: ErrorCode, systemCode: string) =>
  assert.rejects(append, (error) => {
    assert.ok(isBarographError(error, code), String(error));
    assert.ok(error.retryAfterSeconds !== undefined && error.message.includes(systemCode), error.message);
    return true;
  });

const numbersOf = async (log: Log) =>
  (await readAll(log)).map((record) => [
    record.sequence - startSequence,
    Buffer.from(record.payload).toString().slice(0, 9),
  ]);

test('short writes are continued until the group is whole', async (t) => {
  const { disk, folder, log } = await faultyLog(t);
  disk.writeBytesMax = 37;
  await Promise.all([0, 1, 2].map((index) => log.append([payloadOf(index), payloadOf(index)], 10)));
  await log.close();
  const reopened = await openTestLog(t, folder);
  const records = await readAll(reopened.log);
  assert.deepEqual(
    records.map((record) => Buffer.from(record.payload)),
    [0, 1, 2].map((index) => Buffer.concat([payloadOf(index), payloadOf(index)])),
  );
  assert.deepEqual(reopened.damages, []);
});

test('on a full disk the group is refused, its bytes are cut off, and the log goes on when there is room', async (t) => {
  const { disk, folder, log } = await faultyLog(t);
  await log.append(payloadOf(0), 10);
  const [name] = await segmentNames(folder);
  const before = await readFile(join(folder, name!));
  disk.failNext('write', 'ENOSPC', 77);
  const refused = [log.append(payloadOf(1), 10), log.append(payloadOf(2), 10)];
  for (const append of refused) await rejects(append, 'disk_full', 'ENOSPC');
  assert.deepEqual(await readFile(join(folder, name!)), before);
  assert.equal(await log.append(payloadOf(3), 10), startSequence + 10);
  assert.deepEqual(await numbersOf(log), [
    [0, 'record 0 '],
    [10, 'record 3 '],
  ]);
  assert.equal((await segmentNames(folder)).length, 1);
  assert.equal(log.stats().failedGroups, 1);
  await log.close();
  const reopened = await openTestLog(t, folder);
  assert.equal((await numbersOf(reopened.log)).length, 2);
  assert.deepEqual(reopened.damages, []);
});

test('a full disk where even cutting off fails is left for a new segment', async (t) => {
  const { disk, folder, log } = await faultyLog(t);
  await log.append(payloadOf(0), 10);
  disk.failNext('write', 'ENOSPC', 77);
  disk.failNext('truncate', 'EIO');
  await rejects(log.append(payloadOf(1), 10), 'disk_full', 'ENOSPC');
  assert.equal(await log.append(payloadOf(2), 10), startSequence + 20);
  assert.deepEqual(
    (await numbersOf(log)).map(([sequence]) => sequence),
    [0, 20],
  );
  await log.close();
  const reopened = await openTestLog(t, folder);
  assert.deepEqual(await numbersOf(reopened.log), [
    [0, 'record 0 '],
    [20, 'record 2 '],
  ]);
  assert.deepEqual(
    reopened.damages.map(({ kind, lengthBytes, rowsMayBeLost }) => ({ kind, lengthBytes, rowsMayBeLost })),
    [{ kind: 'torn_tail', lengthBytes: 77, rowsMayBeLost: false }],
  );
});

for (const [operation, code] of [
  ['sync', 'EIO'],
  ['sync', 'ENOSPC'],
  ['write', 'EIO'],
] as const)
  test(`after a ${operation} that failed with ${code} the segment is never written or synced again`, async (t) => {
    const { disk, folder, log } = await faultyLog(t);
    await log.append(payloadOf(0), 10);
    disk.failNext(operation, code);
    const refused = [log.append(payloadOf(1), 10), log.append(payloadOf(2), 5)];
    for (const append of refused) await rejects(append, code === 'EIO' ? 'log_failed' : 'disk_full', code);
    assert.equal(log.durableSequence, startSequence + 10);
    const [sealed] = await segmentNames(folder);
    const sealedBytes = await readFile(join(folder, sealed!));
    assert.equal(await log.append(payloadOf(3), 10), startSequence + 25, 'the refused numbers are not given out again');
    assert.deepEqual(await readFile(join(folder, sealed!)), sealedBytes);
    assert.equal((await segmentNames(folder)).length, 2);
    assert.deepEqual(await numbersOf(log), [
      [0, 'record 0 '],
      [25, 'record 3 '],
    ]);
  });

test('records of a failed sync may come back when the log is opened again, whole and under their own numbers', async (t) => {
  const { disk, folder, log } = await faultyLog(t);
  await log.append(payloadOf(0), 10);
  disk.failNext('sync', 'EIO');
  await rejects(log.append(payloadOf(1), 10), 'log_failed', 'EIO');
  await log.append(payloadOf(2), 10);
  await log.close();
  const reopened = await openTestLog(t, folder);
  assert.deepEqual(await numbersOf(reopened.log), [
    [0, 'record 0 '],
    [10, 'record 1 '],
    [20, 'record 2 '],
  ]);
  assert.deepEqual(reopened.damages, []);
});

test('records of a failed write that did not reach the disk are no damage', async (t) => {
  const { disk, folder, log } = await faultyLog(t);
  await log.append(payloadOf(0), 10);
  disk.failNext('write', 'EIO');
  await rejects(log.append(payloadOf(1), 10), 'log_failed', 'EIO');
  await log.append(payloadOf(2), 10);
  await log.close();
  const reopened = await openTestLog(t, folder);
  assert.deepEqual(await numbersOf(reopened.log), [
    [0, 'record 0 '],
    [20, 'record 2 '],
  ]);
  assert.deepEqual(reopened.damages, []);
});

for (const [operation, code] of [
  ['write', 'ENOSPC'],
  ['sync', 'EIO'],
] as const)
  test(`a new segment whose ${operation} fails with ${code} is made anew by the next append`, async (t) => {
    const { disk, folder, log } = await faultyLog(t, { segmentBytesMax: 40 + 2 * 140 });
    for (let index = 0; index < 2; index++) await log.append(payloadOf(index), 10);
    disk.failNext(operation, code);
    await rejects(log.append(payloadOf(2), 10), code === 'EIO' ? 'log_failed' : 'disk_full', code);
    assert.equal((await segmentNames(folder)).length, 1);
    assert.equal(await log.append(payloadOf(3), 10), startSequence + 20);
    await log.close();
    const reopened = await openTestLog(t, folder);
    assert.deepEqual(
      (await numbersOf(reopened.log)).map(([sequence]) => sequence),
      [0, 10, 20],
    );
    assert.deepEqual(reopened.damages, []);
  });

test('a new segment whose name may not be durable is made anew, and only under that name', async (t) => {
  const { disk, folder, log } = await faultyLog(t, { segmentBytesMax: 40 + 2 * 140 });
  await log.append(payloadOf(0), 10);
  disk.failNext('syncFolder', 'EIO');
  await rejects(log.append([payloadOf(1), payloadOf(1)], 10), 'log_failed', 'EIO');
  assert.equal((await segmentNames(folder)).length, 2, 'the file is there, although the log does not count on it');
  assert.equal(await log.append(payloadOf(2), 10), startSequence + 10);
  assert.equal((await segmentNames(folder)).length, 2);
  await log.checkpoint(startSequence + 10);
  await log.close();
  const reopened = await openTestLog(t, folder);
  assert.deepEqual(await numbersOf(reopened.log), [[10, 'record 2 ']]);
  assert.deepEqual(reopened.damages, []);
});

test('a segment that failed is deleted once its rows are stored', async (t) => {
  const { disk, folder, log } = await faultyLog(t);
  await log.append(payloadOf(0), 10);
  disk.failNext('sync', 'EIO');
  await rejects(log.append(payloadOf(1), 10), 'log_failed', 'EIO');
  await log.append(payloadOf(2), 10);
  await log.checkpoint(startSequence + 10);
  assert.equal((await segmentNames(folder)).length, 1);
  await log.checkpoint(startSequence + 30);
  await log.close();
  const reopened = await openTestLog(t, folder);
  assert.deepEqual(await numbersOf(reopened.log), []);
  assert.equal(reopened.log.nextSequence, startSequence + 30);
  assert.deepEqual(reopened.damages, []);
});

test('a log whose disk fails at every write still closes, and keeps what it acknowledged', async (t) => {
  const { disk, folder, log } = await faultyLog(t);
  await log.append(payloadOf(0), 10);
  for (let round = 0; round < 5; round++) {
    disk.failNext('write', 'EIO');
    await rejects(log.append(payloadOf(9), 10), 'log_failed', 'EIO');
  }
  await log.close();
  const reopened = await openTestLog(t, folder);
  assert.deepEqual(await numbersOf(reopened.log), [[0, 'record 0 ']]);
  assert.deepEqual(reopened.damages, []);
});
