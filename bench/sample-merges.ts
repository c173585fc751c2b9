/**
 * What the engine spends on the table of samples: `node dist/bench/sample-merges.js`. Small flushes at a steady pace, as a server of
 * middling load makes them, go into `metric_samples` and then into the table as it was at first, with doubles for values and the engine's own
 * defaults, in the same run. CPU of the engine for inserts and all merges until none is left to do, how often a row was written anew, most
 * parts at a time, and bytes a sample once each table is one part. It fails where the two tables do not hold the same rows to the bit,
 * where rows of `metric_samples` are written anew more than `rewriteRatioMax` times as often, or where a sample takes more than
 * `bytesRatioMax` times the bytes.
 */
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { sampleColumns } from '../src/ingest/metrics/sample-blocks.js';
import { textColumnOf } from '../src/model/columns.js';
import type { Engine } from '../src/storage/engine.js';
import { encodeBlock, type NativeColumn } from '../src/storage/native/encode.js';
import { metricSamples } from '../src/storage/schema/metrics.js';
import { migrate } from '../src/storage/schema/migrate.js';
import { renderTable } from '../src/storage/schema/table.js';
import { startTestEngine } from '../test/storage/test-engine.js';
import { cpuSeconds } from './measure/process-tree.js';

const { values } = parseArgs({ options: { flushes: { type: 'string', default: '80' } } });
const flushCount = Number(values.flushes);
const seriesCount = 1_000;
const ticksPerFlush = 5;
const rowsPerFlush = seriesCount * ticksPerFlush;
const millions = (flushCount * rowsPerFlush) / 1e6;
const tickMs = 15_000;
/** The engine's patience with small parts ends after seconds, so flushes at full speed would show other merges. */
const flushEveryMs = 500;
/** Half was measured with 80 flushes, and less at a slower pace: see docs/decisions/sample-merges.md. */
const rewriteRatioMax = 0.7;
/** About 0.7 was measured. */
const bytesRatioMax = 0.85;
const quietMs = 3_000;
const pollMs = 100;
const metricNames = ['requests_total', 'utilization_ratio'];
const reference = 'samples_reference';
/** Noon, so that all samples are of one day. */
const startMs = Date.UTC(2026, 0, 1, 12);

/** The same samples for both tables. */
interface Flush {
  readonly decimal: Uint8Array;
  readonly double: Uint8Array;
}

/** Counters and gauges of three decimals, half of the series each, the same in each run. */
function makeBlocks(): Flush[] {
  let state = 42;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const last = Float64Array.from({ length: seriesCount }, () => Math.floor(random() * 1_000));
  // Like hashes of labels, sorted within a metric.
  const hash = (): bigint => (BigInt(Math.floor(random() * 2 ** 32)) << 32n) | BigInt(Math.floor(random() * 2 ** 32));
  const ids = metricNames.flatMap(() =>
    Array.from(BigUint64Array.from({ length: seriesCount / metricNames.length }, hash).sort()),
  );
  return Array.from({ length: flushCount }, (_, flush) => {
    const places = new Uint8Array(rowsPerFlush);
    const series = new BigUint64Array(rowsPerFlush);
    const times = new BigUint64Array(rowsPerFlush);
    const mantissas = new BigInt64Array(rowsPerFlush);
    const scales = new Uint8Array(rowsPerFlush);
    const samples = new Float64Array(rowsPerFlush);
    for (let row = 0; row < rowsPerFlush; row++) {
      const each = Math.floor(row / ticksPerFlush);
      const isGauge = each >= seriesCount / 2;
      last[each] = last[each]! + Math.round((isGauge ? random() - 0.5 : random()) * 40);
      places[row] = isGauge ? 1 : 0;
      series[row] = ids[each]!;
      times[row] = BigInt(startMs + (flush * ticksPerFlush + (row % ticksPerFlush)) * tickMs + each);
      mantissas[row] = BigInt(last[each]!);
      scales[row] = isGauge ? 3 : 0;
      samples[row] = isGauge ? last[each]! / 1_000 : last[each]!;
    }
    const key: NativeColumn[] = [
      {
        name: 'metric',
        type: 'LowCardinality(String)',
        data: { kind: 'dictionary', texts: textColumnOf(metricNames), places },
      },
      raw('series', 'UInt64', series),
      raw('ts', "DateTime64(3, 'UTC')", times),
    ];
    return {
      decimal: encodeBlock([...key, raw('mantissa', 'Int64', mantissas), raw('scale', 'UInt8', scales)], rowsPerFlush),
      double: encodeBlock([...key, raw('value', 'Float64', samples)], rowsPerFlush),
    };
  });
}

const raw = (name: string, type: string, { buffer, byteOffset, byteLength }: ArrayBufferView): NativeColumn => ({
  name,
  type,
  data: { kind: 'raw', bytes: new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength) },
});

async function figure(engine: Engine, sql: string, table = ''): Promise<number> {
  const [row] = await engine.query<{ figure: string | number }>({ sql, params: { table } });
  return Number(row!.figure);
}

const mergedRows = (engine: Engine): Promise<number> =>
  figure(engine, "SELECT sum(value) AS figure FROM system.events WHERE event = 'MergedRows'");
const partCount = (engine: Engine, table: string): Promise<number> =>
  figure(engine, 'SELECT count() AS figure FROM system.parts WHERE active AND table = {table:String}', table);

/** Resolves once no merge has run for a while. */
async function settled(engine: Engine): Promise<void> {
  for (let idleMs = 0; idleMs < quietMs; idleMs += pollMs) {
    if ((await figure(engine, 'SELECT count() AS figure FROM system.merges')) > 0) idleMs = 0;
    await delay(pollMs);
  }
}

interface Spent {
  readonly cpu: number;
  readonly rewrites: number;
  readonly parts: number;
  readonly bytes: number;
}

async function spend(
  engine: Engine,
  pid: number,
  { table, columns, blocks }: { table: string; columns: readonly string[]; blocks: readonly Uint8Array[] },
): Promise<Spent> {
  const startedCpu = cpuSeconds(pid);
  const startedRows = await mergedRows(engine);
  let parts = 0;
  for (const block of blocks) {
    const dueMs = performance.now() + flushEveryMs;
    await engine.insert({ table, columns, blocks: [block], settings: { optimize_on_insert: 0 } });
    parts = Math.max(parts, await partCount(engine, table));
    await delay(Math.max(0, dueMs - performance.now()));
  }
  await settled(engine);
  const cpu = (cpuSeconds(pid) - startedCpu) / millions;
  const rewrites = ((await mergedRows(engine)) - startedRows) / (millions * 1e6);
  await engine.command({ sql: `OPTIMIZE TABLE ${table} FINAL` });
  const stored = await figure(
    engine,
    'SELECT sum(bytes_on_disk) AS figure FROM system.parts WHERE active AND table = {table:String}',
    table,
  );
  return { cpu, rewrites, parts, bytes: stored / (millions * 1e6) };
}

const contents = (table: string): string =>
  `SELECT toString(tuple(count(), sum(cityHash64(metric, series, ts, reinterpretAsUInt64(value))))) AS contents FROM ${table} FINAL`;

const { engine, embedded, stop } = await startTestEngine();
try {
  const topology = { database: engine.database };
  await migrate(engine, { topology, program: 'bench' });
  for (const sql of renderTable({ ...metricSamples, name: reference }, topology)) await engine.command({ sql });
  const flushes = makeBlocks();
  const ours = await spend(engine, embedded.pid, {
    table: 'metric_samples',
    columns: sampleColumns,
    blocks: flushes.map(({ decimal }) => decimal),
  });
  const theirs = await spend(engine, embedded.pid, {
    table: reference,
    columns: ['metric', 'series', 'ts', 'value'],
    blocks: flushes.map(({ double }) => double),
  });
  process.stdout.write('                  CPU-s a million   rewrites   most parts   bytes a sample\n');
  for (const [name, { cpu, rewrites, parts, bytes }] of Object.entries({ metric_samples: ours, [reference]: theirs }))
    process.stdout.write(
      `${name.padEnd(18)}${cpu.toFixed(2).padStart(15)}${rewrites.toFixed(2).padStart(11)}${String(parts).padStart(13)}${bytes.toFixed(3).padStart(17)}\n`,
    );
  const held = await Promise.all(['metric_samples', reference].map((table) => engine.query({ sql: contents(table) })));
  assert.deepEqual(held[0], held[1], 'both tables hold the same rows');
  assert.equal(await figure(engine, 'SELECT count() AS figure FROM metric_samples'), millions * 1e6);
  const ratio = ours.rewrites / theirs.rewrites;
  assert.ok(ratio <= rewriteRatioMax, `rows are written anew ${ratio.toFixed(2)} times as often as by default`);
  const bytesRatio = ours.bytes / theirs.bytes;
  assert.ok(bytesRatio <= bytesRatioMax, `a sample takes ${bytesRatio.toFixed(2)} times the bytes of a double`);
} finally {
  await stop();
}
