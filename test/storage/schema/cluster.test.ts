/** All migrations as a cluster has them, on two shards. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { migrate } from '../../../src/storage/schema/migrate.js';
import { migrations } from '../../../src/storage/schema/migrations.js';
import { startTestCluster, type TestCluster } from './cluster.js';

let cluster: TestCluster;
before(async () => {
  cluster = await startTestCluster();
});
after(() => cluster.stop());

const upTo = (number: number): Promise<number> =>
  migrate(cluster.engine, { topology: cluster.topology, program: '1', history: migrations.slice(0, number) });
const rowsBy = async (table: string): Promise<number[]> =>
  Promise.all(
    cluster.nodes.map(async (node) => {
      const [row] = await node.query<{ rows: string }>({ sql: `SELECT count() AS rows FROM ${table}` });
      return Number(row!.rows);
    }),
  );
const contents = async (): Promise<unknown> =>
  cluster.engine.query({
    sql: 'SELECT count() AS samples, sum(cityHash64(metric, series, ts, reinterpretAsUInt64(value))) AS hash FROM metric_samples',
  });

it('samples of both shards are written anew by migration 6, each on its shard, every one the same to the bit', async () => {
  assert.equal(await upTo(5), 5);
  await cluster.engine.command({
    sql: `INSERT INTO metric_samples (metric, series, ts, value)
SELECT 'm', number % 100, fromUnixTimestamp64Milli(toInt64(1767225600000 + intDiv(number, 100) * 600000), 'UTC'), if(number % 3 = 0, number / 7, number / 4)
FROM numbers(30000)`,
    settings: { distributed_foreground_insert: 1, max_partitions_per_insert_block: 0 },
  });
  const before = await contents();
  const spread = await rowsBy('metric_samples_local');
  assert.ok(spread.every((rows) => rows > 0) && spread[0]! + spread[1]! === 30_000, String(spread));
  assert.equal(await upTo(6), 6);
  assert.deepEqual(await contents(), before);
  assert.deepEqual(await rowsBy('metric_samples_local'), spread);
  const tables = await Promise.all(
    cluster.nodes.map((node) =>
      node.query<{ name: string }>({
        sql: `SELECT name FROM system.tables WHERE database = currentDatabase() AND name LIKE 'metric\\_samples%' ORDER BY name`,
      }),
    ),
  );
  for (const names of tables) assert.deepEqual(names, [{ name: 'metric_samples' }, { name: 'metric_samples_local' }]);
});

it('all further migrations stand on both nodes, with the same tables, and may run again', async () => {
  const newest = await upTo(migrations.length);
  assert.equal(newest, migrations.at(-1)!.number);
  const tablesOf = (node: number) =>
    cluster.nodes[node]!.query<{ name: string; columns: string }>({
      sql: `SELECT table AS name, groupArray((name, type, default_kind)) AS columns FROM system.columns WHERE database = currentDatabase() GROUP BY table ORDER BY table`,
    });
  const [first, second] = [await tablesOf(0), await tablesOf(1)];
  assert.deepEqual(first, second);
  assert.ok(first.length > 20, `${first.length} tables and views`);
  assert.equal(await upTo(migrations.length), newest);
});

it('rows that one node takes are spread over both, and found through the other', async () => {
  const [first, second] = cluster.nodes;
  await first!.command({
    sql: `INSERT INTO metric_series (metric, series, labels) SELECT 'm', number, map('i', toString(number)) FROM numbers(1000)`,
    settings: { distributed_foreground_insert: 1 },
  });
  const [row] = await second!.query<{ found: string }>({
    sql: `SELECT uniqExact(labels['i']) AS found FROM metrics WHERE metric = 'm' AND labels['i'] < '2'`,
  });
  assert.equal(row!.found, '12');
  assert.ok((await rowsBy('metric_series_local')).every((rows) => rows > 0));
});

it('every statement of the schema names the cluster', () => {
  assert.ok(cluster.onCluster.length > 40, String(cluster.onCluster.length));
});
