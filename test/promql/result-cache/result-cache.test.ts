import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { metricNameLabel } from '../../../src/model/labels.js';
import { annotationText } from '../../../src/promql/evaluate/annotations.js';
import { defaultQueryOptions } from '../../../src/promql/evaluate/query-options.js';
import type { QueryRange } from '../../../src/promql/evaluate/query-range.js';
import type { QueryResult, ResultSeries } from '../../../src/promql/evaluate/query-result.js';
import type { SampleSource, SelectedSeries } from '../../../src/promql/evaluate/sample-source.js';
import { parseQuery } from '../../../src/promql/parse/parse-query.js';
import { valueText } from '../../../src/promql/print/sample-text.js';
import { createResultCache, type ResultCache } from '../../../src/promql/result-cache/result-cache.js';
import { evaluateCached } from './evaluate-cached.js';

interface StoredSample {
  readonly ref: number;
  readonly timeMs: number;
  readonly value: number;
}

/** Metrics of three series each; ref 3 k + i is series i of metric k. */
const metricOf = (ref: number): string => `m${Math.floor(ref / 3)}${ref < 6 ? '_total' : ''}`;

function createStore(cache: ResultCache) {
  const series = new Map<number, Map<number, number>>();
  const source: SampleSource = {
    async select(matchers) {
      const selected: SelectedSeries[] = [];
      for (const [ref, samples] of series) {
        const labels = [
          [metricNameLabel, metricOf(ref)],
          ['i', String(ref % 3)],
        ] as const;
        if (!matchers.every(({ name, matches }) => matches(labels.find(([each]) => each === name)?.[1] ?? '')))
          continue;
        const sorted = [...samples].sort(([a], [b]) => a - b);
        selected.push({
          labels,
          floats: {
            timesMs: Float64Array.from(sorted, ([timeMs]) => timeMs),
            values: Float64Array.from(sorted, ([, value]) => value),
            count: sorted.length,
          },
        });
      }
      return selected;
    },
  };
  return {
    source,
    write(samples: readonly StoredSample[]): void {
      for (const { ref, timeMs, value } of samples) {
        const kept = series.get(ref) ?? new Map<number, number>();
        series.set(ref, kept.set(timeMs, value));
      }
      cache.noteSamples(
        Uint32Array.from(samples, ({ ref }) => ref),
        samples.length,
        Uint32Array.from(samples, (_, i) => i + 1),
        Float64Array.from(samples, ({ timeMs }) => timeMs),
      );
    },
    erase(ref: number, fromMs: number, toMs: number): void {
      for (const timeMs of series.get(ref)?.keys() ?? [])
        if (timeMs >= fromMs && timeMs <= toMs) series.get(ref)!.delete(timeMs);
      cache.noteDeletion([ref], fromMs, toMs);
    },
  };
}

function setUp(bytesMax = 1_000_000) {
  const clock = { now: 3_600_000, nowMs: () => clock.now };
  const cache = createResultCache({ bytesMax, clock, metricNameOf: metricOf });
  const store = createStore(cache);
  const run = (query: string, range: QueryRange, isCached = true) =>
    evaluateCached(parseQuery(query), range, store.source, defaultQueryOptions, isCached ? cache : undefined, () => {});
  return { clock, cache, store, run };
}

const points = ({ data }: QueryResult) => {
  assert.ok(data.kind === 'matrix');
  return data.series.map(({ labels, timesMs, values }: ResultSeries) => [
    labels,
    [...timesMs],
    // Windows that slide from another start may round the last bits in another way.
    Array.from(values, (value) => Number(value.toPrecision(12))),
  ]);
};

const remarks = ({ annotations }: QueryResult, query: string): string[] =>
  annotations.map((each) => `${each.level} ${annotationText(each, query)}`).sort();

/** That what is printed are the points. Gives how many there are. */
function checkPrinted({ data }: QueryResult): number {
  assert.ok(data.kind === 'matrix');
  let count = 0;
  for (const { labels, timesMs, values, printed } of data.series) {
    if (printed === undefined) continue;
    assert.deepEqual(JSON.parse(Buffer.from(printed.labels).toString()), Object.fromEntries(labels));
    const text = Buffer.from(printed.points).toString();
    assert.equal(text[0], ',');
    const wanted = Array.from(timesMs, (timeMs, i) => [timeMs / 1000, valueText(values[i]!)]);
    assert.deepEqual(JSON.parse(`[${text.slice(1)}]`), wanted);
    count += wanted.length;
  }
  return count;
}

const queries = [
  'm0_total',
  'sum by (i) (rate(m0_total[2m]))',
  'm0_total + on (i) m1_total offset 3m',
  'm1_total offset -2m',
  'max_over_time(sum(m0_total)[5m:1m])',
  'topk(1, {__name__=~"m.*"})',
  'absent(m1_total{i="2"})',
  'sum(increase(m0_total[10m])) / count(m1_total)',
  'm0_total @ 1200',
  'm0_total and on (i) (m1_total @ end() > 3)',
  'sort(m0_total)',
  'rate({__name__="m1_total"}[90s]) > 0.01',
  'time() - 5',
  'm0_total > bool 4 or vector(step())',
  // With remarks: of all steps, of those in some stretches, of those with some series, and with details.
  'rate(m2[2m])',
  'increase(m2[1m]) / on (i) rate(m2[3m])',
  'sum(rate(m2[2m] offset 1m)) > 0.2',
  'quantile_over_time(scalar(m0_total{i="0"}) / 40, m1_total[2m])',
  'quantile(scalar(m0_total{i="0"}) / 40, m1_total)',
  'sum(rate({__name__=~"m[12].*",i="1"}[1m] offset 1m))',
  'histogram_quantile(0.5, m0_total)',
  'histogram_quantile(0.5, label_replace(m0_total, "le", "$1", "i", "(.*)"))',
  'histogram_quantile(0.9, label_replace(m1_total > 20, "le", "$1", "i", "([^1]*)"))',
];

const secondMs = 1_000;
const someTime = fc.integer({ min: 0, max: 240 }).map((tick) => tick * 15 * secondMs + 1);
const someRef = fc.integer({ min: 0, max: 8 });
const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      query: fc.nat(),
      start: fc.integer({ min: 0, max: 30 }),
      steps: fc.integer({ min: 1, max: 40 }),
      stepMs: fc.constantFrom(30_000, 60_000, 60_000, 60_000, 60_000),
      phaseMs: fc.constantFrom(0, 0, 0, 0, 0, 7_000),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      samples: fc.array(fc.record({ ref: someRef, timeMs: someTime, value: fc.integer({ min: 0, max: 9 }) }), {
        minLength: 1,
        maxLength: 5,
      }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('erase' as const), ref: someRef, fromMs: someTime, lengthMs: someTime }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 600_000 }) }) },
);

const nonCounter = 'PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "m2"';

describe('the result cache', () => {
  it('gives what an evaluation without it gives, whatever is written and deleted between queries', async () => {
    let keptSteps = 0;
    let printedPoints = 0;
    let remarked = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 20, maxLength: 60 }), fc.nat(), async (actions, seed) => {
        // A few queries that come again and again.
        const asked = [0, 1, 2].map((i) => queries[(seed + 5 * i) % queries.length]!);
        const { clock, store, run } = setUp(seed % 3 === 0 ? 20_000 : 1_000_000);
        const regular = Array.from({ length: 240 }, (_, tick) =>
          Array.from({ length: 9 }, (_, ref) => ({
            ref,
            timeMs: tick * 15_000 + 100 * ref,
            value: (tick * (ref + 1)) % 50,
          })),
        ).flat();
        store.write(regular);
        for (const each of actions) {
          if (each.kind === 'write') store.write(each.samples);
          else if (each.kind === 'erase') store.erase(each.ref, each.fromMs, each.fromMs + each.lengthMs);
          else if (each.kind === 'wait') clock.now += each.ms;
          else {
            const startMs = each.start * 60_000 + each.phaseMs;
            const range = { startMs, endMs: startMs + (each.steps - 1) * each.stepMs + 5, stepMs: each.stepMs };
            // Written in one way or another, which moves the places that remarks tell.
            const query = `${' '.repeat(each.query % 7)}${asked[each.query % asked.length]!}`;
            const cached = await run(query, range);
            const plain = await run(query, range, false);
            keptSteps += cached.keptSteps;
            printedPoints += checkPrinted(cached.result);
            assert.deepEqual(points(cached.result), points(plain.result), query);
            assert.deepEqual(remarks(cached.result, query), remarks(plain.result, query), query);
            remarked += cached.keptSteps > 0 ? cached.result.annotations.length : 0;
          }
        }
      }),
      { numRuns: 150 },
    );
    assert.ok(keptSteps > 1_000, `the cache is used: ${keptSteps} steps`);
    assert.ok(remarked > 100, `and its remarks: ${remarked}`);
    assert.ok(printedPoints > 1_000, `and its texts: ${printedPoints} points`);
  });

  const hour = { startMs: 0, endMs: 3_540_000, stepMs: 60_000 };
  const samples = Array.from({ length: 240 }, (_, tick) => ({ ref: 0, timeMs: tick * 15_000, value: tick }));

  it('evaluates only the end of a range that moves on', async () => {
    const { clock, store, run } = setUp();
    store.write(samples);
    assert.equal((await run('rate(m0_total[5m])', hour)).keptSteps, 0);
    clock.now += 120_000;
    const { keptSteps } = await run('rate( m0_total[5m] )', { ...hour, startMs: 120_000, endMs: 3_660_000 });
    // Asked at 60 minutes, steps up to 59 minutes were settled: 58 of those asked for now.
    assert.equal(keptSteps, 58);
  });

  it('evaluates anew what a late sample touches, and keeps what lies before', async () => {
    const { store, run } = setUp();
    store.write(samples);
    await run('rate(m0_total[5m])', hour);
    store.write([{ ref: 4, timeMs: 600_000, value: 1 }]);
    assert.equal((await run('rate(m0_total[5m])', hour)).keptSteps, 60, 'another metric');
    store.write([{ ref: 1, timeMs: 600_001, value: 1 }]);
    assert.equal((await run('rate(m0_total[5m])', hour)).keptSteps, 11, 'a new series at ten minutes');
  });

  it('gives remarks back with what is kept, at their place in the query as it is written now', async () => {
    const { clock, store, run } = setUp();
    store.write(samples.map((each) => ({ ...each, ref: 6 })));
    const first = await run('rate(m2[5m])', hour);
    assert.deepEqual(remarks(first.result, 'rate(m2[5m])'), [`info ${nonCounter} (1:6)`]);
    const spaced = '  rate( m2[5m] )';
    const again = await run(spaced, hour);
    assert.equal(again.keptSteps, 60);
    assert.deepEqual(remarks(again.result, spaced), [`info ${nonCounter} (1:9)`]);
    clock.now += 600_000;
    store.write(samples.map((each) => ({ ...each, ref: 6, timeMs: each.timeMs + 3_600_000 })));
    const moved = { ...hour, startMs: 600_000, endMs: 4_140_000 };
    const later = await run(spaced, moved);
    assert.equal(later.keptSteps, 50, 'the end has the same remark');
    assert.deepEqual(remarks(later.result, spaced), [`info ${nonCounter} (1:9)`]);
  });

  it('evaluates the whole where remarks may belong to a part that is not asked for', async () => {
    const { store, run } = setUp();
    store.write(samples.slice(0, 40).map((each) => ({ ...each, ref: 6 })));
    await run('rate(m2[5m])', hour);
    const part = await run('rate(m2[5m])', { ...hour, startMs: 1_800_000 });
    assert.deepEqual([part.keptSteps, part.result.annotations.length], [0, 0]);
  });

  it('does not keep what was evaluated while its samples changed', async () => {
    const { cache, store } = setUp();
    store.write(samples);
    const expression = parseQuery('m0_total');
    const open = () => cache.open(expression, hour, defaultQueryOptions.lookbackMs)!;
    const query = open();
    store.write([{ ref: 0, timeMs: 1_200_000, value: 7 }]);
    query.complete([{ data: { kind: 'matrix', series: [] }, annotations: [], samplesRead: 0, samplesPeak: 0 }]);
    const next = open();
    assert.equal(next.keptSteps, 20);
    next.abandon();
  });

  it('stays within its bytes, and forgets first what was used longest ago', async () => {
    const { cache, store, run } = setUp(5_000);
    store.write(samples);
    for (const plus of [1, 2, 3, 4, 5, 6, 7, 8, 1]) await run(`m0_total + ${plus}`, hour);
    const { bytes, entries } = cache.statistics();
    assert.ok(bytes <= 5_000 && bytes > 2_500, `${bytes} bytes`);
    assert.ok(entries >= 4);
    assert.equal((await run('m0_total + 8', hour)).keptSteps, 60);
    assert.equal((await run('m0_total + 2', hour)).keptSteps, 0);
  });
});
