/** What series become that are folded: by the type that a sender told of their metric, whichever way and whenever it came. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, before, it } from 'node:test';
import { compressSync } from 'snappy';
import { bytesField, varintField } from '../../protocols/protobuf/wire-writer.js';
import { startTestServer, type TestServer } from '../../server/test-server.js';

const rules = [{ metric: '.*', action: 'drop', label: 'session' }];
const set = [`metrics.cardinality.rules=${JSON.stringify(rules)}`];
let server: TestServer;
before(async () => {
  server = await startTestServer({ set });
});
after(async () => {
  await server.halt();
  await rm(server.folder, { recursive: true, force: true });
});

const write = async (...lines: string[]): Promise<void> => {
  const { status, body } = await server.post('/api/v1/import/prometheus', `${lines.join('\n')}\n`, {
    'content-type': 'text/plain',
  });
  assert.equal(status, 204, JSON.stringify(body));
};

/** Two sessions, of which one falls from 7 to 1: a counter's total is 5 + 7 + 1 + 1, a gauge's sum is 6 + 1. */
async function folded(metric: string): Promise<number> {
  await write(`${metric}{session="a"} 5`, `${metric}{session="b"} 7`);
  await new Promise((resolve) => setTimeout(resolve, 5));
  await write(`${metric}{session="a"} 6`, `${metric}{session="b"} 1`);
  const rows = await server.sql<{ last: number }>(
    'SELECT argMax(value, ts) AS last FROM metrics WHERE metric = {metric:String}',
    { metric },
    '?fresh=1',
  );
  return rows[0]!.last;
}
const [counter, gauge] = [14, 7];

it('its name decides where nobody told a type', async () => {
  assert.equal(await folded('told_by_name_total'), counter);
  assert.equal(await folded('told_by_name'), gauge);
});

it('a type in the text format counts, against the name too', async () => {
  await write('# TYPE text_counter counter', '# TYPE text_gauge_total gauge', 'unrelated 1');
  assert.equal(await folded('text_counter'), counter);
  assert.equal(await folded('text_gauge_total'), gauge);
});

it('a type of remote write 1 counts, which comes in requests of its own', async () => {
  const metadata = (metric: string, type: number): Buffer =>
    bytesField(3, Buffer.concat([varintField(1, type), bytesField(2, Buffer.from(metric))]));
  const body = Buffer.concat([metadata('written_counter', 1), metadata('written_gauge_total', 2)]);
  const { status } = await server.post('/api/v1/write', compressSync(body), {
    'content-type': 'application/x-protobuf',
    'content-encoding': 'snappy',
  });
  assert.equal(status, 204);
  assert.equal(await folded('written_counter'), counter);
  assert.equal(await folded('written_gauge_total'), gauge);
});

it('a type of OTLP counts', async () => {
  const attributes = (session: string) => [{ key: 'session', value: { stringValue: session } }];
  const points = (values: Record<string, number>, timeMs: number) =>
    Object.entries(values).map(([session, asDouble]) => ({
      attributes: attributes(session),
      startTimeUnixNano: '1',
      timeUnixNano: `${timeMs}000000`,
      asDouble,
    }));
  const nowMs = Date.now();
  for (const [values, timeMs] of [
    [{ a: 5, b: 7 }, nowMs - 2_000],
    [{ a: 6, b: 1 }, nowMs - 1_000],
  ] as const) {
    const dataPoints = points(values, timeMs);
    const metrics = [
      { name: 'otlp.gauge.total', gauge: { dataPoints } },
      { name: 'otlp.sum', sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints } },
    ];
    const { status } = await server.post(
      '/v1/metrics',
      JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }),
      { 'content-type': 'application/json' },
    );
    assert.equal(status, 200);
  }
  const rows = await server.sql(
    "SELECT metric, argMax(value, ts) AS last FROM metrics WHERE metric LIKE 'otlp%' GROUP BY metric ORDER BY metric",
    {},
    '?fresh=1',
  );
  assert.deepEqual(rows, [
    { metric: 'otlp_gauge_total', last: gauge },
    { metric: 'otlp_sum_total', last: counter },
  ]);
});

it('a type that was told before a restart counts after it', async () => {
  await write('# TYPE kept_counter counter', '# TYPE kept_gauge_total gauge', 'unrelated 2');
  await server.sql('SELECT 1', {}, '?fresh=1');
  await server.halt();
  server = await startTestServer({ set, folder: server.folder });
  assert.equal(await folded('kept_counter'), counter);
  assert.equal(await folded('kept_gauge_total'), gauge);
});
