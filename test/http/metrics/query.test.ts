// Long because a server takes a second to start, and what is loaded and restarted here is asked for in many ways.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { startTestServer, type TestServer } from '../../server/test-server.js';

interface PrometheusAnswer {
  readonly status: string;
  readonly data?: { readonly resultType: string; readonly result: unknown; readonly stats?: Stats };
  readonly errorType?: string;
  readonly error?: string;
  readonly warnings?: string[];
  readonly infos?: string[];
}

interface Stats {
  readonly timings: Record<string, number>;
  readonly samples: { readonly totalQueryableSamples: number; readonly peakSamples: number };
  readonly storage: Record<string, number>;
}

const startMs = Date.parse('2026-01-01T00:00:00Z');
const minuteMs = 60_000;
const hourMs = 3_600_000;
const at = (minutes: number): number => (startMs + minutes * minuteMs) / 1000;

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.stop());

const line = (metric: object, values: readonly unknown[], firstMs = startMs, stepMs = minuteMs): string =>
  JSON.stringify({ metric, values, timestamps: values.map((_, i) => firstMs + i * stepMs) });

async function load(...lines: string[]): Promise<void> {
  const { status, body } = await server.post('/api/v1/import', lines.join('\n'));
  assert.equal(status, 204, JSON.stringify(body));
}

const ask = (path: string, parameters: Record<string, string | number>) =>
  server.get<PrometheusAnswer>(
    `/api/v1/${path}?${new URLSearchParams(Object.entries(parameters).map(([name, value]) => [name, String(value)] as [string, string]))}`,
  );

async function stored(): Promise<void> {
  await server.sql('SELECT 1', {}, '?fresh=1');
}

async function restart(): Promise<void> {
  await stored();
  await server.halt();
  server = await startTestServer({ folder: server.folder });
}

async function vector(query: string, time: number): Promise<unknown> {
  const { status, body } = await ask('query', { query, time });
  assert.equal(status, 200, JSON.stringify(body));
  return inOrder(body);
}

/** The series of a result by their labels: an instant vector has no order of its own. */
const inOrder = ({ data }: PrometheusAnswer): unknown =>
  (data!.result as { metric: object }[]).toSorted((a, b) =>
    JSON.stringify(a.metric).localeCompare(JSON.stringify(b.metric)),
  );

describe('GET /api/v1/query and query_range', () => {
  it('answers an instant vector as Prometheus writes it, with samples that were only just acknowledged', async () => {
    await load(line({ __name__: 'up', job: 'api', zone: 'ü"\\' }, [1, 0.5]));
    const { status, headers, body } = await ask('query', { query: 'up', time: at(1) + 0.5 });
    assert.equal(status, 200);
    assert.equal(headers.get('content-type'), 'application/json; charset=utf-8');
    assert.deepEqual(body, {
      status: 'success',
      data: {
        resultType: 'vector',
        result: [{ metric: { __name__: 'up', job: 'api', zone: 'ü"\\' }, value: [at(1) + 0.5, '0.5'] }],
      },
    });
  });

  it('answers a range query, steps without a value left out', async () => {
    await load(line({ __name__: 'gaps' }, [1, 2]), line({ __name__: 'gaps' }, [5], startMs + 20 * minuteMs));
    const { body } = await ask('query_range', { query: 'gaps', start: at(0), end: at(25), step: '5m' });
    assert.deepEqual(body.data, {
      resultType: 'matrix',
      result: [
        {
          metric: { __name__: 'gaps' },
          values: [
            [at(0), '1'],
            [at(5), '2'],
            [at(20), '5'],
          ],
        },
      ],
    });
  });

  it('writes numbers and times as Prometheus does', async () => {
    const text = async (query: string, time: string): Promise<string> =>
      (
        await (await fetch(`${server.url}/api/v1/query?query=${encodeURIComponent(query)}&time=${time}`)).text()
      ).replace(/.*"result":/, '');
    assert.equal(await text('1e-7', '1.5'), '[1.500,"1e-07"]}}');
    assert.equal(await text('1e21', '-0.25'), '[-0.250,"1e+21"]}}');
    assert.equal(await text('123456789012345678', '0'), '[0,"123456789012345680"]}}');
    assert.equal(await text('-Inf', '1'), '[1,"-Inf"]}}');
    assert.equal(await text('0/0', '1'), '[1,"NaN"]}}');
    assert.equal(await text('"a\\"b"', '1'), '[1,"a\\"b"]}}');
  });

  it('takes a form-encoded POST, and lets its body go before the URL', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const { body } = await server.post<PrometheusAnswer>('/api/v1/query?query=2&time=7', 'query=1%2B4', form);
    assert.deepEqual(body.data, { resultType: 'scalar', result: [7, '5'] });
    const range = await server.post<PrometheusAnswer>('/api/v1/query_range', 'query=1&start=0&end=60&step=60', form);
    assert.deepEqual(range.body.data!.result, [
      {
        metric: {},
        values: [
          [0, '1'],
          [60, '1'],
        ],
      },
    ]);
  });

  it('takes times as RFC 3339 and cuts the answer at a limit, with a warning', async () => {
    await load(line({ __name__: 'many', i: 'a' }, [1]), line({ __name__: 'many', i: 'b' }, [2]));
    const { body } = await ask('query', { query: 'many', time: '2026-01-01T01:00:00+01:00', limit: 1 });
    assert.equal((body.data!.result as unknown[]).length, 1);
    assert.deepEqual(body.warnings, ['results truncated due to limit']);
  });

  it('passes on remarks, and finds series by labels other than the name', async () => {
    await load(line({ __name__: 'seen', only: 'here' }, [1, 2, 3]));
    const { body } = await ask('query', { query: 'rate({only="here"}[5m])', time: at(2) });
    assert.equal(body.infos?.length, 1);
    assert.match(body.infos![0]!, /^PromQL info: metric might not be a counter/);
    assert.deepEqual(await vector('count({only="here"})', at(2)), [{ metric: {}, value: [at(2), '1'] }]);
  });

  it('answers a query that is asked again alike', async () => {
    const parameters = { query: 'sum by (pod) (rate(http_requests_total[5m]))', start: at(0), end: at(9), step: 60 };
    const first = await ask('query_range', parameters);
    const second = await ask('query_range', parameters);
    assert.deepEqual(second.body, first.body);
    assert.equal((await ask('query', { query: 'vector(1)', time: at(0) })).status, 200);
  });

  it('tells of samples, timings and storage where it is asked to', async () => {
    const { body } = await ask('query', { query: 'sum(many)', time: at(0), stats: 'all' });
    const { samples, timings, storage } = body.data!.stats!;
    assert.equal(samples.totalQueryableSamples, 2);
    assert.ok(timings.execTotalTime! > 0);
    assert.deepEqual([storage.series, storage.samples], [2, 2]);
  });

  it('has a look-back of its own where one is given', async () => {
    assert.deepEqual(await vector('up', at(10)), []);
    const { body } = await ask('query', { query: 'up', time: at(10), lookback_delta: '10m' });
    assert.equal((body.data!.result as unknown[]).length, 1);
  });

  it('streams large answers whole', async () => {
    const { body } = await ask('query_range', {
      query: '{__name__=~"up|many|seen"} or vector(1)',
      start: 0,
      end: 600_000,
      step: 60,
    });
    const result = body.data!.result as { values: unknown[] }[];
    assert.equal(
      result.reduce((sum, { values }) => sum + values.length, 0),
      10_001,
    );
  });
});

const refusals: readonly [string, string, Record<string, string | number>, number, string, string | RegExp][] = [
  [
    'no query',
    'query',
    { query: '' },
    400,
    'bad_data',
    'invalid parameter "query": unknown position: parse error: no expression found in input',
  ],
  ['no PromQL', 'query', { query: 'sum(' }, 400, 'bad_data', /^invalid parameter "query": 1:5: parse error: /],
  [
    'no time',
    'query',
    { query: 'up', time: 'x' },
    400,
    'bad_data',
    'invalid parameter "time": cannot parse "x" to a valid timestamp',
  ],
  [
    'no start',
    'query_range',
    { query: 'up', end: 1, step: 1 },
    400,
    'bad_data',
    'invalid parameter "start": cannot parse "" to a valid timestamp',
  ],
  [
    'an end before the start',
    'query_range',
    { query: 'up', start: 2, end: 1, step: 1 },
    400,
    'bad_data',
    'invalid parameter "end": end timestamp must not be before start time',
  ],
  [
    'no step',
    'query_range',
    { query: 'up', start: 1, end: 2, step: 'x' },
    400,
    'bad_data',
    'invalid parameter "step": cannot parse "x" to a valid duration',
  ],
  [
    'a step of zero',
    'query_range',
    { query: 'up', start: 1, end: 2, step: 0 },
    400,
    'bad_data',
    'invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer',
  ],
  [
    'too many points',
    'query_range',
    { query: 'up', start: 0, end: 11_001, step: 1 },
    400,
    'bad_data',
    'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
  ],
  [
    'a range vector over a range',
    'query_range',
    { query: 'up[5m]', start: 0, end: 1, step: 1 },
    400,
    'bad_data',
    'invalid parameter "query": invalid expression type "range vector" for range query, must be Scalar or instant Vector',
  ],
  [
    'a negative limit',
    'query',
    { query: 'up', limit: -1 },
    400,
    'bad_data',
    'invalid parameter "limit": limit must be non-negative',
  ],
  [
    'no timeout',
    'query',
    { query: 'up', timeout: 'soon' },
    400,
    'bad_data',
    'invalid parameter "timeout": cannot parse "soon" to a valid duration',
  ],
  [
    'a join of many to many',
    'query',
    { query: 'many + on () many', time: at(0) },
    422,
    'execution',
    /^found duplicate series for the match group/,
  ],
  ['a query that runs too long', 'query', { query: 'up', timeout: '0.001' }, 503, 'timeout', /^query timed out in /],
];

describe('what is refused', () => {
  for (const [what, path, parameters, status, errorType, error] of refusals)
    it(`${what} is answered ${status} ${errorType}`, async (t) => {
      if (errorType === 'timeout') {
        await load(
          ...Array.from({ length: 20 }, (_, i) => line({ __name__: 'slow', i: String(i) }, Array(600).fill(i))),
        );
        Object.assign(parameters, { query: 'sum(sum_over_time(slow[10h:1s]))', time: at(600) });
      }
      const { status: got, body } = await ask(path, parameters);
      t.diagnostic(JSON.stringify(body));
      assert.deepEqual([got, body.status, body.errorType], [status, 'error', errorType]);
      if (typeof error === 'string') assert.equal(body.error, error);
      else assert.match(body.error!, error);
    });
});

describe('samples of the tables', () => {
  const odd = { __name__: 'odd_values' };

  it('are loaded once after a restart, with those that come in meanwhile, and hours that lie apart', async () => {
    await load(
      line(
        { __name__: 'cold', i: '1' },
        Array.from({ length: 300 }, (_, i) => i),
      ),
      line(
        { __name__: 'cold', i: '2' },
        Array.from({ length: 300 }, (_, i) => -i),
      ),
      line(odd, [null, 'NaN', 'Infinity', '-Inf', 1]),
    );
    await restart();
    await load(line({ __name__: 'cold', i: '1' }, [1000], startMs + 2 * hourMs + 30_000));
    const query = 'sum by (i) (count_over_time(cold[5h]))';
    const first = await ask('query', { query, time: at(300), stats: 'all' });
    assert.deepEqual(inOrder(first.body), [
      { metric: { i: '1' }, value: [at(300), '300'] },
      { metric: { i: '2' }, value: [at(300), '299'] },
    ]);
    const { storage } = first.body.data!.stats!;
    assert.ok(storage.hourMisses! > 0 && storage.rows! >= 600, JSON.stringify(storage));
    const second = await ask('query', { query, time: at(300), stats: 'all' });
    assert.deepEqual(inOrder(second.body), inOrder(first.body));
    assert.deepEqual([second.body.data!.stats!.storage.hourMisses, second.body.data!.stats!.storage.rows], [0, 0]);
  });

  // `null` of an import is the stale marker, which has no value; NaN has one.
  it('keep what is no number bit for bit: a stale marker is not a NaN like others', async () => {
    const { body } = await ask('query_range', { query: 'odd_values', start: at(0), end: at(4), step: 60 });
    assert.deepEqual(
      (body.data!.result as { values: [number, string][] }[])[0]!.values.map(([, value]) => value),
      ['NaN', '+Inf', '-Inf', '1'],
    );
  });

  it('are answered alike to queries that ask at the same time', async () => {
    await restart();
    const answers = await Promise.all(Array.from({ length: 8 }, () => vector('sum(sum_over_time(cold[5h]))', at(299))));
    for (const each of answers) assert.deepEqual(each, answers[0]);
    assert.equal((answers[0] as { value: [number, string] }[])[0]!.value[1], '1000');
  });
});

describe('samples that were deleted, or that do not fit', () => {
  it('that were deleted in part are gone, and the others are there: at once, and after a restart', async () => {
    await load(
      line({ __name__: 'cut', i: '1' }, Array(240).fill(1)),
      line({ __name__: 'cut', i: '2' }, Array(240).fill(1)),
    );
    const counts = () => vector('count_over_time(cut[4h])', at(239));
    await server.post(`/api/v1/admin/tsdb/delete_series?match[]=cut{i="1"}&start=${at(30)}&end=${at(149)}`, '', {});
    const expected = [
      { metric: { i: '1' }, value: [at(239), '120'] },
      { metric: { i: '2' }, value: [at(239), '240'] },
    ];
    assert.deepEqual(await counts(), expected);
    await restart();
    assert.deepEqual(await counts(), expected);
    // From rows that are resident now.
    await server.post(`/api/v1/admin/tsdb/delete_series?match[]=cut{i="1"}&start=${at(0)}&end=${at(9)}`, '', {});
    assert.deepEqual(await vector('count_over_time(cut{i="1"}[4h])', at(239)), [
      { metric: { i: '1' }, value: [at(239), '110'] },
    ]);
  });

  it('are there beside what is not stored yet where memory is small', async () => {
    await stored();
    await server.halt();
    server = await startTestServer({ folder: server.folder, set: ['metrics.chunk_bytes_max=16MiB'] });
    await load(line({ __name__: 'cold', i: '2' }, [7], startMs + 4 * hourMs + 30_000));
    const { body } = await ask('query', { query: 'sum(count_over_time(cold[5h]))', time: at(299), stats: 'all' });
    assert.deepEqual(body.data!.result, [{ metric: {}, value: [at(299), '602'] }]);
  });

  it('past a limit are not read: the refusal names estimate, limit and help', async () => {
    await stored();
    await server.halt();
    server = await startTestServer({
      folder: server.folder,
      set: ['query.promql.samples_max=100', 'query.promql.series_max=3'],
    });
    const cold = await ask('query', { query: 'sum(count_over_time(cold[5h]))', time: at(299) });
    assert.deepEqual([cold.status, cold.body.errorType], [422, 'execution']);
    assert.match(cold.body.error!, /an estimated 60\d of at most 100 samples \(query\.promql\.samples_max\)/);
    const wide = await ask('query', { query: '{__name__=~".+"}', time: at(0) });
    assert.match(wide.body.error!, /would read \d+ series, the limit is 3 \(query\.promql\.series_max\)/);
  });
});

const promtool = (process.env.PATH ?? '')
  .split(':')
  .map((folder) => join(folder, 'promtool'))
  .find((path) => existsSync(path));

describe('promtool', {
  skip: promtool === undefined ? 'promtool is not on the PATH' : false,
}, () => {
  // The server runs in this process: it must not be held up by waiting.
  const run = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)(promtool!, ['query', ...args], { timeout: 20_000 })).stdout;

  it('asks instant and range queries', async () => {
    const time = new Date(startMs).toISOString();
    assert.match(await run('instant', `--time=${time}`, server.url, '1 + 1'), /scalar: 2/);
    const range = await run('range', `--start=${at(0)}`, `--end=${at(1)}`, '--step=60s', server.url, 'up');
    assert.match(range, /up\{job="api".*\} =>\n1 @\[\d+\]\n0\.5 @\[\d+\]/);
  });
});
