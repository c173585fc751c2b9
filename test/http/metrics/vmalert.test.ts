/** vmalert, from Debian's package `victoria-metrics`, evaluates rules against a server: it queries it and writes what it makes of it back. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../../src/storage/embedded/free-port.js';
import { startTestServer, type TestServer } from '../../server/test-server.js';
import { findProgram } from './find-program.js';

const vmalert = findProgram('vmalert');

const rules = `groups:
  - name: serving
    interval: 1s
    rules:
      - record: model:errors:ratio
        expr: sum by (model) (errors_total) / on (model) sum by (model) (requests_total)
        labels:
          kind: recorded
      - alert: ManyErrors
        expr: model:errors:ratio{kind="recorded"} > 0.2
        for: 1s
        labels:
          severity: page
        annotations:
          summary: '{{ $labels.model }} fails in {{ $value | humanizePercentage }} of all cases'
`;

const deadlineMs = 30_000;

interface Vector {
  readonly data: {
    readonly result: readonly { readonly metric: Record<string, string>; readonly value: [number, string] }[];
  };
}

describe('vmalert', { skip: vmalert.skip }, () => {
  let server: TestServer;
  const notified: { labels: Record<string, string>; annotations: Record<string, string> }[] = [];
  const notifier = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    notified.push(...(JSON.parse(Buffer.concat(pieces).toString()) as typeof notified));
    response.end();
  });
  let end = async (): Promise<void> => {};

  before(async () => {
    server = await startTestServer();
    await write();
    notifier.listen(0, '127.0.0.1');
    await once(notifier, 'listening');
    const file = join(server.folder, 'rules.yml');
    await writeFile(file, rules);
    const child = spawn(
      vmalert.path,
      [
        `-rule=${file}`,
        `-datasource.url=${server.url}`,
        `-remoteWrite.url=${server.url}`,
        `-remoteRead.url=${server.url}`,
        `-notifier.url=http://127.0.0.1:${(notifier.address() as AddressInfo).port}`,
        `-httpListenAddr=127.0.0.1:${await freePort()}`,
        '-evaluationInterval=1s',
        '-remoteWrite.flushInterval=200ms',
        '-loggerLevel=ERROR',
      ],
      { stdio: 'ignore' },
    );
    const ended = once(child, 'exit');
    end = async () => {
      child.kill('SIGTERM');
      await ended;
    };
  });
  after(async () => {
    await end();
    notifier.close();
    await server.stop();
  });

  /** What the rules read: one model fails in a tenth of all cases, the other in half of them. */
  async function write(): Promise<void> {
    const lines = ['requests_total{model="a"} 100', 'requests_total{model="b"} 100', 'errors_total{model="a"} 10'];
    const text = `${[...lines, 'errors_total{model="b"} 50'].join('\n')}\n`;
    assert.equal((await server.post('/api/v1/import/prometheus', text, { 'content-type': 'text/plain' })).status, 204);
  }

  async function untilThere(query: string): Promise<Vector['data']['result']> {
    for (const until = Date.now() + deadlineMs; ; await delay(200)) {
      const { body } = await server.get<Vector>(`/api/v1/query?${new URLSearchParams({ query })}`);
      if (body.data.result.length > 0) return body.data.result;
      assert.ok(Date.now() < until, `${query} has a result`);
    }
  }

  it('records what a rule gives, which can be asked for then', async () => {
    await untilThere('count(model:errors:ratio) == 2');
    const result = await untilThere('model:errors:ratio');
    const values = result.map(({ metric, value }) => [metric.model, metric.kind, value[1]]).sort();
    assert.deepEqual(values, [
      ['a', 'recorded', '0.1'],
      ['b', 'recorded', '0.5'],
    ]);
  });

  it('sends an alert of what it recorded, and writes its state as series', async () => {
    await untilThere('ALERTS{alertname="ManyErrors",alertstate="firing",severity="page",model="b"} == 1');
    assert.equal((await untilThere('count(ALERTS_FOR_STATE) or vector(0)'))[0]!.value[1], '1', 'one model fails often');
    for (const until = Date.now() + deadlineMs; notified.length === 0; await delay(100))
      assert.ok(Date.now() < until, 'the notifier is told');
    const [{ labels, annotations } = { labels: {}, annotations: {} }] = notified;
    assert.equal(labels.alertname, 'ManyErrors');
    assert.equal(annotations.summary, 'b fails in 50% of all cases');
  });
});
