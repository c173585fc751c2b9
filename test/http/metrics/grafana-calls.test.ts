/**
 * What Grafana's Prometheus data source asks for, in the order in which it asks. Source: grafana/grafana,
 * public/app/features/alerting/unified/api/buildInfo.ts, packages/grafana-prometheus/src/language_provider.ts and
 * metric_find_query.ts, and pkg/promlib/client/client.go and healthcheck.go.
 */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { startTestServer, type TestServer } from '../../server/test-server.js';

let server: TestServer;
before(async () => {
  server = await startTestServer();
  const text = `# HELP http_requests_total Requests.
# TYPE http_requests_total counter
http_requests_total{job="api",code="200"} 1
http_requests_total{job="api",code="500"} 2
`;
  const answer = await server.post('/api/v1/import/prometheus', text, { 'content-type': 'text/plain' });
  assert.equal(answer.status, 204);
  await server.sql('SELECT 1', {}, '?fresh=1');
});
after(() => server.stop());

const nowSeconds = Math.ceil(Date.now() / 1000) + 60;
const range = { start: String(nowSeconds - 3600), end: String(nowSeconds) };
const form = { 'content-type': 'application/x-www-form-urlencoded' };

interface Success<Data> {
  readonly status: 'success';
  readonly data: Data;
}

/** As `metadataRequest` does it: a form where the data source is set to POST and the path allows it. */
async function ask<Data>(method: 'GET' | 'POST', path: string, parameters: Record<string, string> = {}): Promise<Data> {
  const query = new URLSearchParams(parameters).toString();
  const { status, body } =
    method === 'POST'
      ? await server.post<Success<Data>>(path, query, form)
      : await server.get<Success<Data>>(query === '' ? path : `${path}?${query}`);
  assert.equal(status, 200, `${path}: ${JSON.stringify(body)}`);
  assert.equal(body.status, 'success');
  return body.data;
}

it('a data source is set up: the flavour and version, then whether it has rules', async () => {
  const { version, features } = await ask<{ version: string; features?: object }>('GET', '/api/v1/status/buildinfo');
  assert.match(version, /^3\.\d+\.\d+$/);
  // With features Grafana takes a server for Mimir.
  assert.equal(features, undefined);
  assert.deepEqual(await ask('GET', '/api/v1/rules'), { groups: [] });
});

for (const method of ['GET', 'POST'] as const)
  it(`Explore opens and a query is built, with ${method}`, async () => {
    const metrics = await ask<string[]>('GET', '/api/v1/label/__name__/values', { ...range, limit: '40000' });
    assert.deepEqual(metrics, ['http_requests_total']);
    const metadata = await ask<Record<string, unknown>>('GET', '/api/v1/metadata');
    assert.deepEqual(metadata.http_requests_total, [{ type: 'counter', help: 'Requests.', unit: '' }]);
    const labels = ['__name__', 'code', 'job'];
    assert.deepEqual(await ask(method, '/api/v1/labels', range), labels);
    const match = { 'match[]': 'http_requests_total{job="api"}' };
    assert.deepEqual(await ask(method, '/api/v1/labels', { ...range, ...match }), labels);
    assert.deepEqual(await ask(method, '/api/v1/labels', { ...range, 'match[]': '{__name__!=""}' }), labels);
    assert.deepEqual(await ask('GET', '/api/v1/label/code/values', { ...range, ...match }), ['200', '500']);
    assert.deepEqual(await ask(method, '/api/v1/series', { ...range, ...match, limit: '40000' }), [
      { __name__: 'http_requests_total', job: 'api', code: '200' },
      { __name__: 'http_requests_total', job: 'api', code: '500' },
    ]);
  });

interface Answered {
  readonly resultType: string;
  readonly result: readonly {
    readonly metric: Record<string, string>;
    readonly value?: [number, string];
    readonly values?: [number, string][];
  }[];
}

const rate = 'sum by (code) (count_over_time(http_requests_total[5m]))';

it('a data source is saved and tested: one and one', async () => {
  const { resultType, result } = await ask<{ resultType: string; result: unknown }>('POST', '/api/v1/query', {
    query: '1+1',
    time: String(nowSeconds),
  });
  assert.deepEqual([resultType, result], ['scalar', [nowSeconds, '2']]);
});

it('a dashboard shows panels: ranges with steps and times that are fractions, in forms', async () => {
  // Times are aligned to the step, and go as the shortest decimals.
  const panel = { query: rate, start: String(nowSeconds - 899.5), end: String(nowSeconds + 0.5), step: '15.5' };
  const { resultType, result } = await ask<Answered>('POST', '/api/v1/query_range', panel);
  assert.equal(resultType, 'matrix');
  assert.deepEqual(
    result.map(({ metric }) => metric),
    [{ code: '200' }, { code: '500' }],
  );
  assert.deepEqual(await ask('POST', '/api/v1/query_range', panel), { resultType, result });
  assert.deepEqual(await ask('GET', '/api/v1/query_range', panel), { resultType, result });
});

it('a panel that is too fine is refused in words that are shown', async () => {
  const fine = { query: rate, start: String(nowSeconds - 86_400), end: String(nowSeconds), step: '1' };
  const { status, body } = await server.post<{ status: string; errorType: string; error: string }>(
    '/api/v1/query_range',
    new URLSearchParams(fine).toString(),
    form,
  );
  assert.deepEqual([status, body.status, body.errorType], [400, 'error', 'bad_data']);
  assert.match(body.error, /^exceeded maximum resolution of 11,000 points per timeseries/);
});

it('Explore runs a query at one time and over a range', async () => {
  const query = 'http_requests_total{job=~"api|web",code!~"4.."}';
  const instant = await ask<Answered>('POST', '/api/v1/query', { query, time: String(nowSeconds) });
  assert.deepEqual(instant.result.map(({ value }) => value![1]).sort(), ['1', '2']);
  const over = await ask<Answered>('POST', '/api/v1/query_range', { ...range, query, step: '60' });
  assert.equal(over.result.length, 2);
});

it('variables are filled: names of metrics and labels, values of a label, results of a query', async () => {
  const metrics = await ask<string[]>('GET', '/api/v1/label/__name__/values', range);
  assert.deepEqual(metrics, ['http_requests_total']);
  assert.deepEqual(await ask('GET', '/api/v1/labels', range), ['__name__', 'code', 'job']);
  const selector = { ...range, 'match[]': 'http_requests_total{code=~"5.."}' };
  assert.deepEqual(await ask('GET', '/api/v1/label/code/values', selector), ['500']);
  const { result } = await ask<Answered>('POST', '/api/v1/query', {
    query: rate,
    time: String(nowSeconds),
  });
  assert.deepEqual(
    result.map(({ metric }) => metric.code),
    ['200', '500'],
  );
});

it('annotations mark when an expression holds', async () => {
  const { result } = await ask<Answered>('POST', '/api/v1/query_range', {
    ...range,
    query: 'http_requests_total{code="500"} > 1',
    step: '60',
  });
  assert.equal(result.length, 1);
  assert.ok(result[0]!.values!.every(([, value]) => value === '2'));
});

it('alerting looks for rules and evaluates an expression at one time', async () => {
  assert.deepEqual(await ask('GET', '/api/v1/rules'), { groups: [] });
  assert.deepEqual(await ask('GET', '/api/v1/alerts'), { alerts: [] });
  const { resultType, result } = await ask<Answered>('POST', '/api/v1/query', {
    query: 'sum(http_requests_total) > bool 2',
    time: String(nowSeconds),
  });
  assert.equal(resultType, 'vector');
  assert.deepEqual(result, [{ metric: {}, value: [nowSeconds, '1'] }]);
});

it('a panel shows exemplars, and the editor lays a query out', async () => {
  const query = 'sum by (code) (rate(http_requests_total[5m]))';
  for (const method of ['GET', 'POST'] as const)
    assert.deepEqual(await ask(method, '/api/v1/query_exemplars', { query, ...range }), []);
  assert.equal(await ask('GET', '/api/v1/format_query', { query }), 'sum by (code) (rate(http_requests_total[5m]))');
});
