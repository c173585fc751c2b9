/**
 * The programs that people run, from Debian's packages `prometheus` and `victoria-metrics`, scrape a target and write what they find to a
 * server. What Prometheus says it has, point by point, the server must have.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../../src/storage/embedded/free-port.js';
import { startTestServer, type TestServer } from '../../server/test-server.js';
import { temporaryFolder } from '../../storage/test-engine.js';
import { findProgram } from './find-program.js';

const prometheus = findProgram('prometheus');
const vmagent = findProgram('vmagent');

let server: TestServer;
let target: Server;
let folder: string;
let scrapes = 0;
before(async () => {
  server = await startTestServer();
  folder = await temporaryFolder();
  // A value of full precision, one that falls back, and one that goes away after the second scrape.
  target = createServer((_request, response) => {
    scrapes++;
    const gone = scrapes > 4 ? '' : 'fleeting{zone="a"} 1\n';
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    response.end(`# TYPE steps_total counter\nsteps_total{zone="größe"} ${(scrapes % 3) / 3}\n${gone}`);
  });
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
});
after(async () => {
  target.closeAllConnections();
  target.close();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const scrapeConfig = () => `scrape_configs:
  - job_name: clients
    scrape_interval: 1s
    static_configs:
      - targets: ['127.0.0.1:${(target.address() as AddressInfo).port}']
`;

async function during(program: string, args: readonly string[], run: () => Promise<void>): Promise<void> {
  const child: ChildProcess = spawn(program, args, { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    await run();
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

interface Line {
  readonly metric: Record<string, string>;
  readonly values: (number | null)[];
  readonly timestamps: number[];
}

async function exported(selector: string): Promise<Line[]> {
  const { body } = await server.get<string>(`/api/v1/export?${new URLSearchParams({ 'match[]': selector })}`);
  return body.trim() === ''
    ? []
    : body
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Line);
}

async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 60_000; !(await isTrue()); await delay(200))
    assert.ok(Date.now() < deadline, `waited for ${what}`);
}

describe('a real sender', () => {
  it('Prometheus writes every sample that it scrapes', { skip: prometheus.skip }, async () => {
    scrapes = 0;
    const config = join(folder, 'prometheus.yml');
    writeFileSync(
      config,
      `${scrapeConfig()}remote_write:\n  - url: ${server.url}/api/v1/write\n    queue_config: {batch_send_deadline: 500ms}\n    metadata_config: {send_interval: 1s}\n`,
    );
    const url = `127.0.0.1:${await freePort()}`;
    const args = [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'tsdb')}`,
      `--web.listen-address=${url}`,
    ];
    await during(prometheus.path, args, async () => {
      await until('ten samples', async () => ((await exported('steps_total'))[0]?.values.length ?? 0) >= 10);
      const query = new URLSearchParams({ query: 'steps_total[5m]' });
      const answer = await fetch(`http://${url}/api/v1/query?${query}`);
      const { data } = (await answer.json()) as { data: { result: { metric: object; values: [number, string][] }[] } };
      const [theirs] = data.result;
      const last = Math.round(theirs!.values.at(-1)![0] * 1000);
      await until('the same last sample', async () => (await exported('steps_total'))[0]!.timestamps.includes(last));
      const [ours] = await exported('steps_total');
      assert.deepEqual(ours!.metric, theirs!.metric);
      const count = theirs!.values.length;
      assert.deepEqual(
        ours!.timestamps.slice(0, count).map((timeMs, i) => [timeMs, ours!.values[i]]),
        theirs!.values.map(([seconds, text]) => [Math.round(seconds * 1000), Number(text)]),
      );
      const [fleeting] = await exported('fleeting');
      assert.equal(fleeting!.values.at(-1), null, 'a series that went away ends with a stale marker');
      const types = () =>
        server.sql<{ type: string }>(
          "SELECT type FROM metric_metadata FINAL WHERE metric = 'steps_total'",
          {},
          '?fresh=1',
        );
      await until('metadata', async () => (await types())[0]?.type === 'counter');
    });
  });

  it('vmagent writes what it scrapes, in the form that it falls back to', { skip: vmagent.skip }, async () => {
    scrapes = 0;
    const config = join(folder, 'vmagent.yml');
    writeFileSync(config, scrapeConfig().replace('clients', 'agent'));
    const args = [
      `-promscrape.config=${config}`,
      `-remoteWrite.url=${server.url}/api/v1/write`,
      `-remoteWrite.tmpDataPath=${join(folder, 'vmagent')}`,
      '-remoteWrite.flushInterval=500ms',
      `-httpListenAddr=127.0.0.1:${await freePort()}`,
    ];
    await during(vmagent.path, args, async () => {
      await until(
        'five samples',
        async () => ((await exported('steps_total{job="agent"}'))[0]?.values.length ?? 0) >= 5,
      );
      const [line] = await exported('steps_total{job="agent"}');
      assert.equal(line!.metric.zone, 'größe');
      assert.deepEqual(line!.values.slice(0, 3), [1 / 3, 2 / 3, 0]);
      assert.ok((await exported('up{job="agent"}')).length > 0);
    });
  });
});
