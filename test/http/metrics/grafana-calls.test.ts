/**
 * What Grafana's Prometheus data source asks for beside queries, in the order in which it asks. Source: grafana/grafana,
 * public/app/features/alerting/unified/api/buildInfo.ts and packages/grafana-prometheus/src/language_provider.ts.
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

it('a panel shows exemplars, and the editor lays a query out', async () => {
  const query = 'sum by (code) (rate(http_requests_total[5m]))';
  for (const method of ['GET', 'POST'] as const)
    assert.deepEqual(await ask(method, '/api/v1/query_exemplars', { query, ...range }), []);
  assert.equal(await ask('GET', '/api/v1/format_query', { query }), 'sum by (code) (rate(http_requests_total[5m]))');
});
