import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { test } from 'node:test';
import { temporaryFolder } from '../storage/test-engine.js';
import { serverSettings, startClients } from '../torture/clients.js';
import { childrenOf, startServerProcess } from '../torture/server-process.js';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('events and samples acknowledged by a server that is killed, and whose engine is killed, are all there once, and totals are right', {
  timeout: 120_000,
}, async () => {
  const folder = await temporaryFolder();
  let server = await startServerProcess(folder, serverSettings);
  const clients = startClients({ url: server.url, count: 1, seed: 1, pauseMs: 30 });
  try {
    for (const victim of ['server', 'engine', 'server'] as const) {
      await pause(700);
      if (victim === 'engine') {
        for (const pid of childrenOf(server.pid)) process.kill(pid, 'SIGKILL');
        continue;
      }
      await server.kill('SIGKILL');
      server = await startServerProcess(folder, serverSettings);
      clients.moveTo(server.url);
    }
    await clients.finish();
    assert.deepEqual(await clients.problems(server.url), []);
    assert.match(clients.sent(), /^[1-9]/);
  } finally {
    await clients.finish().catch(() => {});
    await server.kill('SIGTERM');
    await rm(folder, { recursive: true, force: true });
  }
});
