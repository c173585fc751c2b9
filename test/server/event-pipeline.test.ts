import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, before, beforeEach, describe, test } from 'node:test';
import { BarographError } from '../../src/base/errors.js';
import { uncounted } from '../../src/ingest/counters.js';
import { createLog } from '../../src/server/cli/log.js';
import { loadConfiguration } from '../../src/server/configuration-loading.js';
import type { ServerEngine } from '../../src/server/engine.js';
import { type EnginePreparation, prepareEngine } from '../../src/server/engine-preparation.js';
import { type EventPipeline, startEventPipeline } from '../../src/server/event-pipeline.js';
import type { Engine, NativeInsert } from '../../src/storage/engine.js';
import { startTestEngine, type TestEngine, temporaryFolder } from '../storage/test-engine.js';

let test_: TestEngine;
before(async () => {
  test_ = await startTestEngine();
});
after(() => test_.stop());
beforeEach(() => test_.clear());

const logger = createLog({ level: 'silent', format: 'json' });

function serverEngine(engine: Engine, prepare: () => Promise<void> = () => Promise.resolve()): ServerEngine {
  const state = (): { name: string; reason: string } => ({ name: 'running', reason: '' });
  return { engine, topology: { database: engine.database }, state, prepare, stop: () => Promise.resolve() };
}

interface Started extends EventPipeline {
  readonly preparation: EnginePreparation;
}

async function start(data: string, serverEngine: ServerEngine, set: readonly string[] = []): Promise<Started> {
  const configuration = loadConfiguration({ flags: { data, set: [...set] }, environment: {}, workingFolder: data });
  const pipeline = await startEventPipeline({ configuration, counters: uncounted, logger });
  const ending = new AbortController();
  const stop = async (graceMs: number): Promise<void> => {
    ending.abort();
    await pipeline.stop(graceMs);
  };
  try {
    const preparation = await prepareEngine({
      serverEngine,
      program: 'test',
      logger,
      stopping: ending.signal,
      onSchema: () => pipeline.beginStoring(serverEngine.engine),
    });
    return { ...pipeline, stop, preparation };
  } catch (error) {
    await stop(0);
    throw error;
  }
}

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await temporaryFolder();
  try {
    await run(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Sends rows `from` to `to`; half of them with a time of their own, spread over several weeks. */
function send(pipeline: EventPipeline, from: number, to: number, rest: object = {}) {
  const lines = Array.from({ length: to - from }, (_, i) => {
    const id = from + i;
    const ts = id % 2 === 0 ? { ts: Date.parse('2026-01-01T00:00:00Z') + (id % 1_000) * 3_600_000 } : {};
    return JSON.stringify({ request_id: `r${id}`, model: 'm', version: '1', score: id, ...ts, ...rest });
  });
  return take(pipeline, 'prediction', lines);
}

const take = (pipeline: EventPipeline, kind: 'prediction' | 'ground_truth', lines: readonly string[]) =>
  pipeline.intake.take(kind, { source: sourceOf(Buffer.from(lines.join('\n'))), encoding: 'identity' });

async function* sourceOf(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

interface Counts {
  readonly rows: string;
  readonly ids: string;
  readonly total: number;
}

async function counts(engine: Engine): Promise<Counts> {
  const sql = 'SELECT count() AS rows, uniqExact(request_id) AS ids, sum(score) AS total FROM predictions';
  return (await engine.query<Counts>({ sql }))[0]!;
}

const expected = (rows: number): Counts => ({ rows: String(rows), ids: String(rows), total: (rows * (rows - 1)) / 2 });

/** An engine whose inserts fail as `fail` says: before anything reached the server, or after all of it did. */
function failing(engine: Engine, fail: (insert: NativeInsert, count: number) => 'before' | 'after' | 'no'): Engine {
  let count = 0;
  return {
    ...engine,
    async insert(insert) {
      const when = fail(insert, count++);
      if (when !== 'before') await engine.insert(insert);
      if (when !== 'no') throw new BarographError('engine_unavailable', 'the connection broke');
    },
  };
}

describe('rows reach their tables exactly once', () => {
  const cases: [string, (insert: NativeInsert, count: number) => 'before' | 'after' | 'no'][] = [
    ['when nothing fails', () => 'no'],
    ['when the first inserts do not reach the engine', (_, count) => (count < 3 ? 'before' : 'no')],
    [
      'when inserts are stored but their answers are lost',
      (_, count) => (count % 2 === 0 && count < 12 ? 'after' : 'no'),
    ],
    [
      'when rows are stored and the ids of them are not',
      ({ table }, count) => (table === 'prediction_ids' && count < 8 ? 'before' : 'no'),
    ],
  ];
  for (const [when, fail] of cases)
    test(when, () =>
      withFolder(async (folder) => {
        const pipeline = await start(folder, serverEngine(failing(test_.engine, fail)));
        for (let from = 0; from < 2_000; from += 500) await send(pipeline, from, from + 500);
        await pipeline.waitUntilStored();
        assert.deepEqual(await counts(test_.engine), expected(2_000));
        await pipeline.stop(1_000);
      }),
    );

  test('when the server stops before storing and starts again', () =>
    withFolder(async (folder) => {
      const away = serverEngine(failing(test_.engine, () => 'before'));
      const first = await start(folder, away);
      await send(first, 0, 1_500);
      await first.stop(100);
      const second = await start(folder, serverEngine(test_.engine));
      await send(second, 1_500, 2_000);
      await second.waitUntilStored();
      assert.deepEqual(await counts(test_.engine), expected(2_000));
      await second.stop(1_000);
    }));

  test('when the rows were stored but the log did not learn of it', () =>
    withFolder(async (folder) => {
      const first = await start(folder, serverEngine(test_.engine));
      await send(first, 0, 1_000);
      await first.waitUntilStored();
      await first.stop(1_000);
      await rm(`${folder}/wal/events/checkpoint`, { force: true });
      const second = await start(folder, serverEngine(test_.engine));
      await send(second, 1_000, 1_200);
      await second.waitUntilStored();
      assert.deepEqual(await counts(test_.engine), expected(1_200));
      await second.stop(1_000);
    }));
});

describe('while the engine is away', () => {
  test('writes are acknowledged, and stored once it is there', () =>
    withFolder(async (folder) => {
      let away = true;
      const prepare = async (): Promise<void> => {
        if (away) throw new BarographError('engine_unavailable', 'nothing answers');
      };
      const pipeline = await start(folder, serverEngine(test_.engine, prepare));
      assert.match(pipeline.preparation.problem() ?? '', /nothing answers/);
      assert.equal((await send(pipeline, 0, 100)).accepted, 100);
      await assert.rejects(pipeline.waitUntilStored(), { code: 'engine_unavailable' });
      away = false;
      while (pipeline.preparation.problem() !== undefined) await new Promise((resolve) => setTimeout(resolve, 50));
      await pipeline.waitUntilStored();
      assert.deepEqual(await counts(test_.engine), expected(100));
      await pipeline.stop(1_000);
    }));

  test('rows beyond the bound of memory wait in the log and are stored from there', () =>
    withFolder(async (folder) => {
      let away = true;
      const engine = failing(test_.engine, () => (away ? 'before' : 'no'));
      const pipeline = await start(folder, serverEngine(engine), ['ingest.memory_bytes_max=100KiB']);
      for (let from = 0; from < 20_000; from += 1_000) await send(pipeline, from, from + 1_000);
      assert.equal(pipeline.waitingRows(), 20_000);
      away = false;
      await pipeline.waitUntilStored();
      assert.deepEqual(await counts(test_.engine), expected(20_000));
      await pipeline.stop(1_000);
    }));

  test('a log at its bound refuses writes, and takes them again once the engine has caught up', () =>
    withFolder(async (folder) => {
      let away = true;
      const engine = failing(test_.engine, () => (away ? 'before' : 'no'));
      const pipeline = await start(folder, serverEngine(engine), ['wal.bytes_max=1MiB', 'wal.segment_bytes=64KiB']);
      let rows = 0;
      const fill = async (): Promise<void> => {
        for (; rows < 100_000; rows += 500) await send(pipeline, rows, rows + 500);
      };
      await assert.rejects(fill(), (error: unknown) => {
        assert.ok(error instanceof BarographError && error.code === 'log_full', String(error));
        assert.ok((error.retryAfterSeconds ?? 0) > 0);
        return true;
      });
      away = false;
      await pipeline.waitUntilStored();
      assert.equal((await send(pipeline, rows, rows + 500)).accepted, 500);
      await pipeline.waitUntilStored();
      assert.deepEqual(await counts(test_.engine), expected(rows + 500));
      await pipeline.stop(1_000);
    }));
});

describe('ids and truth across restarts', () => {
  test('a retry after a restart is still the same row, and truth still finds its prediction', () =>
    withFolder(async (folder) => {
      const first = await start(folder, serverEngine(test_.engine));
      await send(first, 0, 100);
      await first.waitUntilStored();
      await first.stop(1_000);
      const second = await start(folder, serverEngine(test_.engine));
      await send(second, 0, 100);
      await take(second, 'ground_truth', ['{"request_id": "r7", "label": 1}', '{"request_id": "r8", "label": 0}']);
      await second.waitUntilStored();
      assert.deepEqual(await counts(test_.engine), expected(100));
      const truth = await test_.engine.query<{ request_id: string; label_number: number }>({
        sql: 'SELECT request_id, label_number FROM labelled_predictions ORDER BY request_id',
      });
      assert.deepEqual(truth, [
        { request_id: 'r7', label_number: 1 },
        { request_id: 'r8', label_number: 0 },
      ]);
      await second.stop(1_000);
    }));

  test('bodies under way are bounded together', () =>
    withFolder(async (folder) => {
      const sizes = ['body', 'decoded', 'inflight'].map((each) => `ingest.${each}_bytes_max=10KiB`);
      const pipeline = await start(folder, serverEngine(test_.engine), sizes);
      let finish = (): void => {};
      const rest = new Promise<void>((resolve) => {
        finish = resolve;
      });
      const line = `{"request_id": "slow", "model": "m", "version": "1", "score": 0, "metadata": {"x": "${'x'.repeat(6_000)}"}}\n`;
      async function* slowly(): AsyncIterable<Uint8Array> {
        yield Buffer.from(line);
        await rest;
      }
      const slow = pipeline.intake.take('prediction', { source: slowly(), encoding: 'identity' });
      await new Promise((resolve) => setImmediate(resolve));
      await assert.rejects(take(pipeline, 'prediction', [line.replace('slow', 'quick')]), {
        code: 'too_many_requests',
      });
      finish();
      assert.equal((await slow).accepted, 1);
      assert.equal((await take(pipeline, 'prediction', [line.replace('slow', 'later')])).accepted, 1);
      await pipeline.stop(1_000);
    }));
});
