/** The way from the log to the tables while the log's disk fails. The log's folder is real; its checkpoints and reads fail on cue. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { BarographError } from '../../src/base/errors.js';
import { startAppender } from '../../src/ingest/appender.js';
import { createLogTail, type TailRecord } from '../../src/ingest/log-tail.js';
import type { Log } from '../../src/wal/log.js';
import { openTestLog, payloadOf, readAll, startSequence, temporaryFolder } from '../wal/temporary-log.js';

/** A log whose next operations of a kind fail. */
function failingLog(log: Log) {
  const failures = { checkpoint: 0, read: 0 };
  const fail = (operation: keyof typeof failures): void => {
    if (failures[operation] === 0) return;
    failures[operation]--;
    throw new BarographError('log_failed', `${operation}: EIO`, { retryAfterSeconds: 1 });
  };
  const failing: Log = Object.create(log, {
    read: {
      value: (from: number) => {
        fail('read');
        return log.read(from);
      },
    },
    checkpoint: {
      value: async (sequence: number) => {
        fail('checkpoint');
        await log.checkpoint(sequence);
      },
    },
  });
  return { log: failing, failures };
}

async function appending(t: TestContext, { memoryBytesMax = 1e6 } = {}) {
  const { log: sound } = await openTestLog(t, await temporaryFolder(t));
  const { log, failures } = failingLog(sound);
  const decode = (sequence: number, payload: Uint8Array): TailRecord => ({
    sequence,
    rowCount: 1,
    bytes: payload.length,
  });
  const tail = createLogTail(log, memoryBytesMax, decode);
  const stored: number[] = [];
  const appender = startAppender({
    log,
    tail,
    store: async (records) => void stored.push(...records.map(({ sequence }) => sequence - startSequence)),
    counters: { flushed() {}, flushFailed() {} },
    flushIntervalMs: 1,
    flushRowsMax: 100,
    flushBytesMax: 1e6,
  });
  t.after(() => appender.stop(1_000));
  return {
    log: sound,
    failures,
    stored,
    appender,
    async append(index: number) {
      const payload = payloadOf(index);
      const sequence = await sound.append(payload, 1);
      tail.offer(decode(sequence, payload));
      appender.notify();
    },
  };
}

test('a checkpoint that fails stops no row from being stored, and is made with the next flush', async (t) => {
  const { log, failures, stored, appender, append } = await appending(t);
  failures.checkpoint = 1;
  await append(0);
  await appender.waitUntilStored(log.durableSequence);
  await pause(20);
  assert.match(appender.problem ?? '', /stored rows stay in the log: checkpoint: EIO/);
  assert.equal(log.checkpointSequence, startSequence);
  await append(1);
  await appender.waitUntilStored(log.durableSequence);
  await pause(20);
  assert.deepEqual(stored, [0, 1]);
  assert.equal(appender.problem, undefined);
  assert.equal(log.checkpointSequence, startSequence + 2);
});

test('a checkpoint that failed is made later where no other row comes', async (t) => {
  const { log, failures, stored, appender, append } = await appending(t);
  failures.checkpoint = 1;
  await append(0);
  await appender.waitUntilStored(log.durableSequence);
  while (appender.problem !== undefined || log.checkpointSequence === startSequence) await pause(50);
  assert.deepEqual(stored, [0]);
  assert.equal(log.checkpointSequence, startSequence + 1);
});

test('rows that cannot be read back from the log are read again until they can', async (t) => {
  const { log, failures, stored, appender, append } = await appending(t, { memoryBytesMax: 0 });
  failures.read = 2;
  await append(0);
  await appender.waitUntilStored(log.durableSequence);
  assert.deepEqual(stored, [0]);
});

test('an appender whose checkpoints all fail stops when it is told to', async (t) => {
  const { log, failures, stored, appender, append } = await appending(t);
  failures.checkpoint = Number.POSITIVE_INFINITY;
  await append(0);
  await append(1);
  await appender.waitUntilStored(log.durableSequence);
  const startedMs = performance.now();
  await appender.stop(10_000);
  assert.ok(performance.now() - startedMs < 5_000);
  assert.deepEqual(stored, [0, 1]);
  assert.equal((await readAll(log)).length, 2);
});
