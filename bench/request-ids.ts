/**
 * The look-up of one request among many, and truth that arrives long after its prediction. Fills the tables by SQL with
 * `--rows N` (default 10 million) predictions of a year, then asks as the server does.
 * Asserts that a look-up costs no more than 40 times the engine's shortest answer, and that every truth finds its prediction.
 */
import assert from 'node:assert/strict';
import { parseArgs } from 'node:util';
import { createPrecedence } from '../src/base/precedence.js';
import { lookUpPrediction } from '../src/evaluation/prediction-lookup.js';
import { uncounted } from '../src/ingest/counters.js';
import { encodeEventRecord, type RecordOf } from '../src/ingest/events/event-record.js';
import { openKnownIds } from '../src/ingest/events/known-ids.js';
import { storeGroundTruth } from '../src/ingest/events/store-ground-truth.js';
import { groundTruthDecoder } from '../src/protocols/json/ground-truth-decoder.js';
import { migrate } from '../src/storage/schema/migrate.js';
import { startTestEngine } from '../test/storage/test-engine.js';

const { values } = parseArgs({ options: { rows: { type: 'string', default: '10000000' } } });
const rows = Number(values.rows);
const say = (what: string, figure: string): void => void process.stdout.write(`${what.padEnd(58)} ${figure}\n`);
const lookupFloorsMax = 40;

const { engine, stop } = await startTestEngine();
try {
  await migrate(engine, { topology: { database: engine.database }, program: 'bench' });
  await fill();
  const floor = await medianMs(20, () => engine.query({ sql: 'SELECT 1' }));
  say('shortest answer of the engine', `${floor.toFixed(1)} ms`);
  const lookup = await medianMs(40, (i) => lookUpPrediction(engine, idOf((i * 7_919_317) % rows)));
  say(
    `one request of ${rows.toLocaleString('en')}`,
    `${lookup.toFixed(1)} ms, ${(lookup / floor).toFixed(1)} times the shortest`,
  );
  await tieTruth(1_000);
  await tieTruth(20_000);
  assert.ok(lookup <= floor * lookupFloorsMax, `a look-up takes ${lookup} ms, the shortest answer ${floor} ms`);
} finally {
  await stop();
}

/** The id of a row, spread like random ones. */
function idOf(row: number): string {
  return `id-${row}`;
}

async function fill(): Promise<void> {
  const started = performance.now();
  const perStatement = 2_000_000;
  for (let from = 0; from < rows; from += perStatement) {
    const params = {
      from,
      count: Math.min(perStatement, rows - from),
      spacingMs: Math.floor((365 * 86_400_000) / rows),
    };
    const source = `SELECT from + number AS row_id, concat('id-', toString(row_id)) AS request_id, 'm' AS model, '1' AS version,
  fromUnixTimestamp64Milli(1735689600000 + toInt64(row_id) * {spacingMs:Int64}, 'UTC') AS ts
FROM (SELECT number, {from:UInt64} AS from FROM numbers({count:UInt64}))`;
    const settings = { max_partitions_per_insert_block: 0 };
    await engine.command({
      sql: `INSERT INTO prediction_rows (row_id, request_id, model, version, ts, arrived, prediction_number, score)
SELECT row_id, request_id, model, version, ts, ts, row_id % 2, (row_id % 1000) / 1000 FROM (${source})`,
      params,
      settings: { ...settings, insert_deduplicate: 0 },
    });
    await engine.command({
      sql: `INSERT INTO prediction_ids (request_hash, request_check, row_id, model, version, ts)
SELECT xxHash64(request_id), toUInt32(bitAnd(sipHash64(request_id), 4294967295)), row_id, model, version, ts FROM (${source})`,
      params,
      settings,
    });
  }
  await merged('prediction_ids');
  say('filled', `${((performance.now() - started) / 1000).toFixed(0)} s`);
  const [size] = await engine.query<{ per_row: number }>({
    sql: `SELECT sum(bytes_on_disk) / sum(rows) AS per_row FROM system.parts WHERE active AND table = 'prediction_ids'`,
  });
  say('bytes an id in prediction_ids', size!.per_row.toFixed(1));
}

/** Waits until background merges have settled, as they would have over a year. */
async function merged(table: string): Promise<void> {
  for (;;) {
    const [busy] = await engine.query<{ merges: string }>({
      sql: 'SELECT count() AS merges FROM system.merges WHERE table = {table:String}',
      params: { table },
    });
    if (busy!.merges === '0') break;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  const [parts] = await engine.query<{ parts: string }>({
    sql: 'SELECT count() AS parts FROM system.parts WHERE active AND table = {table:String}',
    params: { table },
  });
  say(`parts of ${table}`, parts!.parts);
}

async function medianMs(times: number, run: (i: number) => Promise<unknown>): Promise<number> {
  const each: number[] = [];
  for (let i = 0; i < times; i++) {
    const started = performance.now();
    await run(i);
    each.push(performance.now() - started);
  }
  return each.sort((a, b) => a - b)[times >> 1]!;
}

async function tieTruth(count: number): Promise<void> {
  const knownIds = await openKnownIds(engine, 1 << 26);
  await knownIds.loaded;
  const decoder = groundTruthDecoder({ framing: 'auto', nowMs: Date.now(), aheadMsMax: 'off' });
  const step = Math.floor(rows / count);
  for (let i = 0; i < count; i++) decoder.push(Buffer.from(`{"request_id":"${idOf(i * step)}","label":${i % 2}}\n`));
  const { batches } = decoder.end();
  const records = batches.map((batch) =>
    encodeEventRecord({ kind: 'ground_truth', batch }, Date.now()).numbered(2 ** 40 + count * 10),
  ) as RecordOf<'ground_truth'>[];
  const started = performance.now();
  const context = { engine, knownIds, precedence: createPrecedence(), counters: uncounted, maybeStoredBelow: 0 };
  await storeGroundTruth(records, context);
  const tookMs = performance.now() - started;
  const [tied] = await engine.query<{ rows: string }>({
    sql: 'SELECT count() AS rows FROM prediction_outcomes WHERE truth_row_id >= {first:UInt64}',
    params: { first: 2 ** 40 + count * 10 },
  });
  assert.equal(Number(tied!.rows), count);
  say(
    `${count.toLocaleString('en')} truths tied to their predictions`,
    `${tookMs.toFixed(0)} ms, ${Math.round((count / tookMs) * 1000).toLocaleString('en')} a second`,
  );
}
