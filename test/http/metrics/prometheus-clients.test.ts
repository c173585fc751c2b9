/**
 * Prometheus and promtool, from Debian's package `prometheus`, as clients: what Prometheus reads remotely is what was written, and what it
 * answers itself of the same samples is what is answered here.
 */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { compressSync } from 'snappy';
import { encodeXorChunk } from '../../../src/protocols/remote-read/xor-chunk.js';
import { freePort } from '../../../src/storage/embedded/free-port.js';
import { bitsOf, bytesField, varintField } from '../../protocols/protobuf/wire-writer.js';
import {
  chunksOf,
  decodeChunkedAnswer,
  decodeXorChunk,
  splitFrames,
} from '../../protocols/remote-read/read-answer-decoder.js';
import { sample, writeRequest } from '../../protocols/remote-write/remote-write-encoder.js';
import { startTestServer, type TestServer } from '../../server/test-server.js';
import { temporaryFolder } from '../../storage/test-engine.js';
import { findProgram } from './find-program.js';

const prometheus = findProgram('prometheus');
const promtool = findProgram('promtool');

let server: TestServer;
let folder: string;
const nowMs = Date.now();
const staleMarker = 0x7ff0000000000002n;

/** Ten minutes of samples at uneven times: counters, fractions, special values, and a series that ends. */
const written = () => {
  const times = Array.from({ length: 200 }, (_, i) => nowMs - 600_000 + 3_000 * i + ((i * 7919) % 97));
  const series = (labels: Record<string, string>, bits: (i: number) => bigint) => ({
    labels: Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)),
    samples: times.map((timeMs, i) => ({ ...sample(timeMs, 0), bits: bits(i) })),
  });
  return writeRequest([
    ...['a', 'b', 'c'].map((pod, k) => series({ __name__: 'steps_total', pod }, (i) => bitsOf(i * (k + 1)))),
    series({ __name__: 'load', instance: 'x:1' }, (i) => bitsOf(Math.sin(i) * 1e-7)),
    series({ __name__: 'odd', kind: 'special' }, (i) => bitsOf([Number.NaN, 1 / 0, -1 / 0, -0, 1e300][i % 5]!)),
    series({ __name__: 'ended' }, (i) => (i === 199 ? staleMarker : bitsOf(42))),
  ]);
};

const remoteWrite = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' };

before(async () => {
  folder = await temporaryFolder();
  server = await startTestServer();
  assert.equal((await server.post('/api/v1/write', compressSync(written()), remoteWrite)).status, 204);
});
after(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Runs a Prometheus with this configuration while `run` does. */
async function withPrometheus(config: string, run: (url: string) => Promise<void>): Promise<void> {
  const file = join(folder, 'prometheus.yml');
  writeFileSync(file, config);
  const listen = `127.0.0.1:${await freePort()}`;
  const child = spawn(
    prometheus.path,
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, listen.replaceAll(/[.:]/g, '-'))}`,
      `--web.listen-address=${listen}`,
      '--web.enable-remote-write-receiver',
    ],
    { stdio: 'ignore' },
  );
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    for (const deadline = Date.now() + 20_000; !(await isReady(listen)); await delay(100))
      assert.ok(Date.now() < deadline, 'Prometheus starts');
    await run(`http://${listen}`);
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

const isReady = (listen: string): Promise<boolean> =>
  fetch(`http://${listen}/-/ready`).then(
    ({ ok }) => ok,
    () => false,
  );

async function get(url: string, path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`${url}${path}`);
  return { status: response.status, text: await response.text() };
}

/** The samples of a range, as Prometheus prints them, by series. */
async function samplesOf(url: string, query: string): Promise<Map<string, unknown>> {
  const { text } = await get(url, `/api/v1/query?${new URLSearchParams({ query, time: String(nowMs / 1000 + 5) })}`);
  const { data } = JSON.parse(text) as { data: { result: { metric: object; values: unknown }[] } };
  return new Map(data.result.map(({ metric, values }) => [JSON.stringify(metric), values] as const).sort());
}

const everything = '{__name__=~"steps_total|load|odd|ended"}[15m]';

describe('Prometheus', { skip: prometheus.skip }, () => {
  it('reads remotely each sample that it has itself when they are written to it, and streams the same chunks', async () => {
    let own = new Map<string, unknown>();
    await withPrometheus('', async (url) => {
      const { status } = await fetch(`${url}/api/v1/write`, {
        method: 'POST',
        body: compressSync(written()),
        headers: remoteWrite,
      });
      assert.equal(status, 204);
      own = await samplesOf(url, everything);
      await compareAnswers(url);
      await compareChunks(url);
    });
    await withPrometheus(`remote_read:\n  - url: ${server.url}/api/v1/read\n    read_recent: true\n`, async (url) => {
      const remote = await samplesOf(url, everything);
      assert.equal(remote.size, 6);
      assert.deepEqual(remote, own);
    });
  });
});

/** What both answer word for word. */
const sameAnswers = [
  '/api/v1/labels',
  '/api/v1/labels?match[]=load&match[]=odd',
  '/api/v1/label/pod/values',
  '/api/v1/label/__name__/values?match[]={pod="a"}',
  '/api/v1/label/nobody/values',
  '/api/v1/series?match[]=load',
  '/api/v1/series?match[]=nothing',
  '/api/v1/series',
  '/api/v1/series?match[]=load&start=x',
  '/api/v1/query_exemplars?query=load',
  '/api/v1/query_exemplars?query=load&start=2&end=1',
  '/api/v1/format_query?query=sum(rate(%20steps_total[5m]))%20by%20(pod)',
  '/api/v1/metadata?limit=x',
  '/api/v1/metadata?metric=nothing',
  '/api/v1/rules',
  '/api/v1/rules?type=x',
  '/api/v1/alerts',
  '/api/v1/alertmanagers',
  '/federate?match[]=steps_total&match[]={__name__=~"load|odd|ended"}&match[]=load',
  '/federate',
];

async function compareAnswers(url: string): Promise<void> {
  for (const path of sameAnswers) {
    const [ours, theirs] = await Promise.all([get(server.url, path), get(url, path)]);
    assert.deepEqual({ path, ...ours }, { path, ...theirs });
  }
}

/** What a server streams of everything. */
async function framesOf(url: string): Promise<Uint8Array[]> {
  const matcher = [varintField(1, 2), bytesField(2, '__name__'), bytesField(3, 'steps_total|load|odd|ended')];
  const query = [varintField(1, nowMs - 900_000), varintField(2, nowMs + 60_000), bytesField(3, matcher)];
  const response = await fetch(`${url}/api/v1/read`, {
    method: 'POST',
    body: compressSync(Buffer.concat([bytesField(1, query), bytesField(2, [Buffer.from([1])])])),
    headers: remoteWrite,
  });
  assert.equal(
    response.headers.get('content-type'),
    'application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse',
  );
  return splitFrames(Buffer.from(await response.arrayBuffer()));
}

/** Both stream the same series and samples; and the samples of each chunk of theirs become that chunk again, byte for byte. */
async function compareChunks(url: string): Promise<void> {
  const [ours, theirs] = await Promise.all([framesOf(server.url), framesOf(url)]);
  assert.equal(ours.length, 6);
  assert.deepEqual(ours.map(decodeChunkedAnswer), theirs.map(decodeChunkedAnswer));
  for (const chunk of theirs.flatMap(chunksOf)) {
    const samples = decodeXorChunk(chunk);
    const timesMs = Float64Array.from(samples, ({ timeMs }) => Number(timeMs));
    const values = new Float64Array(BigUint64Array.from(samples, ({ bits }) => bits).buffer);
    assert.deepEqual(Buffer.from(encodeXorChunk(timesMs, values, 0, samples.length)), Buffer.from(chunk));
  }
}

describe('promtool', { skip: promtool.skip }, () => {
  const run = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)(promtool.path, args)).stdout.trim();

  it('finds series and labels', async () => {
    assert.equal(
      await run('query', 'series', '--match=steps_total', server.url),
      ['a', 'b', 'c'].map((pod) => `{__name__="steps_total", pod="${pod}"}`).join('\n'),
    );
    assert.equal(await run('query', 'labels', server.url, 'pod'), 'a\nb\nc');
  });
});
