import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { startTestServer, type TestServer } from '../../server/test-server.js';
import { askServer, dataStartMs, loadCounters, type PrometheusBody, pathOf } from './query-data.js';

const [series, samples] = [60, 960];
const start = dataStartMs / 1000;
const end = start + samples * 15;

const running = (server: TestServer): Promise<number> =>
  server.metric('barograph_promql_queries_running{kind="heavy"}');

/** Seconds of work in one thread: a subquery with very many steps, of few samples. */
const slow = {
  query: 'sum(quantile_over_time(0.9, rate(requests_total[5m])[4h:1s]))',
  start,
  end,
  step: 15,
  nocache: 1,
};

describe('heavy queries', () => {
  let server: TestServer;
  let light: TestServer;
  before(async () => {
    [server, light] = await Promise.all([
      startTestServer({ set: ['query.promql.heavy.work_min=1', 'query.promql.heavy.threads=1'] }),
      startTestServer({ set: ['query.promql.heavy.work_min=1000000000'] }),
    ]);
    await Promise.all([loadCounters(server, series, samples), loadCounters(light, series, samples)]);
  });
  after(() => Promise.all([server.stop(), light.stop()]));

  const queries = [
    'requests_total{pod="p3"}',
    'sum by (zone) (rate(requests_total[5m]))',
    'topk(3, increase(requests_total[1h]))',
    'requests_total{zone="z1"} / on (pod) requests_total offset 10m',
    'max_over_time(sum(rate(requests_total[5m]))[30m:1m])',
    'absent(nothing)',
    'vector(time())',
    '1 + 1',
  ];
  for (const query of queries)
    it(`give in a thread what they give on the main one: ${query}`, async () => {
      const parameters = { query, start: start + 3600, end, step: 60 };
      const [inThread, onMain] = await Promise.all([
        askServer(server, 'query_range', parameters),
        askServer(light, 'query_range', parameters),
      ]);
      assert.equal(inThread.status, 200, JSON.stringify(inThread.body));
      assert.deepEqual(inThread.body, onMain.body);
      const instant = { query, time: end - 30 };
      assert.deepEqual(
        (await askServer(server, 'query', instant)).body,
        (await askServer(light, 'query', instant)).body,
      );
    });

  it('leave their result for the next that asks the same, which is answered from it', async () => {
    const parameters = {
      query: 'sum by (pod) (rate(requests_total[7m]))',
      start: start + 3600,
      end,
      step: 60,
      stats: 1,
    };
    const ask = async () =>
      (await askServer(server, 'query_range', parameters)).body.data as {
        result: unknown;
        stats: { storage: { ranIn: string }; resultCache: { steps: number } };
      };
    const first = await ask();
    assert.deepEqual([first.stats.storage.ranIn, first.stats.resultCache.steps], ['worker', 0]);
    let second = await ask();
    // The result travels behind the answer.
    while (second.stats.resultCache.steps === 0) second = await ask();
    assert.deepEqual(
      [second.stats.storage.ranIn, second.stats.resultCache.steps],
      ['main', (end - start - 3600) / 60 + 1],
    );
    assert.deepEqual(second.result, first.result);
  });

  it('say in their statistics where they ran, what they read and how long each phase took', async () => {
    const { body } = await askServer(server, 'query', { query: 'count(requests_total)', time: end - 30, stats: 'all' });
    const { stats } = body.data as { stats: { storage: Record<string, unknown>; timings: Record<string, number> } };
    const { ranIn, tier, series: read, samples: readSamples, hourHits } = stats.storage;
    assert.deepEqual([ranIn, tier, read, readSamples, hourHits], ['worker', 'raw', series, series * 20, 1]);
    assert.ok(stats.timings.execTotalTime! > 0);
  });

  it('fail as on the main thread', async () => {
    const query = 'requests_total + on (zone) requests_total';
    const parameters = { query, time: end - 30 };
    const [inThread, onMain] = await Promise.all([
      askServer(server, 'query', parameters),
      askServer(light, 'query', parameters),
    ]);
    assert.equal(inThread.status, 422);
    assert.deepEqual(inThread.body, onMain.body);
  });

  it('read samples that are only in the tables', async () => {
    await server.sql('SELECT 1', {}, '?fresh=1');
    await server.halt();
    server = await startTestServer({
      folder: server.folder,
      set: ['query.promql.heavy.work_min=1', 'query.promql.heavy.threads=1'],
    });
    const parameters = { query: 'sum by (pod) (requests_total)', start, end, step: 300 };
    const cold = await askServer(server, 'query_range', { ...parameters, stats: 'all' });
    const { result, stats } = cold.body.data as { result: unknown; stats: { storage: Record<string, number> } };
    const onMain = await askServer(light, 'query_range', parameters);
    assert.deepEqual(result, (onMain.body.data as { result: unknown }).result);
    assert.ok(stats.storage.rows! >= series * samples);
  });

  it('stop when their client goes away, and the thread serves the next', async () => {
    const { hostname, port } = new URL(server.url);
    const asked = request({ hostname, port, path: pathOf('query_range', slow) });
    asked.on('error', () => {});
    asked.end();
    while ((await running(server)) === 0) await delay(5);
    asked.destroy();
    while ((await running(server)) > 0) await delay(5);
    const { body } = await askServer(server, 'query', { query: 'count(requests_total)', time: end - 30 });
    assert.deepEqual((body.data as { result: { value: unknown }[] }).result[0]!.value, [end - 30, String(series)]);
  });

  it('stop at their time limit, waiting or at work', async () => {
    const [first, second] = await Promise.all([
      askServer(server, 'query_range', { ...slow, timeout: '300ms' }),
      askServer(server, 'query_range', { ...slow, timeout: '200ms' }),
    ]);
    for (const { status, body } of [first, second])
      assert.deepEqual([status, body.errorType, body.error], [503, 'timeout', 'query timed out in query execution']);
    assert.equal(await running(server), 0);
  });
});

describe('limits of queries', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer({
      set: [
        ...['query.promql.heavy.work_min=20000', 'query.promql.heavy.threads=1', 'query.promql.heavy.waiting_max=1'],
        ...['query.promql.heavy.wait_max=100ms', 'query.promql.points_max=1000', 'query.promql.time_max=3s'],
        ...['query.promql.client.heavy_max=1', 'query.promql.client.header=X-Forwarded-User'],
      ],
    });
    await loadCounters(server, series, samples);
  });
  after(() => server.stop());

  it('refuse an answer of too many points before it is computed', async () => {
    const { status, body } = await askServer(server, 'query_range', {
      query: 'rate(requests_total[5m])',
      start,
      end,
      step: 60,
    });
    assert.deepEqual([status, body.errorType], [422, 'execution']);
    assert.match(
      body.error!,
      /return an estimated 14460 points, the limit is 1000 \(query\.promql\.points_max\); use a longer step/,
    );
  });

  it('refuse an answer that turned out to have too many points', async () => {
    const { status, body } = await askServer(server, 'query_range', {
      query: 'sum by (pod) (requests_total)',
      start,
      end,
      step: 60,
    });
    assert.equal(status, 422);
    assert.match(body.error!, /the answer has 14460 points, the limit is 1000 \(query\.promql\.points_max\)/);
  });

  const askAs = (client: string, parameters: Record<string, string | number>, endpoint = 'query_range') =>
    server.get<PrometheusBody>(pathOf(endpoint, parameters), { 'x-forwarded-user': client });

  it('let a heavy query wait for a bounded time among a bounded number, and say so', async () => {
    const answers = await Promise.all(['a', 'b', 'c'].map((client) => askAs(client, slow)));
    const refused = answers.filter(({ status }) => status === 429);
    assert.equal(refused.length, 2, JSON.stringify(answers.map(({ body }) => body.error)));
    for (const { headers, body } of refused) {
      assert.equal(headers.get('retry-after'), '1');
      assert.equal(body.errorType, 'unavailable');
      assert.match(body.error!, /limit is (1 \(query\.promql\.heavy\.waiting_max\)|query\.promql\.heavy\.wait_max)/);
    }
  });

  it('bound the heavy queries of one client; light ones go on', async () => {
    const two = Promise.all(Array.from({ length: 2 }, () => askAs('greedy', slow)));
    const light = await askAs('greedy', { query: 'sum(requests_total)', time: end - 30 }, 'query');
    assert.equal(light.status, 200, JSON.stringify(light.body));
    const refused = (await two).find(({ status }) => status === 429)!;
    assert.equal(
      refused.body.error,
      'greedy has 1 heavy queries under way, the limit for one client is 1 (query.promql.client.heavy_max)',
    );
  });
});

describe('a thread of heavy queries that has too little memory', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer({
      set: [
        'query.promql.heavy.work_min=1',
        'query.promql.heavy.threads=1',
        'query.promql.heavy.memory_bytes_max=64MiB',
      ],
    });
    const timestamps = [dataStartMs];
    const lines = Array.from({ length: 5_000 }, (_, i) =>
      JSON.stringify({ metric: { __name__: 'wide', i: String(i) }, values: [i], timestamps }),
    );
    await server.post('/api/v1/import', lines.join('\n'));
  });
  after(() => server.stop());

  it('fails its query alone; another thread takes its place', async () => {
    // Each series becomes 64 with labels of their own.
    let query = 'wide';
    for (let i = 0; i < 6; i++)
      query = `label_replace(${query}, "l${i}", "\${1}${'x'.repeat(100)}", "i", "(.*)") or label_replace(${query}, "m${i}", "\${1}${'y'.repeat(100)}", "i", "(.*)")`;
    const form = new URLSearchParams({ query, time: String(start) }).toString();
    const { status, body } = await server.post<PrometheusBody>('/api/v1/query', form, {
      'content-type': 'application/x-www-form-urlencoded',
    });
    assert.equal(status, 422, JSON.stringify(body).slice(0, 200));
    assert.match(body.error!, /needed more memory than its thread may use \(query\.promql\.heavy\.memory_bytes_max\)/);
    const next = await askServer(server, 'query', { query: 'count(wide)', time: start });
    assert.equal(next.status, 200, JSON.stringify(next.body));
  });
});
