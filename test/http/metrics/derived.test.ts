/** Metrics derived from predictions: they count each event once, through retries, replacements and restarts, as SQL counts them. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startTestServer, type TestServer } from '../../server/test-server.js';

const set = [
  'metrics.derived.interval=100ms',
  'metrics.flush_interval=100ms',
  `metrics.derived.buckets=${JSON.stringify([{ model: 'slow', latency: [1, 60] }])}`,
];
let server: TestServer;
before(async () => {
  server = await startTestServer({ set });
});
after(() => server.stop());

const prediction = (id: number, rest: object = {}) => ({
  request_id: `r${id}`,
  model: 'ranker',
  version: String(id % 2),
  region: 'eu',
  ts: '2026-01-01T00:00:00Z',
  latency_ms: id,
  score: (id % 10) / 10,
  ...rest,
});
const predictions = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => prediction(from + i));

/** The last values of a metric by version, or by another label, once they are what they should be, or do not change any more. */
async function latest(metric: string, label: string, wanted: Record<string, number>): Promise<Record<string, number>> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const rows = await server.sql<{ key: string; value: number }>(
      `SELECT labels[{label:String}] AS key, sum(last) AS value
FROM (SELECT labels, argMax(value, ts) AS last FROM metrics WHERE metric = {metric:String} GROUP BY labels)
GROUP BY key`,
      { metric, label },
      '?fresh=1',
    );
    const found = Object.fromEntries(rows.map(({ key, value }) => [key, value]));
    const isThere = Object.entries(wanted).every(([key, value]) => found[key] === value);
    if (isThere || Date.now() > deadline) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Lets a few derivations pass, so that one that counted too much would show. */
const pass = () => new Promise((resolve) => setTimeout(resolve, 500));

describe('metrics of predictions', () => {
  it('count each prediction once, be it sent again or replaced', async () => {
    await server.send('/api/ml/predictions', predictions(0, 100));
    const once = { '0': 50, '1': 50 };
    assert.deepEqual(await latest('ml_predictions_total', 'version', once), once);
    await server.send('/api/ml/predictions', predictions(0, 100));
    await server.send('/api/ml/predictions', [prediction(7, { score: 0.99 })]);
    await server.send('/api/ml/predictions', predictions(100, 110));
    const more = { '0': 55, '1': 55 };
    assert.deepEqual(await latest('ml_predictions_total', 'version', more), more);
    await pass();
    assert.deepEqual(await latest('ml_predictions_total', 'version', more), more);
  });

  it('spread latency and score over buckets as SQL does', async () => {
    const bounds = { '0.01': 11, '0.1': 101, '+Inf': 110 };
    const found = await latest('ml_prediction_latency_seconds_bucket', 'le', bounds);
    for (const [le, count] of Object.entries(bounds)) assert.equal(found[le], count, `le ${le}`);
    const sums = await latest('ml_prediction_latency_seconds_sum', 'region', {});
    assert.ok(Math.abs(sums.eu! - (109 * 110) / 2 / 1000) < 1e-9);
    const scores = await latest('ml_prediction_score_bucket', 'le', { '0.5': 66 });
    assert.equal(scores['0.5'], 66);
  });

  it('have the buckets that the configuration gives a model', async () => {
    await server.send('/api/ml/predictions', [prediction(1000, { model: 'slow', latency_ms: 30_000 })]);
    const wanted = { '1': 0, '60': 1, '+Inf': 1 };
    await latest('ml_predictions_total', 'model', { slow: 1 });
    const rows = await server.sql<{ le: string; value: number }>(
      "SELECT labels['le'] AS le, argMax(value, ts) AS value FROM metrics WHERE metric = 'ml_prediction_latency_seconds_bucket' AND labels['model'] = 'slow' GROUP BY le",
      {},
      '?fresh=1',
    );
    assert.deepEqual(Object.fromEntries(rows.map(({ le, value }) => [le, value])), wanted);
  });

  it('count each ground truth once, when it is tied, be it sent before its prediction', async () => {
    const truth = (id: number) => ({ request_id: `r${id}`, label: 1 });
    await server.send('/api/ml/ground-truth', [truth(0), truth(1), truth(2), truth(500)]);
    assert.deepEqual(await latest('ml_ground_truth_total', 'version', { '0': 2, '1': 1 }), { '0': 2, '1': 1 });
    await server.send('/api/ml/predictions', [prediction(500)]);
    assert.deepEqual(await latest('ml_ground_truth_total', 'version', { '0': 3, '1': 1 }), { '0': 3, '1': 1 });
    // Sent again, as by a client whose acknowledgement was lost, or revised, it is the truth of the same prediction.
    await server.send('/api/ml/ground-truth', [truth(0), { ...truth(1), revision: 2 }, truth(500)]);
    // Replaced, a prediction hands its truth on, and that is no other truth.
    await server.send('/api/ml/predictions', [prediction(500, { score: 0.123 })]);
    await pass();
    assert.deepEqual(await latest('ml_ground_truth_total', 'version', { '0': 3, '1': 1 }), { '0': 3, '1': 1 });
  });

  it('go on after a restart where they were', async () => {
    const before = await latest('ml_predictions_total', 'version', {});
    const { folder } = server;
    await server.halt();
    server = await startTestServer({ folder, set });
    await server.send('/api/ml/predictions', predictions(2000, 2010));
    const after = { '0': before['0']! + 5, '1': before['1']! + 5 };
    assert.deepEqual(await latest('ml_predictions_total', 'version', after), after);
  });
});
