/** The Pushgateway's protocol against a whole server, with the client that people push with from Node. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { Counter, Gauge, Histogram, Pushgateway, Registry } from 'prom-client';
import { startTestServer, type TestServer } from '../../server/test-server.js';

const set = ['metrics.push.interval=100ms', 'metrics.push.groups_max=20'];
let server: TestServer;
before(async () => {
  server = await startTestServer({ set });
});
after(() => server.stop());

interface Line {
  readonly metric: Record<string, string>;
  readonly values: (number | null)[];
  readonly timestamps: number[];
}

async function exported(selector: string): Promise<Line[]> {
  const { body } = await server.get<string>(`/api/v1/export?${new URLSearchParams({ 'match[]': selector })}`);
  return body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

/** The last value of each series that a selector finds, by what tells them apart; null where the series has ended. */
async function last(selector: string, ...labels: string[]): Promise<Record<string, number | null>> {
  return Object.fromEntries(
    (await exported(selector)).map(({ metric, values }) => [
      labels.map((label) => metric[label] ?? '').join(' '),
      values.at(-1) ?? null,
    ]),
  );
}

async function request(method: string, path: string, body?: string | Uint8Array, headers: Record<string, string> = {}) {
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: body as string }),
  });
  const text = await response.text();
  return { status: response.status, text, code: /"code":"(\w+)"/.exec(text)?.[1], headers: response.headers };
}
const put = (path: string, body: string) => request('PUT', path, body);

async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 10_000; !(await isTrue()); await delay(50))
    assert.ok(Date.now() < deadline, `waited for ${what}`);
}

describe('prom-client’s Pushgateway', () => {
  const registry = new Registry();
  const epochs = new Counter({ name: 'epochs_total', help: 'Epochs.', registers: [registry] });
  const loss = new Gauge({ name: 'loss', help: 'Loss.', labelNames: ['set', 'job'], registers: [registry] });
  const seconds = new Histogram({ name: 'step_seconds', help: 'Steps.', buckets: [0.1, 1], registers: [registry] });
  const params = { jobName: 'train-nightly ü', groupings: { run: 'r 7' } };
  const selector = '{job="train-nightly ü",run="r 7"}';
  const client = () => new Pushgateway(server.url, [], registry);

  it('pushes a group, with its labels in the place of the metrics’ own', async () => {
    epochs.inc(3);
    loss.set({ set: 'train', job: 'other' }, 0.5);
    seconds.observe(0.5);
    const { resp } = (await client().push(params)) as { resp: { statusCode: number } };
    assert.equal(resp.statusCode, 200);
    assert.deepEqual(await last(`epochs_total${selector}`, 'job', 'run'), { 'train-nightly ü r 7': 3 });
    assert.deepEqual(await last(`loss${selector}`, 'job', 'set'), { 'train-nightly ü train': 0.5 });
    assert.deepEqual(await last(`step_seconds_bucket${selector}`, 'le'), { '0.1': 0, '1.0': 1, '+Inf': 1 });
    const [pushed] = Object.values(await last(`push_time_seconds${selector}`, 'run'));
    assert.ok(Math.abs(pushed! - Date.now() / 1000) < 10);
    assert.deepEqual(await last(`push_failure_time_seconds${selector}`, 'run'), { 'r 7': 0 });
  });

  it('sees what it pushed go on', async () => {
    const count = async () => (await exported(`epochs_total${selector}`))[0]!.values.length;
    const before = await count();
    await until('two emissions', async () => (await count()) >= before + 2);
    const [line] = await exported(`epochs_total${selector}`);
    assert.ok(line!.values.every((value) => value === 3));
  });

  it('adds to the group what it pushes so, gzip among it', async () => {
    const other = new Registry();
    new Gauge({ name: 'accuracy', help: 'Accuracy.', registers: [other] }).set(0.9);
    await new Pushgateway(server.url, { headers: { 'Content-Encoding': 'gzip' } }, other).pushAdd(params);
    assert.deepEqual(await last(`accuracy${selector}`, 'run'), { 'r 7': 0.9 });
    assert.deepEqual(await last(`epochs_total${selector}`, 'run'), { 'r 7': 3 });
  });

  it('ends series that a push replaces, and those of a group that it deletes', async () => {
    loss.remove('train', 'other');
    loss.set({ set: 'test' }, 0.7);
    await client().push(params);
    assert.deepEqual(await last(`loss${selector}`, 'set'), { train: null, test: 0.7 });
    assert.deepEqual(await last(`accuracy${selector}`, 'run'), { 'r 7': null });
    const { resp } = (await client().delete(params)) as { resp: { statusCode: number } };
    assert.equal(resp.statusCode, 202);
    await delay(300);
    assert.deepEqual(await last(`epochs_total${selector}`, 'run'), { 'r 7': null });
    assert.deepEqual(await last(`push_time_seconds${selector}`, 'run'), { 'r 7': null });
  });
});

describe('a push', () => {
  it('of curl, without a type of its own, is text, and its group is that of the path', async () => {
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    const path = '/metrics/job@base64/L3Zhci90bXA/zone/%C3%A9/empty@base64/=';
    const { status, text } = await request('POST', path, 'curl_metric{empty="x",zone="y"} 3.14\n', type);
    assert.deepEqual({ status, text }, { status: 200, text: '' });
    const [line] = await exported('curl_metric');
    assert.deepEqual(line!.metric, { __name__: 'curl_metric', job: '/var/tmp', zone: 'é' });
  });

  it('may be OpenMetrics', async () => {
    const type = { 'content-type': 'application/openmetrics-text; version=1.0.0' };
    const body = '# TYPE om counter\nom_total 5 # {trace_id="a"} 1\n# EOF\n';
    assert.equal((await request('PUT', '/metrics/job/om', body, type)).status, 200);
    assert.deepEqual(await last('om_total', 'job'), { om: 5 });
    assert.equal((await put('/metrics/job/om2', '# TYPE om_total counter\nom_total 6\n')).status, 200);
  });

  it('without a body empties the group, or only says that the pusher lives', async () => {
    await put('/metrics/job/idle', 'idle 1\n');
    assert.equal((await request('POST', '/metrics/job/idle')).status, 200);
    assert.deepEqual(await last('idle', 'job'), { idle: 1 });
    assert.equal((await request('PUT', '/metrics/job/idle')).status, 200);
    assert.deepEqual(await last('idle', 'job'), { idle: null });
    assert.ok(((await last('push_time_seconds{job="idle"}', 'job')).idle ?? 0) > 0);
  });

  it('with times, or that does not go with others, is refused and counted', async () => {
    await put('/metrics/job/typed', '# TYPE typed counter\ntyped 1\n');
    const refused: readonly (readonly [body: string, code: string])[] = [
      ['late 1 1700000000000\n', 'time_refused'],
      ['# TYPE typed gauge\ntyped 1\n', 'inconsistent_push'],
      ['twice{a="b"} 1\ntwice{a="b"} 2\n', 'inconsistent_push'],
    ];
    for (const [body, code] of refused) {
      const answer = await put('/metrics/job/refused', body);
      assert.deepEqual([answer.status, answer.code], [400, code], answer.text);
    }
    assert.ok(((await last('push_failure_time_seconds{job="refused"}', 'job')).refused ?? 0) > 0);
    assert.deepEqual(await last('push_time_seconds{job="refused"}', 'job'), { refused: 0 });
    assert.deepEqual(await exported('late'), []);
  });

  it('that cannot be read, or whose path names no group, is refused', async () => {
    const bad = await put('/metrics/job/bad', 'what is this\n');
    assert.deepEqual([bad.status, bad.code], [400, 'invalid_exposition']);
    for (const path of ['/metrics/job/a/b', '/metrics/job/a/__b/c', '/metrics/job@base64/%25/x/y']) {
      const answer = await put(path, 'x 1\n');
      assert.deepEqual([answer.status, answer.code], [400, 'bad_request'], path);
    }
    const gzip = { 'content-encoding': 'gzip' };
    assert.equal((await request('PUT', '/metrics/job/gz', gzipSync('gz 1\n'), gzip)).status, 200);
    assert.equal((await request('PUT', '/metrics/job/gz', 'gz 1\n', gzip)).code, 'corrupt_encoding');
    const framed = Buffer.from('ff060000734e61507059010800006810e6b661626364', 'hex');
    const snappy = { 'content-encoding': 'snappy' };
    const answer = await request('PUT', '/metrics/job/sz', framed, snappy);
    assert.deepEqual([answer.status, answer.code], [400, 'invalid_exposition'], 'abcd');
    assert.equal((await request('PUT', '/metrics/job/sz', gzipSync('gz 1\n'), snappy)).code, 'incomplete_body');
    assert.equal((await request('GET', '/metrics/job/gz')).code, 'method_not_allowed');
  });

  it('takes label names of any characters in its path, escaped', async () => {
    assert.equal((await put('/metrics/job/utf/U__run_2e_name/r1', 'dotted 1\n')).status, 200);
    assert.deepEqual(await last('dotted', 'run.name'), { r1: 1 });
  });
});

describe('groups', () => {
  it('are listed as the Pushgateway lists them', async () => {
    const body = `# HELP job_seconds How long.
# TYPE job_seconds histogram
job_seconds_bucket{le="1"} 1
job_seconds_bucket{le="+Inf"} 2
job_seconds_sum 1583872347.5
job_seconds_count 2
`;
    await put('/metrics/job/listed/instance/i', body);
    await put('/metrics/job/listed', 'job_value 0.25\n');
    const { body: answer } = await server.get<{ status: string; data: ListedGroup[] }>('/api/v1/metrics');
    assert.equal(answer.status, 'success');
    const [withInstance, bare] = answer.data.filter(({ labels }) => labels.job === 'listed');
    const { time_stamp, ...family } = withInstance!.job_seconds!;
    assert.ok(Date.parse(time_stamp) > 0);
    assert.deepEqual(family, {
      type: 'HISTOGRAM',
      help: 'How long.',
      metrics: [
        {
          labels: { instance: 'i', job: 'listed' },
          buckets: { '1': '1', '+Inf': '2' },
          sum: '1.5838723475e+09',
          count: '2',
        },
      ],
    });
    assert.equal(bare!.last_push_successful, true);
    assert.deepEqual(bare!.job_value!.metrics, [{ labels: { instance: '', job: 'listed' }, value: '0.25' }]);
    assert.equal(bare!.push_time_seconds!.type, 'GAUGE');
  });

  it('outlive a restart, and go on', async () => {
    await put('/metrics/job/kept', 'kept{a="1"} 42\nkept{a="2"} NaN\n');
    await put('/metrics/job/dropped', 'dropped 1\n');
    await request('DELETE', '/metrics/job/dropped');
    const { folder } = server;
    await server.halt();
    server = await startTestServer({ folder, set });
    const startedMs = Date.now();
    await until('an emission after the restart', async () => {
      const [line] = await exported('kept{a="1"}');
      return line !== undefined && line.timestamps.at(-1)! >= startedMs;
    });
    assert.deepEqual(await last('kept{a="1"}', 'job'), { kept: 42 });
    assert.deepEqual(await last('dropped', 'job'), { dropped: null });
    // What was pushed before is known: a push of another type does not go with it.
    assert.equal((await put('/metrics/job/other', '# TYPE kept counter\nkept 1\n')).code, 'inconsistent_push');
    assert.equal((await request('DELETE', '/metrics/job/kept')).status, 202);
  });

  it('are no more than the limit, and a wipe makes room', async () => {
    let answer = { status: 200, code: undefined as string | undefined, headers: new Headers() };
    for (let i = 0; i <= 20 && answer.status === 200; i++) answer = await put(`/metrics/job/many${i}`, 'many 1\n');
    assert.deepEqual([answer.status, answer.code], [429, 'push_limit']);
    assert.ok(answer.headers.has('retry-after'));
    assert.equal((await request('PUT', '/api/v1/admin/wipe')).status, 202);
    const { body } = await server.get<{ data: unknown[] }>('/api/v1/metrics');
    assert.deepEqual(body.data, []);
    assert.equal((await last('many', 'job')).many0, null);
    assert.equal((await put('/metrics/job/again', 'many 1\n')).status, 200);
  });
});

interface ListedFamily {
  readonly time_stamp: string;
  readonly type: string;
  readonly metrics: readonly object[];
}

type ListedGroup = Record<string, ListedFamily> & {
  readonly labels: Record<string, string>;
  readonly last_push_successful: boolean;
};
