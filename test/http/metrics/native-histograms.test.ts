/** Native histograms against a whole server: what a sender writes is what queries, SQL, remote read and export give, before and after it is in its table. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { compressSync, uncompressSync } from 'snappy';
import { type NativeHistogram, staleHistogram } from '../../../src/model/native-histogram.js';
import { WireReader } from '../../../src/protocols/protobuf/wire-reader.js';
import { readHistogram } from '../../../src/protocols/remote-write/read-histogram.js';
import { latency } from '../../model/histogram-arbitraries.js';
import { bytesField, varintField } from '../../protocols/protobuf/wire-writer.js';
import { histogramFields } from '../../protocols/remote-write/histogram-encoder.js';
import { request2, sample, writeRequest } from '../../protocols/remote-write/remote-write-encoder.js';
import { startTestServer, type TestServer } from '../../server/test-server.js';
import { temporaryFolder } from '../../storage/test-engine.js';
import { startServerProcess } from '../../torture/server-process.js';

const nowMs = Math.floor(Date.now() / 1000) * 1000;
const protobuf = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' };
const version2 = { ...protobuf, 'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request' };

type Timed = readonly [timeMs: number, histogram: NativeHistogram];
const seriesOf = (name: string, histograms: readonly Timed[]) => ({
  labels: [['__name__', name] as const],
  samples: [],
  histograms: histograms.map(([timeMs, histogram]) => histogramFields(histogram, timeMs)),
});

/** Twice as many observations as `latency`. */
const later: NativeHistogram = {
  ...latency,
  zeroCount: 4,
  count: 24,
  sum: 36.8,
  positive: { ...latency.positive, counts: [4, 6, 2, 8] },
};

/** `latency` as Prometheus' API prints it. */
const printed = {
  count: '12',
  sum: '18.4',
  buckets: [
    [3, '-0.001', '0.001', '2'],
    [0, '0.5', '1', '2'],
    [0, '1', '2', '3'],
    [0, '4', '8', '1'],
    [0, '8', '16', '4'],
  ],
};

interface QueryAnswer {
  readonly data: {
    readonly result: { readonly value?: unknown; readonly histogram?: unknown; readonly histograms?: unknown }[];
  };
}

describe('a heavy query over native histograms', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer({ set: ['query.promql.heavy.work_min=1'] });
  });
  after(() => server.stop());

  it('gives in its thread what a light one gives, floats beside them included', async () => {
    const timed = Array.from({ length: 5 }, (_, i): Timed => [nowMs - (4 - i) * 15_000, i < 3 ? latency : later]);
    await server.post('/api/v1/write', compressSync(writeRequest([seriesOf('heavy_latency', timed)])), protobuf);
    await server.post(
      '/api/v1/import',
      `{"metric":{"__name__":"heavy_latency","kind":"float"},"values":[7],"timestamps":[${nowMs}]}`,
    );
    const parameters = new URLSearchParams({ query: 'heavy_latency', time: String(nowMs / 1000), stats: 'all' });
    const { data } = (
      await server.get<QueryAnswer & { data: { stats: { storage: { ranIn: string } } } }>(`/api/v1/query?${parameters}`)
    ).body;
    assert.equal(data.stats.storage.ranIn, 'worker');
    const values = data.result.map(({ value, histogram }) => [
      value,
      (histogram as [number, { count: string }])?.[1].count,
    ]);
    assert.deepEqual(
      values.sort((a, b) => Number(a[0] !== undefined) - Number(b[0] !== undefined)),
      [
        [undefined, '24'],
        [[nowMs / 1000, '7'], undefined],
      ],
    );
  });
});

describe('native histograms', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer({ set: ['metrics.flush_interval=1h'] });
  });
  after(() => server.stop());

  const write = (name: string, histograms: readonly Timed[]) =>
    server.post('/api/v1/write', compressSync(writeRequest([seriesOf(name, histograms)])), protobuf);
  const query = async (text: string, timeMs = nowMs) => {
    const parameters = new URLSearchParams({ query: text, time: String(timeMs / 1000) });
    return (await server.get<QueryAnswer>(`/api/v1/query?${parameters}`)).body.data.result;
  };
  const exported = async (name: string) => (await server.get<string>(`/api/v1/export?match[]=${name}`)).body;
  const rows = (name: string) =>
    server.sql(
      'SELECT schema, count, sum, positive_counts FROM metric_histograms FINAL WHERE metric = {name:String} ORDER BY ts',
      { name },
    );

  it('are answered at once, and the same once they are in their table', async () => {
    assert.equal((await write('latency', [[nowMs, latency]])).status, 204);
    assert.deepEqual(await rows('latency'), []);
    for (const stored of [0, 1]) {
      const [found] = await query('latency');
      assert.deepEqual(found?.histogram, [nowMs / 1000, printed]);
      assert.deepEqual((await query('histogram_count(latency)'))[0]?.value, [nowMs / 1000, '12']);
      assert.equal((await rows('latency')).length, stored);
      // Waits until everything is stored.
      await exported('latency');
    }
    assert.deepEqual(await rows('latency'), [{ schema: 0, count: 12, sum: 18.4, positive_counts: [2, 3, 1, 4] }]);
  });

  it('that come again change nothing, and of two for a time the last stays, in memory and in the table', async () => {
    await write('again', [[nowMs, latency]]);
    await write('again', [[nowMs, latency]]);
    assert.deepEqual(await query('histogram_count(again)'), [{ metric: {}, value: [nowMs / 1000, '12'] }]);
    await exported('again');
    await write('again', [[nowMs, later]]);
    assert.deepEqual(await query('histogram_count(again)'), [{ metric: {}, value: [nowMs / 1000, '24'] }]);
    await exported('again');
    assert.deepEqual(await query('histogram_count(again)'), [{ metric: {}, value: [nowMs / 1000, '24'] }]);
    assert.deepEqual((await rows('again')).length, 1);
  });

  it('end where a stale one says so, and go on behind it', async () => {
    await write('ends', [
      [nowMs - 60_000, latency],
      [nowMs - 30_000, staleHistogram],
    ]);
    for (const _ of ['memory', 'table']) {
      assert.equal((await query('ends', nowMs - 40_000)).length, 1);
      assert.equal((await query('ends')).length, 0);
      assert.match(await exported('ends'), /"histograms":\[\{.*\},null\]/);
    }
    await write('ends', [[nowMs, later]]);
    assert.equal((await query('ends')).length, 1);
  });

  it('stand beside floats of the same series', async () => {
    const mixed = { ...seriesOf('mixed', [[nowMs, latency]]), samples: [sample(nowMs - 15_000, 7)] };
    await server.post('/api/v1/write', compressSync(writeRequest([mixed])), protobuf);
    assert.deepEqual((await query('mixed', nowMs - 10_000))[0]?.value, [nowMs / 1000 - 10, '7']);
    assert.deepEqual((await query('mixed'))[0]?.histogram, [nowMs / 1000, printed]);
  });

  it('give ranges, rates and quantiles', async () => {
    await write('grows', [
      [nowMs - 60_000, latency],
      [nowMs, later],
    ]);
    const parameters = new URLSearchParams({
      query: 'grows',
      start: String(nowMs / 1000 - 60),
      end: String(nowMs / 1000),
      step: '60',
    });
    const { body } = await server.get<QueryAnswer>(`/api/v1/query_range?${parameters}`);
    const [range] = body.data.result as { histograms: [number, { count: string }][] }[];
    assert.deepEqual(
      range?.histograms.map(([time, { count }]) => [time, count]),
      [
        [nowMs / 1000 - 60, '12'],
        [nowMs / 1000, '24'],
      ],
    );
    // As many came as there were, in the same proportions: 2 in the zero bucket, 2 up to 1, and 3 up to 2, of which the middle is the 6th.
    const [median] = await query('histogram_quantile(0.5, grows - grows offset 1m)');
    assert.deepEqual(median?.value, [nowMs / 1000, String(2 ** (2 / 3))]);
    assert.deepEqual((await query('resets(grows[2m])'))[0]?.value, [nowMs / 1000, '0']);
  });

  it('of version 2 are counted in the answer, and those that are not sound refused', async () => {
    const broken = { ...latency, count: 13 };
    const body = request2([
      {
        ...seriesOf('counted', [
          [nowMs, latency],
          [nowMs + 1, broken],
          [nowMs + 2, staleHistogram],
        ]),
        samples: [sample(nowMs, 1)],
      },
    ]);
    const { status, headers, body: text } = await server.post<string>('/api/v1/write', compressSync(body), version2);
    assert.equal(status, 400);
    assert.match(
      text,
      /^1 samples were not taken, 3 were\nseries 1: the buckets hold 12 observations, and the count is 13/,
    );
    assert.equal(headers.get('x-prometheus-remote-write-samples-written'), '1');
    assert.equal(headers.get('x-prometheus-remote-write-histograms-written'), '2');
  });

  it('go out by remote read as they came, in place of a stream of chunks too', async () => {
    await write('read', [[nowMs, later]]);
    const matcher = bytesField(3, [bytesField(2, '__name__'), bytesField(3, 'read')]);
    const asked = bytesField(1, [varintField(1, nowMs - 1000), varintField(2, nowMs), matcher]);
    for (const accepted of [[0], [1, 0]]) {
      const body = Buffer.concat([asked, ...accepted.map((type) => varintField(2, type))]);
      const response = await fetch(`${server.url}/api/v1/read`, {
        method: 'POST',
        body: compressSync(body),
        headers: protobuf,
      });
      assert.equal(response.headers.get('content-type'), 'application/x-protobuf');
      const answer = new Uint8Array(uncompressSync(Buffer.from(await response.arrayBuffer())) as Buffer);
      assert.deepEqual(readHistograms(answer), [{ timeMs: nowMs, histogram: { ...later, isFloat: true } }]);
    }
    const onlyChunks = compressSync(Buffer.concat([asked, varintField(2, 1)]));
    assert.equal((await server.post('/api/v1/read', onlyChunks, protobuf)).status, 400);
  });

  it('are not told by federation, whose text has no form for them', async () => {
    const mixed = { ...seriesOf('federated', [[nowMs, latency]]), samples: [sample(nowMs - 15_000, 7)] };
    await server.post('/api/v1/write', compressSync(writeRequest([mixed])), protobuf);
    assert.equal((await server.get('/federate?match[]=federated')).body, '');
  });

  it('come back by import as export gave them', async () => {
    await write('restored', [
      [nowMs - 60_000, latency],
      [nowMs - 30_000, later],
      [nowMs, staleHistogram],
    ]);
    const lines = await exported('restored');
    await server.post('/api/v1/admin/tsdb/delete_series?match[]=restored', '', {});
    assert.equal(await exported('restored'), '');
    assert.equal((await server.post('/api/v1/import', lines)).status, 204);
    assert.equal(await exported('restored'), lines);
    assert.deepEqual((await query('restored', nowMs - 60_000))[0]?.histogram, [nowMs / 1000 - 60, printed]);
  });

  it('are estimated as they count once they are read, in memory and in the table', async () => {
    for (const name of ['estimated_held', 'estimated_stored']) {
      await write(
        name,
        Array.from({ length: 8 }, (_, i): Timed => [nowMs - (7 - i) * 15_000, latency]),
      );
      if (name === 'estimated_stored') await exported(name);
      const parameters = new URLSearchParams({ query: `rate(${name}[2m])`, time: String(nowMs / 1000) });
      const { body } = await server.get<{ data: { estimate: { samples: number; series: number } } }>(
        `/api/v1/explain?${parameters}`,
      );
      const { series, samples } = body.data.estimate;
      // Four buckets and what each has: 208 bytes. An hour without floats that is in memory counts as one sample of them.
      assert.equal(series, 1);
      assert.ok(Math.abs(samples - 8 * 13) <= 1, `${samples} samples`);
    }
  });

  it('are deleted from memory and from the table', async () => {
    await write('deleted', [[nowMs - 60_000, latency]]);
    await exported('deleted');
    await write('deleted', [[nowMs, latency]]);
    const range = `start=${nowMs / 1000 - 90}&end=${nowMs / 1000 - 30}`;
    const remove = async (parameters: string) =>
      (await server.post(`/api/v1/admin/tsdb/delete_series?match[]=deleted${parameters}`, '', {})).status;
    assert.equal(await remove(`&${range}`), 204);
    assert.deepEqual((await query('count_over_time(deleted[5m])'))[0]?.value, [nowMs / 1000, '1']);
    assert.equal(await remove(''), 204);
    assert.deepEqual([await query('deleted'), await rows('deleted')], [[], []]);
  });
});

/** The histograms of the only series of a ReadResponse. */
function readHistograms(answer: Uint8Array) {
  const reader = new WireReader(answer);
  const found: ReturnType<typeof readHistogram>[] = [];
  const walk = (depth: number): void => {
    while (reader.next()) {
      if (depth === 2 && reader.field === 4) found.push(readHistogram(reader));
      else if (depth < 2 && reader.field === 1) {
        const outer = reader.enter();
        walk(depth + 1);
        reader.leave(outer);
      } else reader.skip();
    }
  };
  walk(0);
  return found;
}

it('native histograms that were acknowledged are there after kill -9, whether stored or not', {
  timeout: 120_000,
}, async () => {
  const folder = await temporaryFolder();
  const set = ['metrics.flush_interval=1h'];
  let server = await startServerProcess(folder, set);
  const write = async (timeMs: number) => {
    const body = compressSync(writeRequest([seriesOf('survives', [[timeMs, latency]])]));
    assert.equal((await fetch(`${server.url}/api/v1/write`, { method: 'POST', body, headers: protobuf })).status, 204);
  };
  const count = async (): Promise<unknown> => {
    const parameters = new URLSearchParams({ query: 'count_over_time(survives[5m])', time: String(nowMs / 1000) });
    const answer = (await (await fetch(`${server.url}/api/v1/query?${parameters}`)).json()) as QueryAnswer;
    return (answer.data.result[0]?.value as [number, string] | undefined)?.[1];
  };
  try {
    await write(nowMs - 20_000);
    await write(nowMs - 10_000);
    await server.kill('SIGKILL');
    server = await startServerProcess(folder, set);
    assert.equal(await count(), '2');
    // Stores them.
    await (await fetch(`${server.url}/api/v1/export?match[]=survives`)).text();
    await write(nowMs);
    await server.kill('SIGKILL');
    server = await startServerProcess(folder, set);
    assert.equal(await count(), '3');
  } finally {
    await server.kill('SIGTERM');
    await rm(folder, { recursive: true, force: true });
  }
});
