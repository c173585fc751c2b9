import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { IntakeAnswer } from '../../../src/http/contract/events.js';
import { startTestServer, type TestServer } from '../../server/test-server.js';

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.stop());

const at = Date.parse('2026-01-01T00:00:00Z');
const line = (metric: object, values: unknown[], timestamps: unknown[]): string =>
  JSON.stringify({ metric, values, timestamps });
const send = (...lines: string[]) =>
  server.post<IntakeAnswer>('/api/v1/import', lines.join('\n'), { 'content-type': 'application/x-ndjson' });

/** Waits until what was acknowledged is stored, then asks. */
async function ask<Row>(query: string): Promise<Row[]> {
  return server.sql<Row>(query, {}, '?fresh=1');
}

test('samples of an import are rows with their labels, over as many days as they reach', async () => {
  const days = Array.from({ length: 150 }, (_, i) => at + i * 86_400_000);
  const values = days.map((_, i) => i / 8);
  assert.equal((await send(line({ __name__: 'load', job: 'api', zone: 'a' }, values, days))).status, 204);
  const rows = await ask<{ job: string; rows: string; total: number }>(
    "SELECT labels['job'] AS job, count() AS rows, sum(value) AS total FROM metrics WHERE metric = 'load' GROUP BY job",
  );
  assert.deepEqual(rows, [{ job: 'api', rows: '150', total: (149 * 150) / 2 / 8 }]);
});

test('the order of labels makes no other series, and a repeated sample takes the place of the first', async () => {
  await send(line({ __name__: 'twice', a: '1', b: '2' }, [1], [at]));
  await ask('SELECT 1');
  await send(line({ b: '2', __name__: 'twice', a: '1' }, [5], [at]));
  const rows = await ask<{ value: number; series: string }>(
    "SELECT value, (SELECT toString(uniqExact(series)) FROM metric_series WHERE metric = 'twice') AS series FROM metrics WHERE metric = 'twice'",
  );
  assert.deepEqual(rows, [{ value: 5, series: '1' }]);
});

test('values that JSON has no number for are kept', async () => {
  await send(line({ __name__: 'odd' }, [null, 'NaN', 'Infinity', '-Inf'], [at, at + 1, at + 2, at + 3]));
  const rows = await ask<{ text: string }>(
    "SELECT toString(value) AS text FROM metrics WHERE metric = 'odd' ORDER BY ts",
  );
  assert.deepEqual(
    rows.map(({ text }) => text),
    ['nan', 'nan', 'inf', '-inf'],
  );
});

test('lines that are wrong are reported, and the others are stored', async () => {
  const { status, body } = await send(
    line({ __name__: 'mixed' }, [1], [at]),
    '{"metric": {"__name__": "mixed"}',
    line({ job: 'nameless' }, [1], [at]),
    line({ __name__: 'mixed' }, [1, 2], [at]),
    line({ __name__: 'mixed' }, ['many'], [at]),
    line({ __name__: 'mixed' }, [1], [at + 0.5]),
    line({ __name__: 'mixed', port: 80 }, [1], [at]),
    JSON.stringify({ metric: { __name__: 'mixed' }, values: [1], timestamps: [at], extra: 1 }),
  );
  assert.equal(status, 200);
  assert.deepEqual([body.accepted, body.rejected], [1, 7]);
  assert.deepEqual(
    body.errors.map(({ line: number, code }) => [number, code]),
    [
      [2, 'invalid_json'],
      [3, 'missing_field'],
      [4, 'wrong_type'],
      [5, 'wrong_type'],
      [6, 'wrong_type'],
      [7, 'wrong_type'],
      [8, 'unknown_field'],
    ],
  );
  assert.deepEqual(await ask("SELECT count() AS rows FROM metrics WHERE metric = 'mixed'"), [{ rows: '1' }]);
});
