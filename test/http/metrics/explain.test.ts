import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startTestServer, type TestServer } from '../../server/test-server.js';
import { askServer, dataStartMs, loadCounters } from './query-data.js';

interface Explanation {
  readonly tree: { readonly type: string };
  readonly leaves: readonly {
    readonly matchers: readonly { readonly name: string; readonly type: string; readonly value: string }[];
    readonly function: string | null;
    readonly tier: string;
    readonly hoursInMemory: number;
    readonly hoursMissing: number;
    readonly series: number;
    readonly samples: number;
    readonly steps: number;
  }[];
  readonly estimate: { readonly series: number; readonly samples: number; readonly points: number };
  readonly runsIn: string;
  readonly limits: readonly { readonly key: string; readonly limit: number; readonly passed: boolean }[];
  readonly refusal: string | null;
}

/** 40 series with 4 hours of a sample in 15 s: 960 each. */
const [series, samples] = [40, 960];
const start = dataStartMs / 1000;
const end = start + samples * 15;

let server: TestServer;
before(async () => {
  server = await startTestServer({ set: ['query.promql.heavy.work_min=5000', 'query.promql.samples_max=30000'] });
  await loadCounters(server, series, samples);
});
after(() => server.stop());

async function explain(parameters: Record<string, string | number>): Promise<Explanation> {
  const { status, body } = await askServer(server, 'explain', parameters);
  assert.equal(status, 200, JSON.stringify(body));
  return body.data as Explanation;
}

const isAbout = (got: number, wanted: number): void =>
  assert.ok(Math.abs(got - wanted) <= wanted * 0.05, `${got} is about ${wanted}`);

describe('/api/v1/explain', () => {
  it('tells of an instant query its leaf, where its samples are, and that it is light', async () => {
    const query = 'sum(rate(requests_total{zone="z1"}[5m]))';
    const { tree, leaves, estimate, runsIn, refusal } = await explain({ query, time: end - 60 });
    assert.equal(tree.type, 'aggregation');
    assert.equal(leaves.length, 1);
    const [leaf] = leaves;
    assert.deepEqual(leaf!.matchers, [
      { name: 'zone', type: '=', value: 'z1' },
      { name: '__name__', type: '=', value: 'requests_total' },
    ]);
    assert.deepEqual(
      [leaf!.function, leaf!.tier, leaf!.hoursInMemory, leaf!.hoursMissing, leaf!.series, leaf!.steps],
      ['rate', 'raw', 1, 0, 13, 1],
    );
    isAbout(leaf!.samples, 13 * 20);
    assert.deepEqual([estimate.series, estimate.points, runsIn, refusal], [13, 1, 'main', null]);
  });

  it('estimates the samples of a range, and says that it would run in a thread of its own', async () => {
    const { leaves, estimate, runsIn } = await explain({
      query: 'requests_total{zone="z0"}',
      start: start + 3600,
      end: start + 3 * 3600,
      step: 60,
    });
    assert.equal(leaves[0]!.steps, 121);
    isAbout(estimate.samples, 14 * 500);
    assert.deepEqual([estimate.points, runsIn], [14 * 121, 'worker']);
  });

  it('names the limit that a query is past, and what it would be told', async () => {
    const query = 'rate({__name__=~".+"}[30d])';
    const { limits, refusal, estimate } = await explain({ query, time: end });
    isAbout(estimate.samples, series * samples);
    assert.deepEqual(
      limits.filter(({ passed }) => passed).map(({ key, limit }) => [key, limit]),
      [['query.promql.samples_max', 30_000]],
    );
    const { status, body } = await askServer(server, 'query', { query, time: end });
    assert.deepEqual([status, body.errorType, body.error], [422, 'execution', refusal]);
    assert.match(refusal!, /an estimated 3\d{4} of at most 30000 samples \(query\.promql\.samples_max\); ask for/);
  });

  it('counts what is not in memory where that decides', async () => {
    await server.sql('SELECT 1', {}, '?fresh=1');
    await server.halt();
    server = await startTestServer({ folder: server.folder, set: ['query.promql.samples_max=30000'] });
    const query = 'count_over_time(requests_total[30d])';
    const { leaves, estimate, refusal } = await explain({ query, time: end - 60 });
    assert.deepEqual([leaves[0]!.hoursInMemory, leaves[0]!.hoursMissing], [0, 4]);
    assert.equal(estimate.samples, series * samples);
    assert.match(refusal!, /an estimated 38400 of at most 30000 samples/);
  });

  it('takes a form, and refuses what is no query as the query itself would be', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const { body } = await server.post<{ data: Explanation }>('/api/v1/explain', 'query=1%2B1', form);
    assert.deepEqual([body.data.tree.type, body.data.leaves], ['binaryExpr', []]);
    const { status, body: refused } = await askServer(server, 'explain', { query: 'sum(' });
    assert.deepEqual([status, refused.errorType], [400, 'bad_data']);
  });
});
