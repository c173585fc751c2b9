/**
 * The series index under a load of the shape that machine-learning systems make: 1,000 metrics of 1,000 instances, which are 40 pods
 * of 25 services, ten labels each. Reports what adding, finding, selecting and loading take and what a series costs in memory.
 * Times are processor time. Asserts the answers, that a series costs less than 300 bytes, and times as multiples of reading the same keys once byte by byte in
 * the same run, so that a slow machine does not fail. `--series N` for another size.
 */
import assert from 'node:assert/strict';
import { parseArgs } from 'node:util';
import { systemClock } from '../src/base/clock.js';
import { defaultBudgets } from '../src/ingest/cardinality/budgets.js';
import { createGovernor } from '../src/ingest/cardinality/governor.js';
import { storedSeriesOf } from '../src/ingest/metrics/stored-series.js';
import type { TextColumn } from '../src/model/columns.js';
import { createMatcher } from '../src/model/matcher.js';
import type { SeriesRows } from '../src/series/index/load-series.js';
import { createSeriesIndex, type SeriesIndex } from '../src/series/index/series-index.js';

const { values } = parseArgs({ options: { series: { type: 'string', default: '1000000' } } });
const seriesCount = Number(values.series);
const instances = 1000;
const bytesPerSeriesMax = 300;
/** Times in multiples of one pass over the keys, byte by byte. About twice what was measured. */
const passesMax = { add: 16, find: 5, load: 25 };

const say = (what: string, figure: string): void => void process.stdout.write(`${what.padEnd(58)} ${figure}\n`);
const rate = (ms: number): string =>
  `${(seriesCount / ms / 1000).toFixed(2)} million/s, ${((ms / seriesCount) * 1e6).toFixed(0)} ns each`;

/** The labels of series i, in the order of their names. */
function labelsOf(i: number): [string, string][] {
  const instance = i % instances;
  const metric = Math.floor(i / instances);
  const service = instance % 25;
  return [
    ['__name__', `ml_inference_${metric}_total`],
    ['cluster', `prod-${['eu-west-1', 'us-east-1', 'ap-south-1'][instance % 3]}`],
    ['container', `server-${service}`],
    ['endpoint', `/v2/classify/${metric % 8}`],
    ['instance', `10.0.${instance >> 8}.${instance & 255}:9090`],
    ['job', `inference-${service}`],
    ['model', `resnet-${service % 10}`],
    ['namespace', `team-${service % 5}`],
    ['pod', `serve-${service}-7d9f-${Math.floor(instance / 25)}`],
    ['version', `v${service % 10}`],
  ];
}

interface Keys {
  readonly bytes: Uint8Array;
  readonly offsets: Uint32Array;
}

function writeKeys(): Keys {
  const offsets = new Uint32Array(seriesCount + 1);
  const bytes = Buffer.alloc(seriesCount * 300);
  let at = 0;
  for (let i = 0; i < seriesCount; i++) {
    for (const [name, value] of labelsOf(i)) {
      at += bytes.write(`${name}\xff${value}\xff`, at, 'latin1');
    }
    offsets[i + 1] = at;
  }
  return { bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, at), offsets };
}

/** Milliseconds of processor time that a run takes, other threads of the process included. */
function timed(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function readBytes({ bytes }: Keys): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i++) sum = (sum + bytes[i]!) | 0;
  return sum;
}

/** Adds all keys; ref i is then series i. */
function addAll(index: SeriesIndex, { bytes, offsets }: Keys): void {
  for (let i = 0; i < seriesCount; i++) index.add(bytes, offsets[i]!, offsets[i + 1]!);
}

/** Finds every key, in steps of `stride` series, and counts those that are found under their own ref. */
function findAll(index: SeriesIndex, { bytes, offsets }: Keys, stride: number): number {
  let right = 0;
  for (let n = 0, i = 0; n < seriesCount; n++) {
    if (index.find(bytes, offsets[i]!, offsets[i + 1]!) === i) right++;
    i = (i + stride) % seriesCount;
  }
  return right;
}

function measureLookups(index: SeriesIndex, keys: Keys, passMs: number): void {
  const addMs = timed(() => addAll(index, keys));
  say('adding', rate(addMs));
  assert.equal(index.seriesCount, seriesCount);
  findAll(index, keys, 1);
  // 611,953 is a prime, so that every series is met once.
  for (const [order, stride] of [
    ['in the order of adding', 1],
    ['scattered', 611_953],
  ] as const) {
    let right = 0;
    const findMs = timed(() => {
      right = findAll(index, keys, stride);
    });
    say(`finding ${order}`, rate(findMs));
    assert.equal(right, seriesCount);
    if (stride === 1) assert.ok(findMs <= passMs * passesMax.find, `finding takes ${findMs} ms, a pass ${passMs} ms`);
  }
  assert.ok(addMs <= passMs * passesMax.add, `adding takes ${addMs} ms, a pass ${passMs} ms`);
}

function measureMemory(index: SeriesIndex): void {
  const { total, ...parts } = index.stateBytes();
  for (const [part, bytes] of Object.entries(parts)) say(`bytes a series, ${part}`, (bytes / seriesCount).toFixed(1));
  say('bytes a series', (total / seriesCount).toFixed(1));
  assert.ok(total / seriesCount < bytesPerSeriesMax, `${total / seriesCount} bytes a series`);
}

function measureSelects(index: SeriesIndex): void {
  const metric = createMatcher('__name__', '=', 'ml_inference_7_total');
  const cases: [string, ReturnType<typeof createMatcher>[], (labels: Map<string, string>) => boolean][] = [
    ['one metric', [metric], () => true],
    [
      'one metric, one pod by expression',
      [metric, createMatcher('pod', '=~', 'serve-3-.*-1[0-9]')],
      (labels) => /^serve-3-.*-1[0-9]$/.test(labels.get('pod')!),
    ],
    [
      'one metric, not a job',
      [metric, createMatcher('job', '!=', 'inference-3')],
      (labels) => labels.get('job') !== 'inference-3',
    ],
  ];
  for (const [name, matchers, isWanted] of cases) {
    let refs = new Uint32Array();
    const repeats = 20;
    const ms = timed(() => {
      for (let i = 0; i < repeats; i++) refs = new Uint32Array(index.select(matchers));
    });
    const wanted = Array.from({ length: instances }, (_, i) => 7 * instances + i).filter((i) =>
      isWanted(new Map(labelsOf(i))),
    );
    assert.deepEqual(Array.from(refs), wanted);
    say(`selecting ${refs.length}: ${name}`, `${(ms / repeats).toFixed(2)} ms`);
  }
  const broad = [createMatcher('cluster', '=', 'prod-eu-west-1'), createMatcher('namespace', '=~', 'team-[12]')];
  let count = 0;
  const broadMs = timed(() => {
    count = index.select(broad).length;
  });
  say(`selecting ${count}: a cluster, two namespaces`, `${broadMs.toFixed(1)} ms`);
  const valuesMs = timed(() => assert.equal(index.labelValues('pod').texts.length, instances));
  say('all values of pod', `${valuesMs.toFixed(2)} ms`);
  const topMs = timed(() => assert.equal(index.statistics.topMetricLabels(10).length, 10));
  say('the ten labels with most values within a metric', `${topMs.toFixed(1)} ms`);
}

function textColumn(texts: Iterable<string>, count: number, byteCount: number): TextColumn {
  const bytes = Buffer.alloc(byteCount);
  const offsets = new Uint32Array(count + 1);
  let i = 0;
  for (const text of texts) {
    offsets[i + 1] = offsets[i]! + bytes.write(text, offsets[i]!, 'latin1');
    i++;
  }
  return { kind: 'text', bytes, offsets };
}

function* eachLabel(part: 0 | 1): Generator<string> {
  for (let i = 0; i < seriesCount; i++) for (const label of labelsOf(i).slice(1)) yield label[part];
}

function* eachMetric(): Generator<string> {
  for (let i = 0; i < seriesCount; i++) yield labelsOf(i)[0]![1];
}

/** The rows that the engine would give for all series of an index. */
function rowsOf(index: SeriesIndex): SeriesRows {
  const perSeries = labelsOf(0).length - 1;
  const labelCount = seriesCount * perSeries;
  return {
    rowCount: seriesCount,
    metric: textColumn(eachMetric(), seriesCount, seriesCount * 64),
    labels: {
      kind: 'map',
      offsets: Uint32Array.from({ length: seriesCount + 1 }, (_, i) => i * perSeries),
      names: textColumn(eachLabel(0), labelCount, labelCount * 12),
      values: textColumn(eachLabel(1), labelCount, labelCount * 40),
    },
    idLow: index.idLow.slice(0, seriesCount),
    idHigh: index.idHigh.slice(0, seriesCount),
  };
}

/** Counting a stored series for governance takes no longer than loading it does. */
const restoreShareMax = 1;

async function measureLoad(index: SeriesIndex, passMs: number): Promise<void> {
  const rows = rowsOf(index);
  const loaded = await createSeriesIndex();
  const loadMs = timed(() => {
    const { added, refusedRows } = loaded.load(rows);
    assert.deepEqual([added, refusedRows.length], [seriesCount, 0]);
  });
  say('loading stored series', `${(loadMs / 1000).toFixed(2)} s, ${rate(loadMs)}`);
  assert.ok(loadMs <= passMs * passesMax.load, `loading takes ${loadMs} ms, a pass ${passMs} ms`);
  measureRestore(loaded, loadMs);
}

function measureRestore(index: SeriesIndex, loadMs: number): void {
  const governor = createGovernor({
    budgets: defaultBudgets,
    rules: [],
    series: storedSeriesOf(index),
    clock: systemClock,
  });
  const refs = Uint32Array.from({ length: seriesCount }, (_, ref) => ref);
  const restoreMs = timed(() => {
    // As a start does it, page after page.
    for (let from = 0; from < seriesCount; from += 100_000)
      governor.restore(refs.subarray(from, from + 100_000), index.labelPairs());
  });
  say('counting stored series for governance', `${(restoreMs / 1000).toFixed(2)} s, ${rate(restoreMs)}`);
  const known = index.canonicalBytesOf(0);
  assert.equal(governor.admit(known).kind, 'store');
  assert.ok(
    restoreMs <= loadMs * restoreShareMax,
    `counting stored series takes ${restoreMs} ms, loading them ${loadMs} ms`,
  );
}

function measureRemoval(index: SeriesIndex): void {
  const refs = index.select([createMatcher('instance', '=~', '10\\.0\\.0\\..*')]);
  const removeMs = timed(() => index.remove(refs));
  const releaseMs = timed(() => index.release(refs));
  say(`removing and releasing ${refs.length} series`, `${removeMs.toFixed(0)} + ${releaseMs.toFixed(0)} ms`);
  assert.equal(index.seriesCount, seriesCount - refs.length);
}

const keys = writeKeys();
say('series', `${seriesCount.toLocaleString('en')}, keys of ${(keys.bytes.length / seriesCount).toFixed(0)} bytes`);
readBytes(keys);
const passMs = timed(() => void readBytes(keys));
say('one pass over the keys, byte by byte', rate(passMs));
const index = await createSeriesIndex();
measureLookups(index, keys, passMs);
measureMemory(index);
measureSelects(index);
await measureLoad(index, passMs);
measureRemoval(index);
