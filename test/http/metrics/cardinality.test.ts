/** Governance in a whole server: rules and budgets of the configuration, and what `/api/v1/cardinality` tells of them. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startTestServer, type TestServer } from '../../server/test-server.js';

const rules = [
  { metric: 'http_requests_total', action: 'drop', label: 'session' },
  { metric: 'secret_.*', action: 'reject' },
  { metric: 'spans_total', action: 'route', label: 'trace_id' },
];

const set = [`metrics.cardinality.rules=${JSON.stringify(rules)}`, 'metrics.cardinality.values_per_label_max=400'];
let server: TestServer;
before(async () => {
  server = await startTestServer({ set });
});
after(() => server.stop());

const send = (...lines: string[]) =>
  server.post('/api/v1/import/prometheus', `${lines.join('\n')}\n`, { 'content-type': 'text/plain' });
const ask = <Row>(query: string) => server.sql<Row>(query, {}, '?fresh=1');

describe('cardinality rules', () => {
  it('drop a label, and add up the counters that become one', async () => {
    await send('http_requests_total{session="a",code="200"} 5', 'http_requests_total{session="b",code="200"} 7');
    await new Promise((resolve) => setTimeout(resolve, 5));
    await send('http_requests_total{session="a",code="200"} 6', 'http_requests_total{session="b",code="200"} 1');
    const rows = await ask<{ labels: object; last: number }>(
      "SELECT labels, argMax(value, ts) AS last FROM metrics WHERE metric = 'http_requests_total' GROUP BY labels",
    );
    // The second of the two began anew: 5 + 7, and then one more of each.
    assert.deepEqual(rows, [{ labels: { code: '200' }, last: 14 }]);
  });

  it('refuse a metric, and say so', async () => {
    const { status, body } = await send('secret_total 1');
    assert.equal(status, 400);
    assert.equal((body as { errors: { code: string }[] }).errors[0]?.code, 'rejected_by_rule');
  });

  it('route a metric to the event plane, where each sample is a row', async () => {
    assert.equal((await send('spans_total{trace_id="t1"} 1', 'spans_total{trace_id="t2"} 2')).status, 204);
    const rows = await ask("SELECT labels['trace_id'] AS trace, value FROM metric_events ORDER BY trace");
    assert.deepEqual(rows, [
      { trace: 't1', value: 1 },
      { trace: 't2', value: 2 },
    ]);
    assert.deepEqual(await ask("SELECT count() AS series FROM metric_series WHERE metric = 'spans_total'"), [
      { series: '0' },
    ]);
  });
});

describe('a label that explodes', () => {
  it('is folded over its budget, its neighbours untouched and the total right', async () => {
    const sent = 2_000;
    for (let from = 0; from < sent; from += 100) {
      const lines = Array.from({ length: 100 }, (_, i) => `jobs_total{request_id="r${from + i}",queue="q${i % 3}"} 1`);
      await send(...lines, 'quiet_total{queue="q0"} 1');
    }
    const [stored] = await ask<{ series: string; total: number }>(
      `SELECT toString(uniqExact(labels)) AS series, sum(last) AS total
FROM (SELECT labels, argMax(value, ts) AS last FROM metrics WHERE metric = 'jobs_total' GROUP BY labels)`,
    );
    assert.equal(stored!.total, sent);
    assert.ok(Number(stored!.series) <= 400 + 3, `${stored!.series} series`);
    assert.deepEqual(await ask("SELECT count() > 0 AS there FROM metrics WHERE metric = 'quiet_total'"), [
      { there: 1 },
    ]);
    const { body } = await server.get<{
      data: { acting: { metric: string; label: string }[]; folded: { folded: number } };
    }>('/api/v1/cardinality');
    assert.ok(
      body.data.acting.some(({ label }) => label === 'request_id'),
      JSON.stringify(body.data.acting),
    );
    assert.ok(body.data.folded.folded > 0);
  });
});

describe('a restart', () => {
  it('goes on with the totals of folded series', async () => {
    const total = async (): Promise<number> => {
      const [row] = await ask<{ last: number }>(
        "SELECT argMax(value, ts) AS last FROM metrics WHERE metric = 'http_requests_total'",
      );
      return row!.last;
    };
    const before = await total();
    const { folder } = server;
    await server.halt();
    server = await startTestServer({ folder, set });
    await send('http_requests_total{session="a",code="200"} 9', 'http_requests_total{session="b",code="200"} 1');
    assert.equal(await total(), before + 3, 'one of the two rose by 3, the other not');
  });
});
