/** Every protocol of metrics against a whole server: what a client sends is there for SQL, bit for bit, and comes back by export. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { InfluxDB, Point } from '@influxdata/influxdb-client';
import { OTLPMetricExporter as JsonExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtobufExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { AggregationTemporality, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { compressSync } from 'snappy';
import type { IntakeAnswer } from '../../../src/http/contract/events.js';
import { request2, sample, writeRequest } from '../../protocols/remote-write/remote-write-encoder.js';
import { startTestServer, type TestServer } from '../../server/test-server.js';

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.stop());

const nowMs = Date.now();
const remoteWrite = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' };
const write = (body: Uint8Array, headers: Record<string, string> = remoteWrite) =>
  server.post<string>('/api/v1/write', compressSync(body), headers);

interface Line {
  readonly metric: Record<string, string>;
  readonly values: unknown[];
  readonly timestamps: number[];
}

/** What export says of a selector, its times left out where they are not told. */
async function exported(selector: string): Promise<Line[]> {
  const { status, body } = await server.get<string>(`/api/v1/export?${new URLSearchParams({ 'match[]': selector })}`);
  assert.equal(status, 200, JSON.stringify(body));
  return body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

describe('remote write', () => {
  it('1.0 stores samples, stale markers among them, and answers once they are on disk', async () => {
    const stale = { bits: 0x7ff0000000000002n, timeMs: BigInt(nowMs + 2) };
    const labels = [
      ['__name__', 'rw_total'],
      ['job', 'größe'],
    ] as const;
    const answer = await write(writeRequest([{ labels, samples: [sample(nowMs, 1.5), sample(nowMs + 1, -0), stale] }]));
    assert.equal(answer.status, 204);
    assert.deepEqual(await exported('rw_total'), [
      {
        metric: { __name__: 'rw_total', job: 'größe' },
        values: [1.5, -0, null],
        timestamps: [nowMs, nowMs + 1, nowMs + 2],
      },
    ]);
  });

  it('2.0 answers with what it wrote', async () => {
    const labels = [
      ['__name__', 'rw2_total'],
      ['pod', 'a'],
    ] as const;
    const type = 'application/x-protobuf;proto=io.prometheus.write.v2.Request';
    const answer = await write(request2([{ labels, samples: [sample(nowMs, 7)] }]), {
      ...remoteWrite,
      'content-type': type,
    });
    assert.equal(answer.status, 204);
    assert.equal(answer.headers.get('x-prometheus-remote-write-samples-written'), '1');
    assert.equal(answer.headers.get('x-prometheus-remote-write-histograms-written'), '0');
    assert.deepEqual(
      (await exported('rw2_total')).map(({ values }) => values),
      [[7]],
    );
  });

  it('tells what it cannot take, and stores the rest', async () => {
    const named = (name: string) => [['__name__', name]] as const;
    const answer = await write(
      writeRequest([
        { labels: named('good_total'), samples: [sample(nowMs, 1), sample(nowMs - 8 * 86_400_000, 2)] },
        { labels: [['job', 'nameless']], samples: [sample(nowMs, 1)] },
        { labels: named('late_total'), samples: [sample(nowMs + 3_600_000, 1)] },
      ]),
    );
    assert.equal(answer.status, 400);
    assert.match(answer.body, /^3 samples were not taken, 1 were\n/);
    assert.match(answer.body, /series 2: .*__name__/);
    assert.match(answer.body, /series 3: .* lies outside of what is accepted now/);
    assert.deepEqual(
      (await exported('good_total')).map(({ values }) => values),
      [[1]],
    );
    const { body } = await server.get<{ data: { outside_window: string[]; sources: { outside_window: number }[] } }>(
      '/api/v1/status/ingest',
    );
    assert.deepEqual(body.data.outside_window, ['127.0.0.1']);
  });

  it('refuses what is no remote write as a whole', async () => {
    assert.equal((await write(Buffer.from([0xff, 0xff, 0xff]))).status, 400);
    assert.equal((await server.post('/api/v1/write', 'x', { ...remoteWrite, 'content-encoding': 'zstd' })).status, 415);
    assert.equal((await server.post('/api/v1/write', 'not snappy', remoteWrite)).status, 400);
  });
});

describe('OTLP', () => {
  for (const [format, Exporter] of [
    ['protobuf', ProtobufExporter],
    ['json', JsonExporter],
  ] as const)
    it(`takes what the SDK exports as ${format}`, async () => {
      const exporter = new Exporter({
        url: `${server.url}/v1/metrics`,
        temporalityPreference: AggregationTemporality.CUMULATIVE as never,
      });
      const provider = new MeterProvider({
        readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })],
      });
      const meter = provider.getMeter('test');
      meter.createCounter(`${format}.requests`, { unit: 's' }).add(3, { route: '/a' });
      await provider.forceFlush();
      await provider.shutdown();
      const [line] = await exported(`${format}_requests_seconds_total`);
      assert.equal(line?.metric.route, '/a');
      assert.equal(line?.values[0], 3);
    });

  it('answers what it left out, in the format of the request', async () => {
    const { status, body } = await server.post<object>('/v1/metrics', '{"resourceMetrics": 5}', {
      'content-type': 'application/json',
    });
    assert.equal(status, 400);
    assert.equal((body as { code: number }).code, 3);
  });
});

describe('Influx line protocol', () => {
  it('takes what the client writes, with the bucket as a label', async () => {
    const api = new InfluxDB({ url: server.url, token: 'x' }).getWriteApi('org', 'edge', 'ms');
    api.writePoint(new Point('cpu').tag('host', 'a').floatField('load', 0.5).intField('cores', 4).timestamp(nowMs));
    await api.close();
    assert.deepEqual(await exported('{__name__=~"cpu_.*"}'), [
      { metric: { __name__: 'cpu_cores', db: 'edge', host: 'a' }, values: [4], timestamps: [nowMs] },
      { metric: { __name__: 'cpu_load', db: 'edge', host: 'a' }, values: [0.5], timestamps: [nowMs] },
    ]);
  });

  for (const [path, told] of [
    ['/write?precision=s', 'error'],
    ['/api/v2/write?precision=s', 'message'],
    ['/api/v3/write_lp?precision=second', 'error'],
  ] as const)
    it(`${path} names the line that is wrong, and stores the others`, async () => {
      const metric = `mem${path.replaceAll(/\W/g, '')}`;
      const seconds = Math.floor(nowMs / 1000);
      const body = `${metric} used=1 ${seconds}\nbroken\n${metric} used=2 ${seconds + 1}\n`;
      const answer = await server.post<Record<string, string>>(path, body, { 'content-type': 'text/plain' });
      assert.equal(answer.status, 400);
      assert.match(answer.body[told] ?? '', /line 2/);
      assert.deepEqual(
        (await exported(`${metric}_used`)).map(({ values }) => values),
        [[1, 2]],
      );
    });
});

describe('text formats', () => {
  it('are imported with extra labels, wrong lines told by number', async () => {
    const body = 'web_requests_total{code="200"} 5\nbroken{\nweb_requests_total{code="500"} 1\n';
    const { status, body: answer } = await server.post<IntakeAnswer>(
      '/api/v1/import/prometheus?extra_label=zone%3Deu',
      body,
      { 'content-type': 'text/plain' },
    );
    assert.equal(status, 200);
    assert.deepEqual([answer.accepted, answer.rejected, answer.errors[0]?.line], [2, 1, 2]);
    const lines = await exported('web_requests_total');
    assert.deepEqual(
      lines.map(({ metric, values }) => [metric.code, metric.zone, values[0]]),
      [
        ['200', 'eu', 5],
        ['500', 'eu', 1],
      ].sort(
        (a, b) =>
          lines.findIndex(({ metric }) => metric.code === a[0]) - lines.findIndex(({ metric }) => metric.code === b[0]),
      ),
    );
  });
});

describe('series', () => {
  it('are deleted from memory and tables, and come back as new ones', async () => {
    const post = (value: number) =>
      server.post(
        '/api/v1/import',
        JSON.stringify({ metric: { __name__: 'doomed', a: '1' }, values: [value], timestamps: [nowMs] }),
        {
          'content-type': 'application/json',
        },
      );
    await post(1);
    assert.equal((await exported('doomed')).length, 1);
    const { status } = await server.post('/api/v1/admin/tsdb/delete_series?match[]=doomed', '', {
      'content-type': 'text/plain',
    });
    assert.equal(status, 204);
    assert.deepEqual(await exported('doomed'), []);
    const rows = await server.sql("SELECT count() AS samples FROM metric_samples WHERE metric = 'doomed'");
    assert.deepEqual(rows, [{ samples: '0' }]);
    assert.deepEqual(await server.sql("SELECT count() AS series FROM metric_series WHERE metric = 'doomed'"), [
      { series: '0' },
    ]);
    await post(2);
    assert.deepEqual(
      (await exported('doomed')).map(({ values }) => values),
      [[2]],
    );
  });

  it('are not deleted without a selector, or by one that selects everything', async () => {
    for (const query of ['', '?match[]={a=~".*"}', '?match[]=up{'])
      assert.equal(
        (await server.post(`/api/v1/admin/tsdb/delete_series${query}`, '', { 'content-type': 'text/plain' })).status,
        400,
      );
  });

  it('are counted in the form of Prometheus', async () => {
    await server.post('/api/v1/import/prometheus', 'many{i="1"} 1\nmany{i="2"} 1\nmany{i="3"} 1\n', {
      'content-type': 'text/plain',
    });
    const { body } = await server.get<{
      data: { seriesCountByMetricName: { name: string; value: number }[]; headStats: { numSeries: number } };
    }>('/api/v1/status/tsdb?limit=100');
    assert.ok(body.data.seriesCountByMetricName.some(({ name, value }) => name === 'many' && value === 3));
    assert.ok(body.data.headStats.numSeries >= 3);
  });
});

describe('a restart', () => {
  it('keeps what was acknowledged, and a value for a time that is there already takes its place', async () => {
    const import_ = (at: TestServer, value: number) =>
      at.post(
        '/api/v1/import',
        JSON.stringify({ metric: { __name__: 'kept' }, values: [value], timestamps: [nowMs] }),
        {
          'content-type': 'application/json',
        },
      );
    const first = await startTestServer();
    assert.equal((await import_(first, 1)).status, 204);
    await first.halt();
    const second = await startTestServer({ folder: first.folder });
    try {
      const ask = () =>
        second.sql<{ value: number }>("SELECT value FROM metrics WHERE metric = 'kept'", {}, '?fresh=1');
      assert.deepEqual(await ask(), [{ value: 1 }]);
      await import_(second, 2);
      assert.deepEqual(await ask(), [{ value: 2 }]);
      const { body } = await second.get<{ data: { headStats: { numSeries: number } } }>('/api/v1/status/tsdb');
      assert.equal(body.data.headStats.numSeries, 1);
    } finally {
      await second.stop();
    }
  });
});
