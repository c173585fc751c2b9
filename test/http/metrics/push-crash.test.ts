import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { GroupAnswer } from '../../../src/ingest/push/groups-answer.js';
import { temporaryFolder } from '../../storage/test-engine.js';
import { startServerProcess } from '../../torture/server-process.js';

interface ListedGroup extends GroupAnswer {
  readonly labels: { readonly job: string };
  readonly steps: { readonly metrics: readonly { readonly value: string }[] };
}

async function listed(url: string): Promise<Record<string, number>> {
  const { data } = (await (await fetch(`${url}/api/v1/metrics`)).json()) as { data: ListedGroup[] };
  return Object.fromEntries(data.map(({ labels, steps }) => [labels.job, Number(steps.metrics[0]?.value)]));
}

async function exportedValues(url: string, selector: string): Promise<number[]> {
  const text = await (await fetch(`${url}/api/v1/export?${new URLSearchParams({ 'match[]': selector })}`)).text();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => (JSON.parse(line) as { values: number[] }).values);
}

test('a server that is killed has every group as its last acknowledged push left it, and the samples of all pushes', {
  timeout: 120_000,
}, async () => {
  const folder = await temporaryFolder();
  let server = await startServerProcess(folder);
  const acknowledged: Record<string, number> = {};
  const pushed: Record<string, number[]> = { a: [], b: [], c: [] };
  try {
    for (let cycle = 0, value = 0; cycle < 2; cycle++) {
      const doomed = server;
      const pushes = async (job: string): Promise<void> => {
        for (;;) {
          const sent = ++value;
          const answer = await fetch(`${doomed.url}/metrics/job/${job}`, { method: 'PUT', body: `steps ${sent}\n` });
          assert.equal(answer.status, 200);
          acknowledged[job] = sent;
          pushed[job]!.push(sent);
        }
      };
      const clients = Promise.allSettled(Object.keys(pushed).map(pushes));
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await doomed.kill('SIGKILL');
      for (const { reason } of (await clients) as PromiseRejectedResult[])
        assert.ok(!(reason instanceof assert.AssertionError), String(reason));
      server = await startServerProcess(folder);
      // A push that was under way may be there without its answer; an older value never.
      for (const [job, last] of Object.entries(await listed(server.url))) assert.ok(last >= acknowledged[job]!, job);
      for (const [job, values] of Object.entries(pushed)) {
        const found = new Set(await exportedValues(server.url, `steps{job="${job}"}`));
        assert.deepEqual(
          values.filter((each) => !found.has(each)),
          [],
          job,
        );
      }
    }
    assert.deepEqual(Object.keys(acknowledged).sort(), Object.keys(pushed));
    await server.kill('SIGKILL');
    const [name] = await readdir(join(folder, 'push-groups'));
    const path = join(folder, 'push-groups', name!);
    await writeFile(path, (await readFile(path)).subarray(1));
    server = await startServerProcess(folder);
    assert.equal(Object.keys(await listed(server.url)).length, 2, 'a damaged file costs its own group alone');
  } finally {
    await server.kill('SIGTERM');
    await rm(folder, { recursive: true, force: true });
  }
});
