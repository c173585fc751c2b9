import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { IntakeAnswer, PredictionAnswer } from '../../src/http/contract/events.js';
import type { ReadinessAnswer } from '../../src/http/contract/operations.js';
import { type ExternalEngine, startExternalEngine } from '../storage/external-engine.js';
import { startTestServer, type TestServer } from './test-server.js';

let external: ExternalEngine;
let server: TestServer;
before(async () => {
  external = await startExternalEngine();
  server = await startTestServer({
    set: [
      `engine.url=${external.url}`,
      `engine.database=${external.database}`,
      `engine.username=${external.admin.username}`,
      `engine.password=${external.admin.password}`,
      `engine.reader_username=${external.reader.username}`,
      `engine.reader_password=${external.reader.password}`,
    ],
  });
});
after(async () => {
  await server.stop();
  await external.stop();
});

test('a server on a ClickHouse that others run takes rows, finds them and answers SQL', async () => {
  const rows = [
    { request_id: 'x1', model: 'm', version: '1', prediction: 1, score: 0.75 },
    { request_id: 'x2', model: 'm', version: '1', prediction: 0, score: 0.25 },
  ];
  assert.equal((await server.send<IntakeAnswer>('/api/ml/predictions', rows)).body.accepted, 2);
  await server.send('/api/ml/ground-truth', [{ request_id: 'x1', label: 1 }]);
  const { body } = await server.get<PredictionAnswer>('/api/ml/predictions/x1?fresh=1');
  assert.deepEqual([body.score, body.ground_truth[0]?.label], [0.75, 1]);
  assert.deepEqual(await server.sql('SELECT sum(score) AS total FROM predictions'), [{ total: 1 }]);
  const ready = await server.get<ReadinessAnswer>('/readyz');
  assert.deepEqual([ready.status, ready.body.engine.state, ready.body.problems], [200, 'external', []]);
});

test('its reader may not look beyond our database', async () => {
  const statement = JSON.stringify({ query: 'SELECT * FROM system.users' });
  const answer = await server.post<{ error: { code: string } }>('/api/sql', statement, {
    'content-type': 'application/json',
  });
  assert.deepEqual([answer.status, answer.body.error.code], [403, 'query_not_allowed']);
});
