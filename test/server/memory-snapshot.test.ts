import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openClickhouseEngine } from '../../src/storage/clickhouse-engine.js';
import type { Engine } from '../../src/storage/engine.js';
import { type ExternalEngine, startExternalEngine } from '../storage/external-engine.js';
import { temporaryFolder } from '../storage/test-engine.js';
import { startServerProcess } from '../torture/server-process.js';
import { startTestServer, type TestServer } from './test-server.js';

const startMs = Date.parse('2026-01-01T00:00:00Z');
const stepMs = 15_000;
const keeping = ['metrics.snapshot.bytes_max=64MiB', 'metrics.accept.behind=off'];

interface Result {
  readonly result: readonly { readonly metric: object; readonly value: readonly [number, string] }[];
  readonly stats: { readonly storage: Record<'rows' | 'loads' | 'hourMisses' | 'hourHits' | 'samples', number> };
}

type Asked = Pick<TestServer, 'get' | 'post'>;

async function load(server: Asked, name: string, i: number, values: readonly unknown[], first = 0): Promise<void> {
  const timestamps = values.map((_, sample) => startMs + (first + sample) * stepMs);
  const line = JSON.stringify({ metric: { __name__: name, i: String(i) }, values, timestamps });
  assert.equal((await server.post('/api/v1/import', line)).status, 204);
}

async function ask(server: Pick<TestServer, 'get'>, query: string, sample = 600): Promise<Result> {
  const time = String((startMs + sample * stepMs) / 1000);
  const parameters = new URLSearchParams({ query, time, stats: 'all' });
  const { status, body } = await server.get<{ data: Result }>(`/api/v1/query?${parameters}`);
  assert.equal(status, 200);
  return body.data;
}

const valuesOf = async (server: Pick<TestServer, 'get'>, query: string): Promise<string[]> =>
  (await ask(server, query)).result.map(({ value }) => value[1]).sort();

const snapshotOf = (folder: string): string => join(folder, 'memory-snapshot');
const hasSnapshot = async ({ folder }: TestServer): Promise<boolean> =>
  (await readdir(folder)).includes('memory-snapshot');

const isFromMemory = ({ stats: { storage } }: Result): boolean =>
  storage.rows === 0 && storage.loads === 0 && storage.hourMisses === 0 && storage.hourHits > 0;

const counts = 'count_over_time(kept[4h]) + sum_over_time(kept[4h])';

describe('a server that was stopped and started again', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer({ set: keeping });
    for (let i = 0; i < 5; i++)
      await load(
        server,
        'kept',
        i,
        Array.from({ length: 600 }, (_, sample) => Math.round(Math.sin(sample * (i + 1)) * 1e6) / 1e3),
      );
  });
  after(() => server.stop());

  async function restart(set: readonly string[] = keeping): Promise<void> {
    await server.halt();
    server = await startTestServer({ folder: server.folder, set });
  }

  it('answers from memory what it answered before, and takes samples for the same hours', async () => {
    const expected = await valuesOf(server, counts);
    await restart();
    assert.equal(await hasSnapshot(server), false);
    const { stats, result } = await ask(server, counts);
    assert.ok(isFromMemory({ stats, result }), JSON.stringify(stats));
    assert.deepEqual(result.map(({ value }) => value[1]).sort(), expected);
    await load(server, 'kept', 0, [1, 2, 3], 600);
    await load(server, 'kept', 0, [7], 100);
    await load(server, 'kept', 9, [1, 2, 3], 300);
    const later = await valuesOf(server, counts);
    assert.notDeepEqual(later, expected);
    await restart();
    assert.deepEqual(await valuesOf(server, counts), later);
    await server.halt();
    await rm(snapshotOf(server.folder));
    server = await startTestServer({ folder: server.folder, set: keeping });
    const read = await ask(server, counts);
    assert.ok(read.stats.storage.rows > 0);
    assert.deepEqual(read.result.map(({ value }) => value[1]).sort(), later);
  });

  it('does not bring back what was deleted', async () => {
    await server.post('/api/v1/admin/tsdb/delete_series?match[]=kept{i="1"}', '', {});
    const range = `start=${startMs / 1000}&end=${startMs / 1000 + 1800}`;
    await server.post(`/api/v1/admin/tsdb/delete_series?match[]=kept{i="2"}&${range}`, '', {});
    const expected = await valuesOf(server, counts);
    await restart();
    const { result, stats } = await ask(server, counts);
    assert.ok(isFromMemory({ stats, result }), JSON.stringify(stats));
    assert.deepEqual(result.map(({ value }) => value[1]).sort(), expected);
    await server.post('/api/v1/admin/tsdb/delete_series?match[]=kept{i="3"}', '', {});
    assert.equal((await valuesOf(server, 'count_over_time(kept{i=~"[13]"}[4h])')).length, 0);
  });

  it('leaves a snapshot of an earlier state aside, and one that is damaged', async () => {
    await server.halt();
    const [current, old] = [snapshotOf(server.folder), join(server.folder, 'old')];
    await copyFile(current, old);
    server = await startTestServer({ folder: server.folder, set: keeping });
    await load(server, 'kept', 0, [5], 610);
    const expected = await valuesOf(server, 'count_over_time(kept[4h])');
    await server.halt();
    const newest = await readFile(current);
    const damaged = newest.map((byte, at) => (at === 300 ? byte ^ 1 : byte));
    for (const wrong of [await readFile(old), damaged, newest.subarray(0, 500), Buffer.alloc(0)]) {
      await writeFile(current, wrong);
      server = await startTestServer({ folder: server.folder, set: keeping });
      assert.equal(await hasSnapshot(server), false);
      const { result, stats } = await ask(server, 'count_over_time(kept[4h])');
      assert.ok(stats.storage.rows > 0);
      assert.deepEqual(result.map(({ value }) => value[1]).sort(), expected);
      await server.halt();
    }
    server = await startTestServer({ folder: server.folder, set: keeping });
  });

  it('stops as ever where no snapshot can be written, or not in time', async () => {
    const expected = await valuesOf(server, counts);
    await restart([...keeping, 'metrics.snapshot.time_max=1ms']);
    await ask(server, counts);
    await server.halt();
    assert.equal(await hasSnapshot(server), false);
    server = await startTestServer({ folder: server.folder, set: keeping });
    assert.deepEqual(await valuesOf(server, counts), expected);
    await mkdir(`${snapshotOf(server.folder)}.tmp`);
    await server.halt();
    assert.equal(await hasSnapshot(server), false);
    await rm(`${snapshotOf(server.folder)}.tmp`, { recursive: true, force: true });
    server = await startTestServer({ folder: server.folder, set: keeping });
    assert.deepEqual(await valuesOf(server, counts), expected);
  });

  it('leaves none where it is told so', async () => {
    await restart(['metrics.snapshot.bytes_max=0']);
    await server.halt();
    assert.equal(await hasSnapshot(server), false);
    server = await startTestServer({ folder: server.folder, set: keeping });
  });
});

describe('a snapshot', () => {
  it('loses nothing of what came after it to a server that is killed', async () => {
    const folder = await temporaryFolder();
    const started = () => startServerProcess(folder, [...keeping, 'metrics.warm=off']);
    let server = await started();
    const asked: Asked = {
      get: async (path) => {
        const response = await fetch(server.url + path);
        return { status: response.status, headers: response.headers, body: (await response.json()) as never };
      },
      post: async (path, body) => {
        const response = await fetch(server.url + path, {
          method: 'POST',
          body: body as string,
          headers: { 'content-type': 'application/x-ndjson' },
        });
        return { status: response.status, headers: response.headers, body: (await response.text()) as never };
      },
    };
    try {
      await load(asked, 'kept', 1, Array(300).fill(1));
      await server.kill('SIGTERM');
      server = await started();
      assert.ok(isFromMemory(await ask(asked, 'sum_over_time(kept[4h])')));
      await load(asked, 'kept', 1, Array(200).fill(1), 250);
      await load(asked, 'kept', 2, Array(100).fill(2), 0);
      await server.kill('SIGKILL');
      server = await started();
      assert.deepEqual(await valuesOf(asked, 'sum_over_time(kept[4h])'), ['200', '450']);
    } finally {
      await server.kill('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    }
  });

  describe('of a database that others may write to', () => {
    let external: ExternalEngine;
    let others: Engine;
    before(async () => {
      external = await startExternalEngine();
      others = openClickhouseEngine(external);
    });
    after(async () => {
      await others.close();
      await external.stop();
    });
    const start = (folder?: string): Promise<TestServer> =>
      startTestServer({
        ...(folder === undefined ? {} : { folder }),
        set: [
          `engine.url=${external.url}`,
          `engine.database=${external.database}`,
          `engine.username=${external.admin.username}`,
          `engine.password=${external.admin.password}`,
          ...keeping,
        ],
      });

    it('is left aside where they did', async () => {
      let server = await start();
      await load(server, 'kept', 1, Array(100).fill(1));
      await server.halt();
      assert.equal(await hasSnapshot(server), true);
      server = await start(server.folder);
      assert.ok(isFromMemory(await ask(server, 'sum_over_time(kept[4h])')));
      await server.halt();
      await others.command({
        sql: `INSERT INTO metric_samples (metric, series, ts, mantissa, scale)
SELECT metric, series, ts + INTERVAL 1 SECOND, 10, 0 FROM metric_samples WHERE metric = 'kept' LIMIT 1`,
      });
      server = await start(server.folder);
      assert.deepEqual(await valuesOf(server, 'sum_over_time(kept[4h])'), ['110']);
      await server.halt();
      await others.command({
        sql: 'ALTER TABLE metric_samples DELETE WHERE mantissa = 10',
        settings: { mutations_sync: 2 },
      });
      server = await start(server.folder);
      assert.deepEqual(await valuesOf(server, 'sum_over_time(kept[4h])'), ['100']);
      await server.stop();
    });
  });
});
