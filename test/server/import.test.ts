import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { packageRoot, runCli } from './cli-process.js';
import { file, folder, run, runHere } from './import-command.js';
import { type Fault, withFakeApi } from './import-fake-api.js';

const plain = [
  { request_id: 'a', model: 'm', version: '1', score: 0.25, features: { age: 30, plan: null } },
  { request_id: 'b', model: 'm', version: '1', prediction: 'yes', metadata: { n: [1, 2] } },
];
const ndjson = `${plain.map((row) => JSON.stringify(row)).join('\n')}\n`;

describe('import predictions', () => {
  for (const [name, content] of Object.entries({ 'plain.ndjson': ndjson, 'plain.jsonl.gz': gzipSync(ndjson) })) {
    test(`lines of ${name} arrive as they lie`, async () => {
      const { code, stdout, api } = await run(['predictions', file(name, content)]);
      assert.equal(code, 0, stdout);
      assert.deepEqual([...api.rows.values()], plain);
      assert.ok(api.requests.every(({ path }) => path === '/api/ml/predictions'));
      assert.match(stdout, /^accepted 2 rows, rejected 0, in /);
    });
  }

  test('a compressed CSV file is read as what it holds', async () => {
    const { code, stdout, api } = await run([
      'predictions',
      join(packageRoot, 'test/server/fixtures/import-rows.csv.zst'),
    ]);
    assert.equal(code, 0, stdout);
    assert.equal(api.rows.size, 1000);
    assert.deepEqual(api.rows.get('r999'), { request_id: 'r999', model: 'm', version: '1', score: 0.999 });
  });

  for (const [what, content] of [
    ['broken off', gzipSync(ndjson).subarray(0, -20)],
    ['no gzip at all', Buffer.from(ndjson)],
  ] as const) {
    test(`a compressed file that is ${what} fails with its name`, async () => {
      const { code, stderr } = await run(['predictions', file('broken.ndjson.gz', content)]);
      assert.equal(code, 1);
      assert.match(stderr, /error (incomplete_body|corrupt_encoding|invalid_file): .*broken\.ndjson\.gz: /);
    });
  }

  test('the standard input is a file too', async () => {
    await withFakeApi(async ({ url, rows }) => {
      const { code, stderr } = await runCli(['import', 'predictions', '-', '--format', 'ndjson', '--url', url], {
        input: ndjson,
      });
      assert.equal(code, 0, stderr);
      assert.deepEqual([...rows.values()], plain);
    });
  });

  test('a CSV file with other names is mapped', async () => {
    const csv = 'id,when,p,zip,age,member\n007,2015-01-02 12:00,0.5,02139,30,true\n8,2015-01-03,,10115,,false\n';
    const maps = [
      '--map',
      'request_id=id,score=p',
      '--time-column',
      'when',
      '--set',
      'model=churn',
      '--set',
      'version=2',
    ];
    const { code, api } = await run([
      'predictions',
      file('mapped.csv', csv),
      ...maps,
      '--features-rest',
      '--text',
      'zip',
    ]);
    assert.equal(code, 0);
    const rest = { model: 'churn', version: '2' };
    assert.deepEqual(Object.fromEntries(api.rows), {
      '007': {
        ...rest,
        request_id: '007',
        ts: '2015-01-02T12:00:00.000Z',
        score: 0.5,
        features: { zip: '02139', age: 30, member: true },
      },
      '8': {
        ...rest,
        request_id: '8',
        ts: '2015-01-03T00:00:00.000Z',
        features: { zip: '10115', age: null, member: false },
      },
    });
  });

  test('a Parquet file is mapped, exact to the last digit', async () => {
    const path = join(packageRoot, 'test/server/fixtures/import-types.parquet');
    const maps = [
      '--map',
      'request_id=id,ts=micros,prediction=flag,embedding=vector,metadata=record',
      '--set',
      'model=m',
      '--set',
      'version=1',
    ];
    const features = ['--features', 'small,double,text,price,precise,day,nanos,unsigned'];
    const { code, stdout, api } = await run(['predictions', path, ...maps, ...features, '--ignore-rest']);
    assert.equal(code, 0, stdout);
    const rest = { model: 'm', version: '1' };
    assert.deepEqual(Object.fromEntries(api.rows), {
      '1': {
        ...rest,
        request_id: '1',
        ts: '2015-01-02T03:04:05.678Z',
        prediction: 'true',
        embedding: [0.25, 0.5],
        metadata: { n: 1, t: 'x' },
        features: {
          unsigned: 0,
          small: -1,
          double: 0.1,
          text: '01234',
          price: 1.15,
          precise: '12345678901234567890.123456789',
          day: '2015-01-02',
          nanos: '2015-01-02T03:04:05.678901234Z',
        },
      },
      '2': {
        ...rest,
        request_id: '2',
        ts: '1969-12-31T23:59:59.500Z',
        prediction: 'false',
        embedding: [],
        metadata: { n: null, t: null },
        features: {
          unsigned: '18446744073709551615',
          small: null,
          double: null,
          text: '',
          price: -0.07,
          precise: 0.1,
          day: '1969-12-31',
          nanos: '1969-12-31T23:59:59.999999999Z',
        },
      },
      '9007199254740993': {
        ...rest,
        request_id: '9007199254740993',
        features: {
          unsigned: 7,
          small: 127,
          double: -2.5e-7,
          text: 'Zoë 😀',
          price: null,
          precise: 0,
          day: null,
          nanos: null,
        },
      },
    });
  });

  test('what no JSON can carry is a rejection of its row alone', async () => {
    const path = join(packageRoot, 'test/server/fixtures/import-types.parquet');
    const args = [
      '--map',
      'request_id=id,region=bytes',
      '--features',
      'infinite',
      '--set',
      'model=m',
      '--set',
      'version=1',
      '--ignore-rest',
    ];
    const { code, stdout, api } = await run(['predictions', path, ...args]);
    assert.equal(code, 1);
    assert.deepEqual([...api.rows.keys()], ['9007199254740993']);
    assert.match(stdout, /row 1: out_of_range: features.infinite: got Infinity, wanted a finite number/);
    assert.match(stdout, /row 2: invalid_utf8: region: the bytes are not valid UTF-8/);
  });

  test('NDJSON with other names is mapped, and a member that nothing names ends it', async () => {
    const lines = '{"id":9007199254740993,"age":30}\n{"id":"b","nested":{"x":1}}\n';
    const maps = ['--map', 'request_id=id', '--set', 'model=m', '--set', 'version=1', '--features', 'age'];
    const path = file('members.ndjson', lines);
    const refused = await run(['predictions', path, ...maps]);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /members.ndjson: not a field of predictions: "nested" \(first met on line 2\)/);
    assert.equal(refused.api.rows.size, 0);
    const taken = await run(['predictions', path, ...maps, '--ignore-rest']);
    assert.equal(taken.code, 0);
    assert.deepEqual(taken.api.rows.get('9007199254740993'), {
      request_id: '9007199254740993',
      model: 'm',
      version: '1',
      features: { age: 30 },
    });
  });
});

describe('rows of one request id', () => {
  test('arrive in the order of the file, however many requests are on their way and sent again', async () => {
    const rows = Array.from({ length: 4000 }, (_, i) => ({ request_id: `r${i % 100}`, label: i }));
    const path = file('revised.ndjson', rows.map((row) => JSON.stringify(row)).join('\n'));
    const faults: Fault[] = ['break', { status: 503, body: '', headers: { 'retry-after': '0' } }];
    const faultOf = (attempt: number): Fault => (attempt % 3 === 0 ? faults[attempt % 2]! : 'take');
    const { code, api } = await run(['ground-truth', path, '--batch-rows', '50', '--concurrency', '8'], faultOf);
    assert.equal(code, 0);
    assert.ok(api.attempts > api.requests.length, 'some requests were sent again');
    assert.deepEqual(
      Array.from(api.rows.values(), ({ label }) => label as number).sort((a, b) => a - b),
      Array.from({ length: 100 }, (_, i) => 3900 + i),
    );
  });
});

describe('rejected rows', () => {
  const csv = [
    'request_id,model,version,score',
    ...Array.from({ length: 30 }, (_, i) => `r${i},m,1,${i % 10 === 3 ? 'high' : 0.5}`),
  ];
  const path = file('rejected.csv', `${csv.join('\n')}\nr30,m\n`);

  test('are told with their file, row and reason, and make the command fail', async () => {
    const { code, stdout, api } = await run(['predictions', path]);
    assert.equal(code, 1);
    assert.equal(api.rows.size, 27);
    const lines = stdout.split('\n');
    assert.match(lines[0]!, /^accepted 27 rows, rejected 4, in /);
    assert.deepEqual(lines.slice(1, -1).sort(), [
      `${path} row 14: wrong_type: score: got "high", wanted a number`,
      `${path} row 24: wrong_type: score: got "high", wanted a number`,
      `${path} row 31: invalid_file: the record has 2 cells, the header has 4`,
      `${path} row 4: wrong_type: score: got "high", wanted a number`,
    ]);
  });

  test('up to an allowed number do not', async () => {
    assert.equal((await run(['predictions', path, '--allow-rejected', '4'])).code, 0);
    assert.equal((await run(['predictions', path, '--allow-rejected', '3'])).code, 1);
  });

  test('stop the import where that is asked for', async () => {
    const many = Array.from({ length: 3000 }, (_, i) => `r${i},m,1,${i === 5 ? 'high' : 0.5}`);
    const long = file('long.csv', `request_id,model,version,score\n${many.join('\n')}\n`);
    const { code, stdout, api } = await run([
      'predictions',
      long,
      '--on-error',
      'stop',
      '--batch-rows',
      '10',
      '--concurrency',
      '1',
    ]);
    assert.equal(code, 1);
    assert.ok(api.rows.size < 2000, `${api.rows.size} rows arrived`);
    assert.match(stdout, /stopped; /);
  });

  test('of a body of which none was good are counted, not taken for a failure', async () => {
    const { code, stdout } = await run(['predictions', file('none.ndjson', '{"request_id":"a","score":"x"}\n')]);
    assert.equal(code, 1);
    assert.match(stdout, /^accepted 0 rows, rejected 1,[^\n]*\n[^\n]* row 1: wrong_type/);
  });
});

describe('nothing is sent', () => {
  const path = file('columns.csv', 'request_id,model,version,age\na,m,1,30\n');
  const cases: [what: string, args: string[], message: RegExp][] = [
    ['where columns are left over', ['predictions', path], /columns.csv: not a field of predictions: "age"/],
    [
      'where a file is missing',
      ['predictions', path, join(folder, 'gone.csv'), '--ignore-rest'],
      /gone.csv: there is no such file/,
    ],
    [
      'where a later file does not fit',
      ['predictions', path, file('odd.csv', 'x\n1\n'), '--ignore-rest'],
      /odd.csv: no column gives/,
    ],
    ['where the format cannot be told', ['predictions', file('what.dat', '')], /cannot tell the format of .*what.dat/],
    ['where the kind is none', ['labels', path], /predictions, ground-truth, metrics/],
    [
      'where options exclude each other',
      ['predictions', path, '--ignore-rest', '--features-rest'],
      /exclude each other/,
    ],
    ['where a pair is none', ['predictions', path, '--map', 'age'], /name=value/],
    ['where labels are named for rows', ['predictions', path, '--labels', 'age'], /--labels is not for predictions/],
    ['where a time format is none', ['predictions', path, '--time-format', 'iso'], /"iso" is not a time format/],
  ];
  for (const [what, args, message] of cases) {
    test(`${what}, and the exit code says bad use`, async () => {
      const { code, stderr, api } = await run(args);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
      assert.equal(api.attempts, 0);
    });
  }

  test('by a dry run, which shows the first rows and needs no server', async () => {
    const { code, stdout, stderr } = await runHere(['predictions', path, '--features-rest', '--dry-run']);
    assert.equal(code, 0);
    assert.match(stderr, /\{"request_id":"a","model":"m","version":"1","features":\{"age":30\}\}/);
    assert.match(stdout, /^would send 1 rows, rejected 0/);
  });

  test('where no server is, which is a failure', async () => {
    const url = await withFakeApi(async (api) => api.url);
    const { code, stderr } = await runHere(['predictions', path, '--ignore-rest', '--url', url]);
    assert.equal(code, 1);
    assert.match(stderr, /server_unreachable: no answer from .*: nothing listens there/);
  });
});

test('a refused request ends the import, with how far it got and that it can be run again', async () => {
  const rows = Array.from({ length: 40 }, (_, i) => `{"request_id":"r${i}"}`).join('\n');
  const refusal = { status: 413, body: '{"error":{"code":"body_too_large","message":"too large"}}' };
  const args = ['predictions', file('refused.ndjson', rows), '--batch-rows', '10', '--concurrency', '1'];
  const { code, stdout, stderr } = await run(args, (attempt) => (attempt === 3 ? refusal : 'take'));
  assert.equal(code, 1);
  assert.match(stdout, /^accepted 20 rows/);
  assert.match(stderr, /error body_too_large: too large \(20 rows had been accepted\)\nhint: .*run again/);
});
