import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { IntakeAnswer, PredictionAnswer } from '../../src/http/contract/events.js';
import type { ModelsAnswer } from '../../src/http/contract/models.js';
import { startTestServer, type TestServer } from '../server/test-server.js';

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.stop());

type Failure = { error: { code: string; message: string; hint?: string } };

const predictions = '/api/ml/predictions';
const groundTruth = '/api/ml/ground-truth';
const row = (request_id: string, rest: object = {}): object => ({ request_id, model: 'm', version: '1', ...rest });
const lookUp = (id: string) => server.get<PredictionAnswer>(`${predictions}/${encodeURIComponent(id)}?fresh=1`);
const ndjson = { 'content-type': 'application/x-ndjson' };

describe('predictions', () => {
  test('a full row comes back as it was sent', async () => {
    const sent = {
      request_id: 'full/1 ä',
      model: 'churn',
      version: '3',
      ts: '2026-03-01T12:00:00.123Z',
      endpoint: '/v1/score',
      region: 'eu-west-1',
      segment: 'premium',
      prediction: 'leave',
      score: 0.1 + 0.2,
      scores: { leave: 0.7, stay: 0.3 },
      confidence: 0.7,
      latency_ms: 12.5,
      status: 'success',
      features: { age: 41, plan: 'gold', active: true, churned: false, income: null, ratio: 1e-300 },
      embedding: [0.5, -1.25, 3],
      experiment_id: 'exp-1',
      variant: 'B',
      unit_id: 'user-7',
      trace_id: '4bf92f3577b34da6',
      input_hash: 'abc',
      metadata: { nested: { list: [1, 'two', null] } },
    };
    const answer = await server.send<IntakeAnswer>(predictions, [sent]);
    assert.deepEqual(answer.body, { accepted: 1, rejected: 0, errors: [] });
    const { body } = await lookUp(sent.request_id);
    const { arrived, ground_truth, ...back } = body;
    assert.deepEqual(back, sent);
    assert.deepEqual(ground_truth, []);
    assert.ok(Math.abs(Date.parse(arrived) - Date.now()) < 60_000);
  });

  test('a row with nothing but its required fields gets its time of arrival', async () => {
    await server.send(predictions, [row('bare')]);
    const { body } = await lookUp('bare');
    assert.equal(body.ts, body.arrived);
    assert.deepEqual(Object.keys(body).sort(), ['arrived', 'ground_truth', 'model', 'request_id', 'ts', 'version']);
  });

  test('rows of a body that are wrong are reported by line, and the others are stored', async () => {
    const lines = [
      JSON.stringify(row('line-1')),
      '{"request_id": "line-2", "model": "m"',
      JSON.stringify({ request_id: 'line-3', model: 'm' }),
      '',
      JSON.stringify(row('line-5', { score: 'high' })),
      JSON.stringify(row('line-6')),
    ];
    const { status, body } = await server.post<IntakeAnswer>(predictions, lines.join('\n'));
    assert.equal(status, 200);
    assert.equal(body.accepted, 2);
    assert.equal(body.rejected, 3);
    assert.deepEqual(
      body.errors.map(({ line, code }) => [line, code]),
      [
        [2, 'invalid_json'],
        [3, 'missing_field'],
        [5, 'wrong_type'],
      ],
    );
    assert.equal((await lookUp('line-6')).status, 200);
    assert.equal((await lookUp('line-5')).status, 404);
  });

  test('a body without one good row is answered with 400', async () => {
    const { status, body } = await server.post<IntakeAnswer>(predictions, '{"request_id": 7}\n');
    assert.equal(status, 400);
    assert.equal(body.accepted, 0);
    assert.equal(body.rejected, 1);
  });

  test('an array body is taken like lines', async () => {
    const body = JSON.stringify([row('array-1'), row('array-2')], null, 2);
    const answer = await server.post<IntakeAnswer>(predictions, body, { 'content-type': 'application/json' });
    assert.deepEqual(answer.body, { accepted: 2, rejected: 0, errors: [] });
  });

  test('the same row again changes no answer, whether or not it carries its time', async () => {
    const before = await server.metric('barograph_predictions_repeated_total');
    const rows = [
      row('again-1', { score: 0.5 }),
      row('again-2', { ts: '2026-01-01T00:00:00Z', features: { a: 1, b: 'x' } }),
    ];
    await server.send(predictions, rows);
    const first = await Promise.all([lookUp('again-1'), lookUp('again-2')]);
    // Another order of keys is the same row.
    const again = [rows[0]!, row('again-2', { features: { b: 'x', a: 1 }, ts: 1767225600 })];
    await server.send(predictions, again);
    const second = await Promise.all([lookUp('again-1'), lookUp('again-2')]);
    assert.deepEqual(
      second.map(({ body }) => body),
      first.map(({ body }) => body),
    );
    const counted = await server.sql<{ rows: string }>(
      "SELECT count() AS rows FROM predictions WHERE request_id LIKE 'again-%'",
    );
    assert.equal(Number(counted[0]?.rows), 2);
    assert.equal((await server.metric('barograph_predictions_repeated_total')) - before, 2);
  });

  test('a different row under a known request id replaces it and is counted', async () => {
    const before = await server.metric('barograph_predictions_replaced_total');
    await server.send(predictions, [row('changed', { ts: '2026-01-01T00:00:00Z', score: 0.1 })]);
    await lookUp('changed');
    await server.send(predictions, [{ ...row('changed', { ts: '2026-02-01T00:00:00Z', score: 0.9 }), model: 'other' }]);
    const { body } = await lookUp('changed');
    assert.deepEqual([body.model, body.score, body.ts], ['other', 0.9, '2026-02-01T00:00:00.000Z']);
    const rows = await server.sql<{ model: string }>("SELECT model FROM predictions WHERE request_id = 'changed'");
    assert.deepEqual(rows, [{ model: 'other' }]);
    assert.equal((await server.metric('barograph_predictions_replaced_total')) - before, 1);
  });

  test('of rows with one request id in one body the last counts', async () => {
    const rows = [0.1, 0.2, 0.2, 0.3].map((score) => row('twice', { score }));
    await server.send(predictions, rows);
    assert.equal((await lookUp('twice')).body.score, 0.3);
    const counted = await server.sql<{ rows: string }>(
      "SELECT count() AS rows FROM predictions WHERE request_id = 'twice'",
    );
    assert.equal(Number(counted[0]?.rows), 1);
  });

  test('100,000 rows over three years in one body are all there, once', async () => {
    const start = Date.parse('2023-01-01T00:00:00Z');
    const rows = Array.from({ length: 100_000 }, (_, i) =>
      row(`bulk-${i}`, {
        model: 'bulk',
        ts: start + i * 946_080,
        score: i / 100_000,
        features: { i, even: i % 2 === 0 },
      }),
    );
    const { body } = await server.send<IntakeAnswer>(predictions, rows);
    assert.deepEqual(body, { accepted: 100_000, rejected: 0, errors: [] });
    assert.equal((await lookUp('bulk-99999')).body.score, 0.99999);
    const [counted] = await server.sql<Record<string, string>>(
      "SELECT count() AS rows, uniqExact(request_id) AS ids, sum(features_number['i']) AS total FROM predictions WHERE model = 'bulk'",
    );
    assert.deepEqual([counted?.rows, counted?.ids, Number(counted?.total)], ['100000', '100000', 4_999_950_000]);
  });

  test('ids and names of the greatest length are looked up like others', async () => {
    const name = 'n'.repeat(256);
    const rows = Array.from({ length: 6_000 }, (_, i) =>
      row(`${i}-`.padEnd(256, 'ü').slice(0, 128), { model: name, version: name, score: i, ts: '2026-01-01T00:00:00Z' }),
    );
    await server.send(predictions, rows);
    await lookUp('none');
    const answer = await server.send<IntakeAnswer>(
      predictions,
      rows.map((each, i) => ({ ...each, score: i + 1 })),
    );
    assert.equal(answer.body.accepted, 6_000);
    await lookUp('none');
    const counted = await server.sql<Record<string, string>>(
      `SELECT count() AS rows, min(score) AS least FROM predictions WHERE model = '${name}'`,
    );
    assert.deepEqual(counted, [{ rows: '6000', least: 1 }]);
  });

  test('truth for three years of predictions, and their replacement, go in one body each', async () => {
    const start = Date.parse('2022-12-05T00:00:00Z');
    const rows = Array.from({ length: 200 }, (_, i) =>
      row(`weeks-${i}`, { model: 'weeks', ts: start + i * 7 * 86_400_000, score: 0 }),
    );
    await server.send(predictions, rows);
    await server.send(
      groundTruth,
      rows.map((_, i) => ({ request_id: `weeks-${i}`, label: i % 2 })),
    );
    await lookUp('weeks-0');
    await server.send(
      predictions,
      rows.map((each) => ({ ...each, score: 1 })),
    );
    await lookUp('weeks-0');
    const counted = await server.sql<Record<string, string>>(
      "SELECT count() AS rows, sum(score) AS score, sum(label_number) AS labels FROM labelled_predictions WHERE model = 'weeks'",
    );
    assert.deepEqual(counted, [{ rows: '200', score: 200, labels: 100 }]);
  });

  test('are found by any request id, be it one that no path can hold', async () => {
    for (const id of ['.', '..', 'a/b', 'a?b&c=d', ' %2e ']) {
      await server.send(predictions, [row(id)]);
      const { status, body } = await server.get<PredictionAnswer>(
        `${predictions}?${new URLSearchParams({ request_id: id, fresh: '1' })}`,
      );
      assert.equal(status, 200, id);
      assert.equal(body.request_id, id);
    }
    assert.equal((await server.get(predictions)).status, 400);
  });
});

describe('ground truth', () => {
  test('a later revision counts, a lower one that arrives later does not, and all stay readable', async () => {
    await server.send(predictions, [row('revised', { prediction: 1 })]);
    const label = (value: number, revision: number, ts: string) => ({
      request_id: 'revised',
      label: value,
      revision,
      ts,
    });
    await server.send(groundTruth, [label(0, 1, '2026-04-01T00:00:00Z'), label(1, 3, '2026-04-03T00:00:00Z')]);
    await server.send(groundTruth, [label(7, 2, '2026-04-02T00:00:00Z')]);
    const { body } = await lookUp('revised');
    assert.deepEqual(
      body.ground_truth.map(({ label, revision, current }) => [label, revision, current]),
      [
        [0, 1, false],
        [1, 3, true],
        [7, 2, false],
      ],
    );
  });

  test('without revisions the later arrival counts, and a retry is no revision', async () => {
    await server.send(predictions, [row('arrivals')]);
    for (const value of ['yes', 'yes', 'no']) {
      await server.send(groundTruth, [{ request_id: 'arrivals', label: value, source: 'desk' }]);
      await lookUp('arrivals');
    }
    const { body } = await lookUp('arrivals');
    assert.deepEqual(
      body.ground_truth.map(({ label, source, current }) => [label, source, current]),
      [
        ['yes', 'desk', false],
        ['no', 'desk', true],
      ],
    );
  });

  test('truth that came before its prediction is tied to it', async () => {
    await server.send(groundTruth, [{ request_id: 'early', label: 1 }]);
    const missing = await server.get<Failure>(`${predictions}/early?fresh=1`);
    assert.equal(missing.status, 404);
    assert.match(missing.body.error.hint ?? '', /ground truth has .* waits/);
    await server.send(predictions, [row('early', { model: 'late-prediction' })]);
    await lookUp('early');
    const { body } = await server.get<ModelsAnswer>('/api/ml/models?fresh=1');
    const model = body.models.find((each) => each.model === 'late-prediction');
    assert.deepEqual([model?.predictions, model?.with_truth, model?.coverage], [1, 1, 1]);
  });

  test('a prediction that replaces another inherits its truth', async () => {
    await server.send(predictions, [row('heir', { model: 'heir', score: 0.1 })]);
    await server.send(groundTruth, [{ request_id: 'heir', label: 1 }]);
    await lookUp('heir');
    await server.send(predictions, [row('heir', { model: 'heir', score: 0.2 })]);
    await lookUp('heir');
    const rows = await server.sql<{ score: number; label_number: number }>(
      "SELECT score, label_number FROM labelled_predictions WHERE request_id = 'heir'",
    );
    assert.deepEqual(rows, [{ score: 0.2, label_number: 1 }]);
  });
});

describe('models', () => {
  test('each version is listed with its times, counts and share with truth', async () => {
    const at = (day: number) => `2026-05-0${day}T00:00:00Z`;
    await server.send(predictions, [
      row('v-1', { model: 'listed', version: 'a', ts: at(1) }),
      row('v-2', { model: 'listed', version: 'a', ts: at(3) }),
      row('v-3', { model: 'listed', version: 'b', ts: at(2) }),
    ]);
    await server.send(groundTruth, [
      { request_id: 'v-1', label: 1 },
      { request_id: 'v-1', label: 0, revision: 1 },
    ]);
    const { body } = await server.get<ModelsAnswer>('/api/ml/models?fresh=1');
    assert.deepEqual(
      body.models.filter(({ model }) => model === 'listed'),
      [
        {
          model: 'listed',
          version: 'a',
          first_seen: '2026-05-01T00:00:00.000Z',
          last_seen: '2026-05-03T00:00:00.000Z',
          predictions: 2,
          with_truth: 1,
          coverage: 0.5,
        },
        {
          model: 'listed',
          version: 'b',
          first_seen: '2026-05-02T00:00:00.000Z',
          last_seen: '2026-05-02T00:00:00.000Z',
          predictions: 1,
          with_truth: 0,
          coverage: 0,
        },
      ],
    );
  });
});

describe('bodies that fail as a whole leave nothing behind', () => {
  const good = JSON.stringify(row('whole-body'));
  const gzipped = gzipSync(`${good}\n`.repeat(50));
  const cases: [string, string | Uint8Array, Record<string, string>, number, string][] = [
    ['without a content type', Buffer.from(good), {}, 415, 'unsupported_content_type'],
    ['of a wrong content type', good, { 'content-type': 'text/csv' }, 415, 'unsupported_content_type'],
    [
      'of another charset',
      good,
      { 'content-type': 'application/x-ndjson; charset=latin1' },
      415,
      'unsupported_content_type',
    ],
    ['in an unknown encoding', good, { ...ndjson, 'content-encoding': 'br' }, 415, 'unsupported_encoding'],
    ['that is empty', '', ndjson, 400, 'empty_body'],
    ['of blank lines', '\n \n', ndjson, 400, 'empty_body'],
    ['that is an array cut short', `[${good},`, { 'content-type': 'application/json' }, 400, 'incomplete_body'],
    [
      'that is gzip cut short',
      gzipped.subarray(0, gzipped.length - 12),
      { ...ndjson, 'content-encoding': 'gzip' },
      400,
      'incomplete_body',
    ],
    ['that is not gzip', good, { ...ndjson, 'content-encoding': 'gzip' }, 400, 'corrupt_encoding'],
  ];
  for (const [what, body, headers, status, code] of cases)
    test(`a body ${what} is answered with ${status} ${code}`, async () => {
      const answer = await server.post<Failure>(predictions, body, headers);
      assert.equal(answer.status, status);
      assert.equal(answer.body.error.code, code);
      assert.equal((await lookUp('whole-body')).status, 404);
    });
});

describe('requests', () => {
  const cases: [string, string, number, string][] = [
    ['GET', '/api/ml/nothing', 404, 'not_found'],
    ['DELETE', '/api/ml/predictions', 405, 'method_not_allowed'],
    ['GET', '/api/ml/models?fesh=1', 400, 'unknown_parameter'],
    ['GET', '/api/ml/models?fresh=2', 400, 'bad_request'],
  ];
  for (const [method, path, status, code] of cases)
    test(`${method} ${path} is answered with ${status} ${code}`, async () => {
      const response = await fetch(`${server.url}${path}`, { method });
      assert.equal(response.status, status);
      assert.equal(((await response.json()) as Failure).error.code, code);
    });
});
