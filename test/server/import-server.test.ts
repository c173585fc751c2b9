import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { packageRoot } from './cli-process.js';
import { file, runHere } from './import-command.js';
import { startTestServer, type TestServer } from './test-server.js';

describe('an import into a real server', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server?.stop());

  const importInto = (args: readonly string[]) => runHere([...args, '--url', server.url]);

  test('makes predictions and truths of files with columns of their own', async () => {
    const maps = ['--map', 'request_id=id,score=p', '--set', 'model=churn', '--set', 'version=2'];
    const served = 'id,when,p,prediction,zip,age\n007,2015-01-02 12:00,0.75,yes,02139,30\n8,2015-01-03,0.5,no,10115,\n';
    const first = await importInto([
      'predictions',
      file('served.csv', served),
      ...maps,
      '--time-column',
      'when',
      '--features-rest',
    ]);
    assert.equal(first.code, 0, first.stdout + first.stderr);
    const truths = file('truths.csv', 'who,label,known\n007,no,2015-02-01\n8,no,2015-02-02\n');
    const second = await importInto(['ground-truth', truths, '--map', 'request_id=who', '--time-column', 'known']);
    assert.equal(second.code, 0, second.stdout + second.stderr);

    const { body } = await server.get<Record<string, unknown>>('/api/ml/predictions/007?fresh=1');
    const { arrived, ground_truth, ...row } = body;
    assert.deepEqual(row, {
      request_id: '007',
      model: 'churn',
      version: '2',
      ts: '2015-01-02T12:00:00.000Z',
      score: 0.75,
      prediction: 'yes',
      features: { zip: '02139', age: 30 },
    });
    assert.deepEqual(
      (ground_truth as { label: string; ts: string }[]).map(({ label, ts }) => [label, ts]),
      [['no', '2015-02-01T00:00:00.000Z']],
    );
    const other = await server.get<{ features: unknown }>('/api/ml/predictions/8?fresh=1');
    assert.deepEqual(other.body.features, { zip: 10115, age: null });
  });

  test('takes the good rows of a file and tells what the server says of the others', async () => {
    const rows = [
      '{"request_id":"a","model":"m","version":"1"}',
      '{"request_id":"","model":"m","version":"1"}',
      '{"request_id":"b"',
      '{"request_id":"c","model":"m","version":"1","scroe":1}',
    ];
    const path = file('mixed.ndjson', rows.join('\n'));
    const { code, stdout } = await importInto(['predictions', path]);
    assert.equal(code, 1);
    assert.match(stdout, /^accepted 1 rows, rejected 3/);
    const told = stdout
      .split('\n')
      .slice(1, -1)
      .map((line) => line.slice(path.length).split(':')[0]! + line.slice(path.length).split(':')[1]);
    assert.deepEqual(told.sort(), [' row 2 empty_field', ' row 3 invalid_json', ' row 4 unknown_field']);
  });

  test('of the same file twice changes nothing', async () => {
    const path = join(packageRoot, 'test/server/fixtures/import-rows.csv.zst');
    for (const attempt of [1, 2]) {
      const { code, stdout } = await importInto(['predictions', path, '--batch-rows', '100']);
      assert.equal(code, 0, `attempt ${attempt}: ${stdout}`);
    }
    await server.get('/api/ml/models?fresh=1');
    const rows = await server.sql(
      "SELECT count() AS n, uniqExact(request_id) AS ids FROM predictions WHERE startsWith(request_id, 'r')",
    );
    assert.deepEqual(
      rows.map((row) => Object.values(row as object).map(Number)),
      [[1000, 1000]],
    );
  });

  test('of samples, where the server takes them, is counted by sample', async () => {
    const path = file('samples.csv', 'time,host,cpu\n2015-01-02,a,0.5\n2015-01-03,a,0.75\n');
    const { code, stdout, stderr } = await importInto(['metrics', path, '--labels', 'host']);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /^accepted 2 samples, rejected 0/);
  });
});
