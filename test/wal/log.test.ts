import assert from 'node:assert/strict';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isBarographError } from '../../src/base/errors.js';
import { type FileOperations, nodeFileOperations } from '../../src/wal/file-operations.js';
import {
  openTestLog,
  payloadOf,
  readAll,
  segmentNames,
  startMs,
  startSequence,
  temporaryFolder,
} from './temporary-log.js';

const failsWith = (code: Parameters<typeof isBarographError>[1]) => (error: unknown) => isBarographError(error, code);

test('a new log starts at the clock in microseconds and counts rows from there', async (t) => {
  const { log, damages } = await openTestLog(t, await temporaryFolder(t));
  assert.equal(log.nextSequence, startSequence);
  assert.equal(log.checkpointSequence, startSequence);
  assert.equal(await log.append(payloadOf(0), 7), startSequence);
  assert.equal(await log.append(payloadOf(1), 1), startSequence + 7);
  assert.equal(log.durableSequence, startSequence + 8);
  assert.equal(log.nextSequence, startSequence + 8);
  assert.deepEqual(damages, []);
});

test('records come back in order with their numbers, counts and bytes', async (t) => {
  const { log } = await openTestLog(t, await temporaryFolder(t));
  await log.append([Buffer.from('in '), Buffer.alloc(0), Buffer.from('pieces')], 2);
  await log.append(Buffer.alloc(0), 1);
  await log.append(Buffer.alloc(3_000_000, 'large'), 3);
  const records = await readAll(log);
  assert.deepEqual(
    records.map(({ sequence, count }) => [sequence - startSequence, count]),
    [
      [0, 2],
      [2, 1],
      [3, 3],
    ],
  );
  assert.equal(Buffer.from(records[0]!.payload).toString(), 'in pieces');
  assert.equal(records[1]!.payload.byteLength, 0);
  assert.ok(Buffer.alloc(3_000_000, 'large').equals(records[2]!.payload));
});

test('a log that is opened again goes on behind its last record', async (t) => {
  const folder = await temporaryFolder(t);
  const first = await openTestLog(t, folder);
  await first.log.append(payloadOf(0), 5);
  await first.log.close();
  const second = await openTestLog(t, folder, { clock: { nowMs: () => startMs + 60_000 } });
  assert.equal(await second.log.append(payloadOf(1), 5), startSequence + 5);
  await second.log.close();
  const third = await openTestLog(t, folder);
  assert.deepEqual(
    (await readAll(third.log)).map((record) => record.sequence - startSequence),
    [0, 5],
  );
  assert.deepEqual([...second.damages, ...third.damages], []);
});

test('a log that is opened and closed without an append goes on at the same number', async (t) => {
  const folder = await temporaryFolder(t);
  for (let opening = 0; opening < 3; opening++) {
    const { log, damages } = await openTestLog(t, folder, { clock: { nowMs: () => startMs + opening } });
    assert.equal(log.nextSequence, startSequence);
    assert.deepEqual(damages, []);
    await log.close();
  }
  assert.deepEqual(await readdir(folder), ['checkpoint']);
});

test('a log whose rows are all stored and whose segments are gone goes on at its checkpoint', async (t) => {
  const folder = await temporaryFolder(t);
  const first = await openTestLog(t, folder);
  await first.log.append(payloadOf(0), 5);
  await first.log.checkpoint(startSequence + 5);
  await first.log.close();
  const second = await openTestLog(t, folder, { clock: { nowMs: () => startMs - 1000 } });
  assert.deepEqual(await segmentNames(folder), []);
  assert.equal(second.log.checkpointSequence, startSequence + 5);
  assert.equal(await second.log.append(payloadOf(1), 1), startSequence + 5);
  assert.deepEqual(second.damages, []);
});

test('a log made anew after its folder was deleted does not reuse a number', async (t) => {
  const folder = join(await temporaryFolder(t), 'log');
  const first = await openTestLog(t, folder);
  await first.log.append(payloadOf(0), 900_000);
  await first.log.close();
  await rm(folder, { recursive: true });
  const second = await openTestLog(t, folder, { clock: { nowMs: () => startMs + 1000 } });
  assert.equal(second.log.nextSequence, startSequence + 1_000_000);
});

test('reading from a number begins with the record that holds it', async (t) => {
  const { log } = await openTestLog(t, await temporaryFolder(t));
  for (let index = 0; index < 3; index++) await log.append(payloadOf(index), 10);
  const startsFrom = async (from: number) =>
    (await readAll(log, from)).map((record) => record.sequence - startSequence);
  assert.deepEqual(await startsFrom(startSequence + 9), [0, 10, 20]);
  assert.deepEqual(await startsFrom(startSequence + 10), [10, 20]);
  assert.deepEqual(await startsFrom(startSequence + 29), [20]);
  assert.deepEqual(await startsFrom(startSequence + 30), []);
});

test('reading ends at what was durable when it was asked for', async (t) => {
  const { log } = await openTestLog(t, await temporaryFolder(t));
  await log.append(payloadOf(0), 1);
  const reading = log.read(0);
  await log.append(payloadOf(1), 1);
  const seen: number[] = [];
  for await (const record of reading) seen.push(record.sequence);
  assert.deepEqual(seen, [startSequence]);
});

test('reading from any number in a log of megabytes finds the very record', async (t) => {
  const folder = await temporaryFolder(t);
  const written = await openTestLog(t, folder, { segmentBytesMax: 4_000_000 });
  for (let index = 0; index < 100; index++) await written.log.append(Buffer.alloc(100_000, `${index};`), 3);
  const isRight = async (log: typeof written.log, index: number) => {
    for await (const record of log.read(startSequence + index * 3)) {
      assert.equal(record.sequence, startSequence + index * 3);
      assert.ok(Buffer.alloc(100_000, `${index};`).equals(record.payload));
      return;
    }
    assert.fail(`record ${index} was not read`);
  };
  for (const index of [0, 9, 10, 11, 38, 39, 40, 57, 99]) await isRight(written.log, index);
  await written.log.close();
  const reopened = await openTestLog(t, folder);
  for (const index of [0, 9, 10, 11, 38, 39, 40, 57, 99]) await isRight(reopened.log, index);
});

test('appends that arrive together share a sync and resolve in the order of the calls', async (t) => {
  const { log } = await openTestLog(t, await temporaryFolder(t));
  await log.append(payloadOf(0), 1);
  const resolved: number[] = [];
  await Promise.all(
    Array.from({ length: 100 }, async (_, index) => {
      resolved.push(await log.append(payloadOf(index), 1));
    }),
  );
  assert.deepEqual(
    resolved,
    Array.from({ length: 100 }, (_, index) => startSequence + 1 + index),
  );
  assert.equal(log.stats().fsyncs, 2);
  assert.equal(log.stats().appendedRecords, 101);
});

/** Tells what was written and synced, in order. */
function recordingOperations(events: string[]): FileOperations {
  return {
    async write(file, buffers, position) {
      events.push('write');
      return nodeFileOperations.write(file, buffers, position);
    },
    async sync(file) {
      await nodeFileOperations.sync(file);
      events.push('sync');
    },
    truncate: nodeFileOperations.truncate,
    async syncFolder(folder) {
      await nodeFileOperations.syncFolder(folder);
      events.push('sync folder');
    },
  };
}

test('no append resolves before its bytes, and the name of its segment, are synced', async (t) => {
  const events: string[] = [];
  const fileOperations = recordingOperations(events);
  const { log } = await openTestLog(t, await temporaryFolder(t), { fileOperations, groupBytesMax: 200 });
  const append = async () => {
    await log.append(payloadOf(0), 1);
    events.push('acknowledged');
  };
  await Promise.all([append(), append()]);
  const group = ['write', 'sync', 'acknowledged'];
  assert.deepEqual(events, ['write', 'sync', 'sync folder', ...group, ...group]);
});

test('what a killed process left in its last segment is synced before it counts as durable', async (t) => {
  const folder = await temporaryFolder(t);
  const { log } = await openTestLog(t, folder);
  await log.append(payloadOf(0), 1);
  await log.close();
  const events: string[] = [];
  await openTestLog(t, folder, { fileOperations: recordingOperations(events) });
  assert.deepEqual(events, ['sync']);
});

test('a delay gathers appends that come one after the other into one sync', async (t) => {
  const { log } = await openTestLog(t, await temporaryFolder(t), { groupCommitDelayMs: 200 });
  const first = log.append(payloadOf(0), 1);
  await new Promise((resolve) => setImmediate(resolve));
  const second = log.append(payloadOf(1), 1);
  await Promise.all([first, second]);
  assert.equal(log.stats().fsyncs, 1);
});

test('a segment ends before it would pass its bound, and a larger record has one to itself', async (t) => {
  const folder = await temporaryFolder(t);
  const { log } = await openTestLog(t, folder, { segmentBytesMax: 40 + 2 * 140 });
  for (let index = 0; index < 3; index++) await log.append(payloadOf(index), 1);
  await log.append(Buffer.alloc(5000, 7), 1);
  await log.append(payloadOf(4), 1);
  const name = (offset: number) => `000${startSequence + offset}.wal`.slice(-20);
  assert.deepEqual(await segmentNames(folder), [name(0), name(2), name(3), name(4)]);
  assert.equal((await readAll(log)).length, 5);
});

test('a checkpoint deletes the segments wholly below it and no other', async (t) => {
  const folder = await temporaryFolder(t);
  const { log } = await openTestLog(t, folder, { segmentBytesMax: 40 + 2 * 140 });
  for (let index = 0; index < 6; index++) await log.append(payloadOf(index), 10);
  await log.checkpoint(startSequence + 19);
  assert.equal((await segmentNames(folder)).length, 3);
  await log.checkpoint(startSequence + 20);
  assert.equal((await segmentNames(folder)).length, 2);
  await log.checkpoint(startSequence + 60);
  assert.equal((await segmentNames(folder)).length, 1, 'the segment being written stays');
  assert.equal(log.stats().segments, 1);
});

test('a checkpoint is remembered, and never goes back', async (t) => {
  const folder = await temporaryFolder(t);
  const first = await openTestLog(t, folder);
  for (let index = 0; index < 3; index++) await first.log.append(payloadOf(index), 10);
  await Promise.all([first.log.checkpoint(startSequence + 25), first.log.checkpoint(startSequence + 5)]);
  assert.equal(first.log.checkpointSequence, startSequence + 25);
  await first.log.close();
  const second = await openTestLog(t, folder);
  assert.equal(second.log.checkpointSequence, startSequence + 25);
  assert.deepEqual(
    (await readAll(second.log, second.log.checkpointSequence)).map((record) => record.sequence - startSequence),
    [20],
  );
});

test('a checkpoint above what is durable is a bug', async (t) => {
  const { log } = await openTestLog(t, await temporaryFolder(t));
  await log.append(payloadOf(0), 10);
  await assert.rejects(log.checkpoint(startSequence + 11), /above what is durable/);
});

test('a reading goes on when a checkpoint deletes segments ahead of it', async (t) => {
  const { log } = await openTestLog(t, await temporaryFolder(t), { segmentBytesMax: 40 + 2 * 140 });
  for (let index = 0; index < 6; index++) await log.append(payloadOf(index), 10);
  const seen: number[] = [];
  for await (const record of log.read(0)) {
    seen.push(record.sequence - startSequence);
    if (seen.length === 1) await log.checkpoint(startSequence + 40);
  }
  assert.deepEqual(seen, [0, 10, 40, 50]);
});

test('a reading that is left early leaves no file open', async (t) => {
  if (process.platform !== 'linux') return t.skip('open files are counted in /proc');
  const { log } = await openTestLog(t, await temporaryFolder(t));
  for (let index = 0; index < 3; index++) await log.append(payloadOf(index), 1);
  const openFiles = () => readdir('/proc/self/fd');
  const before = (await openFiles()).length;
  for (let round = 0; round < 20; round++) for await (const _record of log.read(0)) break;
  assert.equal((await openFiles()).length, before);
});

test('past its bound on disk the log refuses appends until its consumer has stored some', async (t) => {
  const { log } = await openTestLog(t, await temporaryFolder(t), { totalBytesMax: 4000 });
  let accepted = 0;
  const fill = async () => {
    for (; ; accepted++) await log.append(payloadOf(accepted), 1);
  };
  await assert.rejects(fill(), (error) => isBarographError(error, 'log_full') && error.retryAfterSeconds === 5);
  assert.ok(log.stats().bytes <= 4000 && log.stats().bytes > 4000 - 140 - 40, `${log.stats().bytes} bytes`);
  await log.checkpoint(log.durableSequence);
  await log.append(payloadOf(accepted), 1);
  assert.equal((await readAll(log, log.checkpointSequence)).length, 1);
});

test('appends that wait count towards the bound on disk', async (t) => {
  const { log } = await openTestLog(t, await temporaryFolder(t), { totalBytesMax: 4000 });
  const results = await Promise.allSettled(Array.from({ length: 50 }, (_, index) => log.append(payloadOf(index), 1)));
  const refused = results.filter((result) => result.status === 'rejected');
  assert.ok(refused.length > 20 && refused.every((result) => isBarographError(result.reason, 'log_full')));
  // The bound counts records; the header of a segment, 40 bytes, may come on top of it.
  assert.ok(log.stats().bytes <= 4000 + 4 * 40, `${log.stats().bytes} bytes`);
});

test('a queue that is full refuses appends, and those that waited are stored', async (t) => {
  const { log } = await openTestLog(t, await temporaryFolder(t), { queueBytesMax: 1000 });
  const results = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => log.append(payloadOf(index), 1)));
  assert.deepEqual(
    results.map((result) => (result.status === 'fulfilled' ? 'stored' : result.reason.code)),
    Array.from({ length: 20 }, (_, index) => (index < 7 ? 'stored' : 'too_many_requests')),
  );
  assert.equal((await readAll(log)).length, 7);
  await log.append(Buffer.alloc(5000), 1);
});

test('a record over its bound is refused', async (t) => {
  const { log } = await openTestLog(t, await temporaryFolder(t), { recordBytesMax: 1000 });
  await assert.rejects(log.append(Buffer.alloc(961), 1), failsWith('body_too_large'));
  await log.append(Buffer.alloc(960), 1);
});

test('a record that covers no row, or part of one, is a bug', async (t) => {
  const { log } = await openTestLog(t, await temporaryFolder(t));
  for (const count of [0, -1, 1.5, Number.NaN, 2 ** 32]) await assert.rejects(log.append(payloadOf(0), count), /rows/);
});

test('closing finishes what was appended and refuses what comes after', async (t) => {
  const folder = await temporaryFolder(t);
  const { log } = await openTestLog(t, folder);
  let stored = 0;
  const appended = [0, 1].map(async (index) => {
    await log.append(payloadOf(index), 1);
    stored++;
  });
  const closing = log.close();
  await assert.rejects(log.append(payloadOf(2), 1), failsWith('shutting_down'));
  await assert.rejects(log.checkpoint(startSequence), failsWith('shutting_down'));
  await closing;
  assert.equal(stored, 2);
  await Promise.all(appended);
  const reopened = await openTestLog(t, folder);
  assert.equal((await readAll(reopened.log)).length, 2);
});

test('the age of the log is the age of its oldest row that is not stored, also after a restart', async (t) => {
  const folder = await temporaryFolder(t);
  let nowMs = startMs;
  const clock = { nowMs: () => nowMs };
  const first = await openTestLog(t, folder, { clock });
  assert.equal(first.log.stats().oldestUnstoredAgeMs, undefined);
  for (let index = 0; index < 3; index++) {
    await first.log.append(payloadOf(index), 1);
    nowMs += 10_000;
  }
  assert.equal(first.log.stats().oldestUnstoredAgeMs, 30_000);
  await first.log.checkpoint(startSequence + 1);
  assert.equal(first.log.stats().oldestUnstoredAgeMs, 20_000);
  await first.log.close();
  const second = await openTestLog(t, folder, { clock });
  assert.equal(second.log.stats().oldestUnstoredAgeMs, 20_000);
  await second.log.checkpoint(startSequence + 3);
  assert.equal(second.log.stats().oldestUnstoredAgeMs, undefined);
});

test('a folder that cannot be one fails with a coded error that names it', async (t) => {
  const folder = join(await temporaryFolder(t), 'log');
  await (await openTestLog(t, folder)).log.close();
  await assert.rejects(
    openTestLog(t, join(folder, 'checkpoint')),
    (error) => isBarographError(error, 'log_failed') && error.message.includes(join(folder, 'checkpoint')),
  );
});
