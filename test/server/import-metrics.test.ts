import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { file, run } from './import-command.js';
import type { FakeApi } from './import-fake-api.js';

describe('import metrics', () => {
  const samplesOf = (api: FakeApi): Record<string, [number, unknown][]> => {
    const series: Record<string, [number, unknown][]> = {};
    for (const line of api.requests.flatMap(({ lines }) => lines)) {
      const { metric, values, timestamps } = JSON.parse(line);
      const labels = Object.entries(metric)
        .sort()
        .map((pair) => pair.join('='));
      const samples = (timestamps as number[]).map((ms, i): [number, unknown] => [ms, values[i]]);
      series[labels.join(' ')] = [...(series[labels.join(' ')] ?? []), ...samples];
    }
    return series;
  };

  test('the wide form makes a metric of every numeric column', async () => {
    const csv = 'time,host,cpu,up\n1420200000,a,0.5,true\n1420200015,a,,false\n1420200015,b,+Inf,true\n';
    const args = ['--labels', 'host', '--set', 'job=batch'];
    const { code, stdout, api } = await run([
      'metrics',
      file('wide.csv', csv.replaceAll('true', '1').replaceAll('false', '0')),
      ...args,
    ]);
    assert.equal(code, 0);
    assert.match(stdout, /^accepted 5 samples, rejected 0/);
    assert.deepEqual(samplesOf(api), {
      '__name__=cpu host=a job=batch': [[1_420_200_000_000, 0.5]],
      '__name__=up host=a job=batch': [
        [1_420_200_000_000, 1],
        [1_420_200_015_000, 0],
      ],
      '__name__=cpu host=b job=batch': [[1_420_200_015_000, 'Infinity']],
      '__name__=up host=b job=batch': [[1_420_200_015_000, 1]],
    });
    assert.ok(api.requests.every(({ path }) => path === '/api/v1/import'));
  });

  test('the long form reads names and values, and a row without a number is rejected', async () => {
    const csv =
      'at;name;v;region;note\n2015-01-02;loss;1e-3;eu;x\n2015-01-02;loss;high;eu;x\nnever;loss;1;eu;x\n2015-01-02;;1;eu;x\n';
    const args = [
      '--map',
      'metric=name,value=v',
      '--time-column',
      'at',
      '--labels',
      'region',
      '--delimiter',
      ';',
      '--ignore-rest',
    ];
    const { code, stdout, api } = await run(['metrics', file('long-form.csv', csv), ...args]);
    assert.equal(code, 1);
    assert.deepEqual(samplesOf(api), { '__name__=loss region=eu': [[1_420_156_800_000, 0.001]] });
    assert.match(stdout, /accepted 1 samples, rejected 3/);
    assert.match(stdout, /row 2: wrong_type: v: got "high", wanted a number/);
    assert.match(stdout, /row 3: wrong_type: at: got "never"/);
    assert.match(stdout, /row 4: wrong_type: name: got no name of a metric/);
  });

  test("lines of VictoriaMetrics' form arrive as they lie", async () => {
    const line = '{"metric":{"__name__":"x","a":"1"},"values":[1,2],"timestamps":[1000,2000]}';
    const { code, stdout, api } = await run(['metrics', file('samples.ndjson', `${line}\n`)]);
    assert.equal(code, 0);
    assert.match(stdout, /^accepted 2 samples/);
    assert.deepEqual(
      api.requests.flatMap(({ lines }) => lines),
      [line],
    );
  });

  for (const [what, csv, args, message] of [
    [
      'a text column that is no label',
      'time,host,cpu\n1,a,2\n',
      [],
      /neither the time, nor a label, nor a number: host/,
    ],
    ['no time', 'host,cpu\na,2\n', ['--labels', 'host'], /--time-column: there is no column "ts"/],
    ['a label that there is not', 'time,cpu\n1,2\n', ['--labels', 'host'], /--labels: there is no column "host"/],
    ['half of the long form', 'time,cpu\n1,2\n', ['--map', 'value=cpu'], /needs both/],
    ['features', 'time,cpu\n1,2\n', ['--features-rest'], /--features-rest is not for metrics/],
  ] as const) {
    test(`${what} is bad use`, async () => {
      const { code, stderr, api } = await run(['metrics', file('bad.csv', csv), ...args]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
      assert.equal(api.attempts, 0);
    });
  }
});
