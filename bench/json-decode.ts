/**
 * Decoding of prediction bodies against JSON.parse line by line, single-threaded, best of several rounds:
 * `node dist/bench/json-decode.js`. It fails where ours is the slower one, or where the two read different values.
 */
import assert from 'node:assert/strict';
import { stdout } from 'node:process';
import { Kernel } from '../src/kernel/kernel.js';
import { RowScan } from '../src/kernel/row-scan.js';
import type { MapColumn } from '../src/model/columns.js';
import { textAt } from '../src/model/columns.js';
import type { PredictionBatch } from '../src/model/prediction.js';
import type { DecodedBody } from '../src/protocols/json/event-decoder.js';
import { predictionDecoder } from '../src/protocols/json/prediction-decoder.js';

const scan = new RowScan(new Kernel());
const rowCount = 20_000;
const rounds = 9;
/** What an HTTP body arrives in. */
const chunkBytes = 64 * 1024;
const startMs = Date.UTC(2026, 0, 1);

interface Row {
  readonly request_id: string;
  readonly score: number;
  readonly features?: Readonly<Record<string, unknown>>;
}

/** A generator of uniform numbers in [0, 1), the same in each run (mulberry32). */
function uniform(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** About 200 bytes of JSON, without features. */
function smallRow(random: () => number, i: number): Row {
  return {
    request_id: `req-${i.toString(16).padStart(12, '0')}`,
    model: 'churn',
    version: '2026-01-15',
    ts: new Date(startMs + i * 137).toISOString(),
    region: ['eu-west', 'us-east', 'ap-south'][i % 3]!,
    prediction: random() < 0.5 ? 'stays' : 'leaves',
    score: random(),
    latency_ms: Math.round(random() * 50_000) / 1000,
    status: 'ok',
  } as Row;
}

/** 16 features: numbers of full precision and rounded ones, whole numbers, categories and booleans. */
function featureRow(random: () => number, i: number): Row {
  const features: Record<string, unknown> = {};
  for (let f = 0; f < 6; f++) features[`embedding_mean_${f}`] = random() * 2 - 1;
  for (let f = 0; f < 4; f++) features[`amount_${f}d`] = Math.round(random() * 1e6) / 100;
  for (let f = 0; f < 3; f++) features[`count_${f}`] = Math.floor(random() * 1000);
  features.country = ['DE', 'FR', 'US', 'IN'][i % 4];
  features.plan = ['free', 'team', 'enterprise'][i % 3];
  features.returning = i % 2 === 0;
  return { ...smallRow(random, i), features };
}

function bodyOf(makeRow: (random: () => number, i: number) => Row): Buffer {
  const random = uniform(1);
  return Buffer.from(Array.from({ length: rowCount }, (_, i) => `${JSON.stringify(makeRow(random, i))}\n`).join(''));
}

function decodeToColumns(body: Buffer): DecodedBody<PredictionBatch> {
  const decoder = predictionDecoder({ framing: 'ndjson', nowMs: startMs, aheadMsMax: 'off', scan });
  for (let at = 0; at < body.length; at += chunkBytes) decoder.push(body.subarray(at, at + chunkBytes));
  return decoder.end();
}

const parseLines = (body: Buffer): Row[] =>
  body
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);

/** Seconds that the quickest round took. */
function bestSeconds(work: () => unknown): number {
  let best = Infinity;
  for (let round = 0; round < rounds; round++) {
    const started = process.hrtime.bigint();
    work();
    best = Math.min(best, Number(process.hrtime.bigint() - started) / 1e9);
  }
  return best;
}

function assertSame({ batches, accepted }: DecodedBody<PredictionBatch>, rows: readonly Row[]): void {
  assert.equal(accepted, rows.length);
  const [{ columns } = assert.fail('no batch')] = batches;
  rows.forEach(({ request_id, score, features = {} }, row) => {
    assert.equal(textAt(columns.request_id, row), request_id);
    assert.equal(columns.score.values[row], score);
    const numbers = Object.entries(features).filter(([, value]) => typeof value === 'number');
    assert.deepEqual(numbersAt(columns.features_number, row), numbers);
  });
}

function numbersAt({ names, values, offsets }: MapColumn, row: number): [string, number][] {
  assert.ok(values.kind === 'number');
  const entries: [string, number][] = [];
  for (let i = offsets[row]!; i < offsets[row + 1]!; i++) entries.push([textAt(names, i), values.values[i]!]);
  return entries;
}

function compare(name: string, body: Buffer): void {
  assertSame(decodeToColumns(body), parseLines(body));
  const ours = bestSeconds(() => decodeToColumns(body));
  const parse = bestSeconds(() => parseLines(body));
  const ratio = parse / ours;
  const speed = (seconds: number): string =>
    `${Math.round(rowCount / seconds).toLocaleString('en')} rows/s, ${(body.length / seconds / 1e6).toFixed(0)} MB/s`;
  stdout.write(`${name} (${Math.round(body.length / rowCount)} bytes a row)\n`);
  stdout.write(
    `  to columns       ${speed(ours)}\n  JSON.parse       ${speed(parse)}\n  ratio            ${ratio.toFixed(2)}\n`,
  );
  assert.ok(ratio >= 1, `${name}: decoding to columns is slower than JSON.parse by line`);
}

compare('rows without features', bodyOf(smallRow));
compare('rows with 16 features', bodyOf(featureRow));
