/** Prometheus' API beside queries, against a whole server: what is answered, word for word where clients read it. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { compressSync, uncompressSync } from 'snappy';
import { bitsOf, bytesField, varintField } from '../../protocols/protobuf/wire-writer.js';
import {
  decodeChunkedAnswer,
  decodeSamplesAnswer,
  splitFrames,
} from '../../protocols/remote-read/read-answer-decoder.js';
import { sample, writeRequest } from '../../protocols/remote-write/remote-write-encoder.js';
import { startTestServer, type TestServer } from '../../server/test-server.js';

let server: TestServer;
const nowMs = Date.now();
const staleMarker = 0x7ff0000000000002n;

const openMetrics = `# HELP requests Requests, all of them.
# TYPE requests counter
requests_total{job="api",zone="a"} 5 ${nowMs / 1000 - 20} # {trace_id="t1"} 0.5 ${nowMs / 1000 - 21}
requests_total{job="api",zone="b"} 7 ${nowMs / 1000 - 20}
requests_total{job="web",zone="a"} 9 ${nowMs / 1000 - 20}
# TYPE temperature_celsius gauge
# UNIT temperature_celsius celsius
temperature_celsius{job="api",instance="i:1"} 1000000 ${nowMs / 1000 - 20}
# EOF
`;

before(async () => {
  server = await startTestServer();
  const answer = await server.post('/api/v1/import/prometheus', openMetrics, {
    'content-type': 'application/openmetrics-text; version=1.0.0',
  });
  assert.equal(answer.status, 204, JSON.stringify(answer.body));
  const gone = [
    ['__name__', 'gone_total'],
    ['job', 'old'],
  ] as const;
  const dotted = [
    ['__name__', 'dotted.total'],
    ['http.status', '200 "ok"\n'],
  ] as const;
  const written = writeRequest([
    { labels: gone, samples: [sample(nowMs - 30_000, 1), { bits: staleMarker, timeMs: BigInt(nowMs - 10_000) }] },
    { labels: dotted, samples: [sample(nowMs - 20_000, 0.1)] },
  ]);
  await server.post('/api/v1/write', compressSync(written), {
    'content-type': 'application/x-protobuf',
    'content-encoding': 'snappy',
  });
  const lines = [0, 2_500].map((ago) =>
    JSON.stringify({
      metric: { __name__: 'long_ago', job: 'api' },
      values: [1, 2],
      timestamps: [86_400_000 * 365 + ago, 86_400_000 * 365 + ago + 1000],
    }),
  );
  await server.post('/api/v1/import', lines.join('\n'));
  await server.sql('SELECT 1', {}, '?fresh=1');
});
after(() => server.stop());

const get = async (path: string, parameters: readonly (readonly [string, string])[] = []) => {
  const { status, body } = await server.get<unknown>(
    `${path}?${new URLSearchParams(parameters.map(([a, b]) => [a, b] as [string, string]))}`,
  );
  return { status, body };
};
const ok = (data: unknown, rest: object = {}) => ({ status: 200, body: { status: 'success', data, ...rest } });
const bad = (error: string) => ({ status: 400, body: { status: 'error', errorType: 'bad_data', error } });
const match = (selector: string) => ['match[]', selector] as const;
const cut = { warnings: ['results truncated due to limit'] };

const api = (zone: string) => ({ __name__: 'requests_total', job: 'api', zone });

describe('/api/v1/series', () => {
  it('answers the labels of the series that any selector selects', async () => {
    assert.deepEqual(
      await get('/api/v1/series', [match('requests_total{job="api"}'), match('requests_total{zone="a"}')]),
      ok([api('a'), api('b'), { __name__: 'requests_total', job: 'web', zone: 'a' }]),
    );
    assert.deepEqual(await get('/api/v1/series', [match('nothing')]), ok([]));
  });

  it('takes a form, in which a POST repeats parameters', async () => {
    const form = `${new URLSearchParams({ 'match[]': 'requests_total{job="web"}' })}&${new URLSearchParams({ 'match[]': 'gone_total' })}`;
    const { body } = await server.post('/api/v1/series', form, { 'content-type': 'application/x-www-form-urlencoded' });
    assert.deepEqual(
      body,
      ok([
        { __name__: 'requests_total', job: 'web', zone: 'a' },
        { __name__: 'gone_total', job: 'old' },
      ]).body,
    );
  });

  it('stops at the limit with a warning, and keeps to the time', async () => {
    assert.deepEqual(await get('/api/v1/series', [match('requests_total'), ['limit', '1']]), ok([api('a')], cut));
    assert.deepEqual(await get('/api/v1/series', [match('long_ago'), ['start', '2000-01-01T00:00:00Z']]), ok([]));
    assert.deepEqual(
      await get('/api/v1/series', [match('long_ago'), ['end', '2000-01-01T00:00:00Z']]),
      ok([{ __name__: 'long_ago', job: 'api' }]),
    );
  });

  it('refuses in Prometheus’ words', async () => {
    const cases = [
      [[], 'no match[] parameter provided'],
      [[match('up{')], 'invalid parameter "match[]": 1:4: parse error: unexpected end of input inside braces'],
      [[match('up'), ['limit', '-1']], 'invalid parameter "limit": limit must be non-negative'],
      [[match('up'), ['limit', 'x']], 'invalid parameter "limit": strconv.Atoi: parsing "x": invalid syntax'],
      [
        [match('up'), ['start', 'x']],
        `invalid parameter "start": Invalid time value for 'start': cannot parse "x" to a valid timestamp`,
      ],
    ] as const;
    for (const [parameters, error] of cases) assert.deepEqual(await get('/api/v1/series', parameters), bad(error));
  });
});

describe('labels', () => {
  it('have their names told, of all series and of some', async () => {
    assert.deepEqual(await get('/api/v1/labels'), ok(['__name__', 'http.status', 'instance', 'job', 'zone']));
    assert.deepEqual(
      await get('/api/v1/labels', [match('gone_total'), match('dotted.total')]),
      bad('invalid parameter "match[]": 1:7: parse error: unexpected character: \'.\''),
    );
    assert.deepEqual(
      await get('/api/v1/labels', [match('gone_total'), match('{"dotted.total"}')]),
      ok(['__name__', 'http.status', 'job']),
    );
    assert.deepEqual(await get('/api/v1/labels', [['limit', '2']]), ok(['__name__', 'http.status'], cut));
    assert.deepEqual(await get('/api/v1/labels', [['limit', '0'], match('nothing')]), ok([]));
  });

  it('have their values told', async () => {
    assert.deepEqual(await get('/api/v1/label/job/values'), ok(['api', 'old', 'web']));
    assert.deepEqual(await get('/api/v1/label/job/values', [match('requests_total')]), ok(['api', 'web']));
    assert.deepEqual(
      await get('/api/v1/label/job/values', [match('requests_total'), match('gone_total'), ['limit', '2']]),
      ok(['api', 'old'], cut),
    );
    assert.deepEqual(
      await get('/api/v1/label/__name__/values', [['start', String(nowMs / 1000 - 60)]]),
      ok(['dotted.total', 'gone_total', 'requests_total', 'temperature_celsius']),
    );
    assert.deepEqual(await get('/api/v1/label/nobody/values'), ok([]));
  });

  it('may be named escaped', async () => {
    assert.deepEqual(await get('/api/v1/label/U__http_2e_status/values'), ok(['200 "ok"\n']));
    assert.deepEqual(await get('/api/v1/label/http.status/values'), ok(['200 "ok"\n']));
  });
});

describe('/api/v1/metadata', () => {
  const requests = { requests: [{ type: 'counter', help: 'Requests, all of them.', unit: '' }] };

  it('tells type, help and unit', async () => {
    const all = { ...requests, temperature_celsius: [{ type: 'gauge', help: '', unit: 'celsius' }] };
    assert.deepEqual(await get('/api/v1/metadata'), ok(all));
    assert.deepEqual(await get('/api/v1/metadata', [['metric', 'requests']]), ok(requests));
    assert.deepEqual(await get('/api/v1/metadata', [['metric', 'nothing']]), ok({}));
    assert.deepEqual(
      await get('/api/v1/metadata', [
        ['limit', '1'],
        ['limit_per_metric', '1'],
      ]),
      ok(requests),
    );
    assert.deepEqual(await get('/api/v1/metadata', [['limit', 'x']]), bad('limit must be a number'));
  });
});

describe('/api/v1/query_exemplars', () => {
  it('tells the exemplars of the series that a query selects', async () => {
    const found = [
      {
        seriesLabels: api('a'),
        exemplars: [{ labels: { trace_id: 't1' }, value: '0.5', timestamp: Math.round(nowMs - 21_000) / 1000 }],
      },
    ];
    const around = [
      ['start', String(nowMs / 1000 - 60)],
      ['end', String(nowMs / 1000)],
    ] as const;
    assert.deepEqual(
      await get('/api/v1/query_exemplars', [['query', 'sum(rate(requests_total[5m])) / 2'], ...around]),
      ok(found),
    );
    assert.deepEqual(await get('/api/v1/query_exemplars', [['query', 'gone_total']]), ok([]));
    assert.deepEqual(
      await get('/api/v1/query_exemplars', [
        ['query', 'requests_total'],
        ['end', '1'],
      ]),
      ok([]),
    );
    assert.deepEqual(
      await get('/api/v1/query_exemplars', [
        ['query', 'up'],
        ['start', '2'],
        ['end', '1'],
      ]),
      bad('end timestamp must not be before start timestamp'),
    );
  });
});

describe('queries as texts', () => {
  it('are laid out', async () => {
    assert.deepEqual(await get('/api/v1/format_query', [['query', 'sum(rate( up[5m]))']]), ok('sum(rate(up[5m]))'));
    assert.deepEqual(
      await get('/api/v1/format_query', [['query', 'foo{']]),
      bad('invalid parameter "query": 1:5: parse error: unexpected end of input inside braces'),
    );
  });

  it('are told as a tree', async () => {
    const matcher = { name: '__name__', value: 'up', type: '=' };
    const tree = {
      type: 'vectorSelector',
      name: 'up',
      offset: 0,
      offsetExpr: null,
      matchers: [matcher],
      timestamp: null,
      startOrEnd: null,
      anchored: false,
      smoothed: false,
    };
    assert.deepEqual(await get('/api/v1/parse_query', [['query', 'up']]), ok(tree));
  });
});

describe('status', () => {
  it('says which Prometheus’ API this is, and that it is Barograph', async () => {
    const { body } = await server.get<{ data: Record<string, string> }>('/api/v1/status/buildinfo');
    assert.match(body.data.version!, /^3\./);
    assert.equal(body.data.application, 'Barograph');
    assert.match(body.data.barographVersion!, /^\d+\.\d+\.\d+/);
  });

  it('has the forms of Prometheus', async () => {
    assert.deepEqual(await get('/api/v1/rules'), ok({ groups: [] }));
    assert.deepEqual(
      await get('/api/v1/rules', [['type', 'x']]),
      bad('invalid parameter "type": not supported value "x"'),
    );
    assert.deepEqual(await get('/api/v1/alerts'), ok({ alerts: [] }));
    assert.deepEqual(await get('/api/v1/alertmanagers'), ok({ activeAlertmanagers: [], droppedAlertmanagers: [] }));
    const runtime = (await get('/api/v1/status/runtimeinfo')).body as { data: { startTime: string } };
    assert.ok(Math.abs(Date.parse(runtime.data.startTime) - nowMs) < 60_000);
    const flags = (await get('/api/v1/status/flags')).body as { data: Record<string, string> };
    assert.equal(flags.data['query.lookback-delta'], '5m');
    assert.equal(typeof ((await get('/api/v1/status/config')).body as { data: { yaml: string } }).data.yaml, 'string');
  });

  it('says in words that it is healthy and ready', async () => {
    assert.deepEqual(await get('/-/healthy'), { status: 200, body: 'Barograph is Healthy.\n' });
    assert.deepEqual(await get('/-/ready'), { status: 200, body: 'Barograph is Ready.\n' });
  });
});

describe('/federate', () => {
  const federated = (parameters: readonly (readonly [string, string])[], headers = {}) =>
    server.get<string>(
      `/federate?${new URLSearchParams(parameters.map(([a, b]) => [a, b] as [string, string]))}`,
      headers,
    );
  const ms = nowMs - 20_000;

  it('gives the newest samples as text, each series once, without those that have ended', async () => {
    const { headers, body } = await federated([
      match('temperature_celsius'),
      match('{job=~"api|old",__name__!="long_ago"}'),
    ]);
    assert.equal(headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores');
    assert.equal(
      body,
      `# TYPE requests_total untyped
requests_total{job="api",zone="a",instance=""} 5 ${ms}
requests_total{job="api",zone="b",instance=""} 7 ${ms}
# TYPE temperature_celsius untyped
temperature_celsius{instance="i:1",job="api"} 1e+06 ${ms}
`,
    );
  });

  it('writes names of any characters as the scraper can read them', async () => {
    const dotted = [match('{"dotted.total"}')];
    assert.equal(
      (await federated(dotted)).body,
      `# TYPE dotted_total untyped\ndotted_total{http_status="200 \\"ok\\"\\n",instance=""} 0.1 ${ms}\n`,
    );
    assert.equal(
      (await federated(dotted, { accept: 'text/plain;version=1.0.0;escaping=allow-utf-8' })).body,
      `# TYPE "dotted.total" untyped\n{"dotted.total","http.status"="200 \\"ok\\"\\n",instance=""} 0.1 ${ms}\n`,
    );
  });

  it('refuses in plain text', async () => {
    const { status, headers, body } = await federated([match('up{')]);
    assert.equal(status, 400);
    assert.equal(headers.get('content-type'), 'text/plain; charset=utf-8');
    assert.equal(body, '1:4: parse error: unexpected end of input inside braces\n');
    assert.equal((await federated([])).body, '');
  });
});

describe('/api/v1/read', () => {
  const matcher = (type: number, name: string, value: string) =>
    bytesField(3, [varintField(1, type), bytesField(2, name), bytesField(3, value)]);
  const query = (fromMs: number, toMs: number, ...matchers: Buffer[]) =>
    bytesField(1, [varintField(1, fromMs), varintField(2, toMs), ...matchers]);
  const named = (name: string) => matcher(0, '__name__', name);

  async function read(message: Uint8Array) {
    const response = await fetch(`${server.url}/api/v1/read`, { method: 'POST', body: compressSync(message) });
    return { status: response.status, headers: response.headers, body: Buffer.from(await response.arrayBuffer()) };
  }
  const series = (labels: object, ...samples: [number, bigint][]) => ({
    labels: Object.entries(labels),
    samples: samples.map(([timeMs, bits]) => ({ timeMs: BigInt(timeMs), bits })),
  });
  const both = Buffer.concat([
    query(nowMs - 60_000, nowMs, matcher(2, '__name__', 'requests.*'), matcher(3, 'job', 'w.*')),
    query(nowMs - 60_000, nowMs, named('gone_total')),
  ]);
  const gone = series(
    { __name__: 'gone_total', job: 'old' },
    [nowMs - 30_000, bitsOf(1)],
    [nowMs - 10_000, staleMarker],
  );
  const requests = [series(api('a'), [nowMs - 20_000, bitsOf(5)]), series(api('b'), [nowMs - 20_000, bitsOf(7)])];

  it('answers samples in one message, series sorted, stale markers among them', async () => {
    const { status, headers, body } = await read(both);
    assert.equal(status, 200);
    assert.equal(headers.get('content-type'), 'application/x-protobuf');
    assert.equal(headers.get('content-encoding'), 'snappy');
    assert.deepEqual(decodeSamplesAnswer(uncompressSync(body) as Buffer), [requests, [gone]]);
  });

  it('answers chunks in frames where the client takes them', async () => {
    const { headers, body } = await read(Buffer.concat([both, bytesField(2, [Buffer.from([1, 0])])]));
    assert.equal(headers.get('content-type'), 'application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse');
    assert.deepEqual(
      splitFrames(body).map(decodeChunkedAnswer),
      [...requests, gone].map((each, i) => ({ series: each, queryIndex: i < 2 ? 0 : 1 })),
    );
  });

  it('keeps to the times, both ends included', async () => {
    const start = 86_400_000 * 365;
    const { body } = await read(query(start + 1000, start + 2500, named('long_ago')));
    assert.deepEqual(decodeSamplesAnswer(uncompressSync(body) as Buffer), [
      [series({ __name__: 'long_ago', job: 'api' }, [start + 1000, bitsOf(2)], [start + 2500, bitsOf(1)])],
    ]);
  });

  it('takes Go’s first and last time for any', async () => {
    const { body } = await read(query(-(2 ** 63), 2 ** 63 - 1025, named('requests_total'), matcher(1, 'job', 'web')));
    assert.deepEqual(decodeSamplesAnswer(uncompressSync(body) as Buffer), [requests]);
  });

  it('refuses what is no request, in plain text', async () => {
    const broken = await read(Buffer.from([0x0a, 0x05, 0x01]));
    assert.equal(broken.status, 400);
    assert.match(broken.body.toString(), /^the body is not the protobuf message wanted: /);
    const { status, body } = await read(bytesField(1, [matcher(2, 'job', '(')]));
    assert.equal(status, 400);
    assert.match(body.toString(), /regular expression for label job/);
  });
});
