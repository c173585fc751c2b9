import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { test } from 'node:test';
import { temporaryFolder } from '../storage/test-engine.js';
import { childrenOf, countStored, startClients, startServerProcess } from '../torture/kill-cycle.js';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('rows acknowledged by a server that is killed, and whose engine is killed, are all there once', {
  timeout: 120_000,
}, async () => {
  const folder = await temporaryFolder();
  let server = await startServerProcess(folder);
  const clients = startClients(2, server.url);
  try {
    for (const victim of ['server', 'engine', 'server'] as const) {
      await pause(700);
      if (victim === 'engine') {
        for (const pid of childrenOf(server.pid)) process.kill(pid, 'SIGKILL');
        continue;
      }
      await server.kill('SIGKILL');
      server = await startServerProcess(folder);
      clients.moveTo(server.url);
    }
    await clients.finish();
    const { predictions, truths } = clients.acknowledged;
    assert.ok(predictions > 0);
    assert.deepEqual(await countStored(server.url), {
      predictions,
      distinct: predictions,
      misfits: 0,
      withTruth: truths,
      wrongTruth: 0,
    });
  } finally {
    await clients.finish().catch(() => {});
    await server.kill('SIGTERM');
    await rm(folder, { recursive: true, force: true });
  }
});
