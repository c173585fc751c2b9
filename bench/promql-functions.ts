/**
 * PromQL functions over 10,000 series of six hours at 15 s, on a grid of 360 minutes, single-threaded, best of several rounds:
 * `node dist/bench/promql-functions.js`. Nanoseconds of the processor for each sample of the series that a function alone takes, a plain
 * loop that walks through every window in the same run, and the whole query up to its sorted result. It fails where the two do not
 * agree, or a ratio is missed.
 */
import assert from 'node:assert/strict';
import { cpuUsage, stdout } from 'node:process';
import type { Labels } from '../src/model/labels.js';
import { createAnnotations } from '../src/promql/evaluate/annotations.js';
import { evaluateFetched, type FetchedQuery, fetchQuery } from '../src/promql/evaluate/evaluate-query.js';
import type { Evaluation } from '../src/promql/evaluate/evaluation.js';
import { defaultQueryOptions } from '../src/promql/evaluate/query-options.js';
import { createSampleBudget } from '../src/promql/evaluate/sample-budget.js';
import type { SelectedSeries } from '../src/promql/evaluate/sample-source.js';
import { seriesLabels } from '../src/promql/evaluate/series-labels.js';
import type { RangeSeries } from '../src/promql/evaluate/value.js';
import { callRangeFunction } from '../src/promql/functions/range/call-range-function.js';
import { parseQuery } from '../src/promql/parse/parse-query.js';

const seriesCount = 10_000;
const samplesPerSeries = 1_440;
const sampleCount = seriesCount * samplesPerSeries;
const intervalMs = 15_000;
const steps = 360;
const stepMs = 60_000;
const rounds = 2;
const bucketBounds = ['0.005', '0.01', '0.05', '0.1', '0.25', '0.5', '1', '2.5', '5', '+Inf'];
const startMs = Date.UTC(2026, 0, 1);
const query = { startMs: startMs + stepMs, endMs: startMs + steps * stepMs, stepMs };
const options = { ...defaultQueryOptions, samplesMax: Number.POSITIVE_INFINITY };

/** A generator of uniform numbers in [0, 1), the same in each run (mulberry32). */
function uniform(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = uniform(1);

/**
 * Counters that are reset about once in a thousand samples: the buckets of histograms, each with all observations of those below.
 * The times of a thousand histograms are the same, to save memory.
 */
function counters(): SelectedSeries[] {
  const times = Array.from({ length: 10 }, (_, phase) =>
    Float64Array.from({ length: samplesPerSeries }, (_, i) => startMs + phase * 1_000 + i * intervalMs),
  );
  const series: SelectedSeries[] = [];
  while (series.length < seriesCount) {
    const timesMs = times[(series.length / bucketBounds.length) % 10]!;
    const values = bucketBounds.map(() => new Float64Array(samplesPerSeries));
    const totals = new Float64Array(bucketBounds.length);
    for (let i = 0; i < samplesPerSeries; i++) {
      if (random() < 0.001) totals.fill(0);
      let grown = 0;
      for (let bucket = 0; bucket < bucketBounds.length; bucket++) {
        grown += Math.floor(random() * 10);
        totals[bucket]! += grown;
        values[bucket]![i] = totals[bucket]!;
      }
    }
    for (const each of values)
      series.push({ labels: labelsOf(series.length), floats: { timesMs, values: each, count: samplesPerSeries } });
  }
  return series;
}

const labelsOf = (series: number): Labels => [
  ['__name__', 'requests_bucket'],
  ['instance', `host-${Math.floor(series / bucketBounds.length)}`],
  ['job', 'api'],
  ['le', bucketBounds[series % bucketBounds.length]!],
];

/** What a plain evaluator does with one window of samples: from `start` up to, not including, `end`. */
type WindowLoop = (timesMs: Float64Array, values: Float64Array, start: number, end: number, endMs: number) => number;

interface Case {
  readonly name: string;
  readonly rangeMs: number;
  readonly text: string;
  readonly loop: WindowLoop;
  /** How much of the plain loop's time evaluation may take; about one and a half times what was measured. */
  readonly ratioMax: number;
}

const rateLoop =
  (rangeMs: number): WindowLoop =>
  (timesMs, values, start, end, endMs) => {
    const last = end - 1;
    let growth = values[last]! - values[start]!;
    for (let i = start + 1; i < end; i++) if (values[i]! < values[i - 1]!) growth += values[i - 1]!;
    const sampled = (timesMs[last]! - timesMs[start]!) / 1000;
    const distance = sampled / (last - start);
    let toStart = (timesMs[start]! - (endMs - rangeMs)) / 1000;
    let toEnd = (endMs - timesMs[last]!) / 1000;
    if (toStart >= distance * 1.1) toStart = distance / 2;
    if (growth > 0 && values[start]! >= 0) toStart = Math.min(toStart, sampled * (values[start]! / growth));
    if (toEnd >= distance * 1.1) toEnd = distance / 2;
    return growth * ((sampled + toStart + toEnd) / sampled / (rangeMs / 1000));
  };

const averageLoop: WindowLoop = (_, values, start, end) => {
  let total = 0;
  let carry = 0;
  for (let i = start; i < end; i++) {
    const value = values[i]!;
    const sum = total + value;
    carry += Math.abs(total) >= Math.abs(value) ? total - sum + value : value - sum + total;
    total = sum;
  }
  return (total + carry) / (end - start);
};

const maximumLoop: WindowLoop = (_, values, start, end) => {
  let most = values[start]!;
  for (let i = start; i < end; i++) if (values[i]! > most || Number.isNaN(most)) most = values[i]!;
  return most;
};

const minutes = (count: number): number => count * 60_000;
const cases: readonly Case[] = [
  { name: 'rate, 5 m', text: 'rate', rangeMs: minutes(5), loop: rateLoop(minutes(5)), ratioMax: 1.5 },
  { name: 'rate, 1 h', text: 'rate', rangeMs: minutes(60), loop: rateLoop(minutes(60)), ratioMax: 0.3 },
  { name: 'avg_over_time, 5 m', text: 'avg_over_time', rangeMs: minutes(5), loop: averageLoop, ratioMax: 2 },
  { name: 'avg_over_time, 1 h', text: 'avg_over_time', rangeMs: minutes(60), loop: averageLoop, ratioMax: 0.2 },
  { name: 'max_over_time, 5 m', text: 'max_over_time', rangeMs: minutes(5), loop: maximumLoop, ratioMax: 2 },
  { name: 'max_over_time, 1 h', text: 'max_over_time', rangeMs: minutes(60), loop: maximumLoop, ratioMax: 0.4 },
];

/** Values by series and step; NaN where a window holds fewer than two samples. */
function runLoop(series: readonly SelectedSeries[], { rangeMs, loop }: Case): Float64Array {
  const results = new Float64Array(seriesCount * steps).fill(Number.NaN);
  series.forEach(({ floats: { timesMs, values } }, at) => {
    let start = 0;
    let end = 0;
    for (let step = 0; step < steps; step++) {
      const endMs = query.startMs + step * stepMs;
      while (end < samplesPerSeries && timesMs[end]! <= endMs) end++;
      while (start < end && timesMs[start]! <= endMs - rangeMs) start++;
      if (end - start > 1) results[at * steps + step] = loop(timesMs, values, start, end, endMs);
    }
  });
  return results;
}

/** The quantile of each histogram at each step, from rates that a plain evaluator has as objects. */
function runQuantileLoop(rates: Float64Array): Float64Array {
  const bounds = bucketBounds.map((bound) => (bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound)));
  const results = new Float64Array((seriesCount / bounds.length) * steps);
  for (let histogram = 0; histogram < seriesCount / bounds.length; histogram++) {
    for (let step = 0; step < steps; step++) {
      const buckets = bounds.map((bound, i) => ({
        bound,
        count: rates[(histogram * bounds.length + i) * steps + step]!,
      }));
      results[histogram * steps + step] = quantileOf(buckets.sort((a, b) => a.bound - b.bound));
    }
  }
  return results;
}

function quantileOf(buckets: { bound: number; count: number }[]): number {
  for (let i = 1; i < buckets.length; i++) buckets[i]!.count = Math.max(buckets[i]!.count, buckets[i - 1]!.count);
  const total = buckets.at(-1)!.count;
  if (!(total > 0)) return Number.NaN;
  const rank = 0.95 * total;
  const at = buckets.findIndex(({ count }) => count >= rank);
  if (at === buckets.length - 1) return buckets[at - 1]!.bound;
  const before = at === 0 ? { bound: 0, count: 0 } : buckets[at - 1]!;
  const { bound, count } = buckets[at]!;
  return before.bound + (bound - before.bound) * ((rank - before.count) / (count - before.count));
}

async function fetched(text: string, series: readonly SelectedSeries[]): Promise<FetchedQuery> {
  return fetchQuery(parseQuery(text), query, { select: async () => series }, options);
}

/** Nanoseconds a sample that the quickest round took, and what it gave. */
function best<T>(work: () => T): { readonly ns: number; readonly result: T } {
  let ns = Number.POSITIVE_INFINITY;
  let result: T | undefined;
  for (let round = 0; round < rounds; round++) {
    const started = cpuUsage();
    result = work();
    const { user, system } = cpuUsage(started);
    ns = Math.min(ns, ((user + system) * 1_000) / sampleCount);
  }
  return { ns, result: result! };
}

/** That evaluation gave the plain loop's values, up to the rounding of a few operations. */
function assertSame(query: FetchedQuery, wanted: Float64Array, name: string): void {
  const { data } = evaluateFetched(query, options);
  assert.ok(data.kind === 'matrix');
  const byInstance = (labels: Labels): string => `${labels.find(([label]) => label === 'instance')![1]}`;
  for (const { labels, timesMs, values } of data.series) {
    const host = Number(byInstance(labels).slice('host-'.length));
    const bound = labels.find(([label]) => label === 'le')?.[1];
    const series = bound === undefined ? host : host * bucketBounds.length + bucketBounds.indexOf(bound);
    for (let i = 0; i < values.length; i++) {
      const step = (timesMs[i]! - startMs) / stepMs - 1;
      const expected = wanted[series * steps + step]!;
      // A window of one sample has an average and a maximum, which the loop leaves out.
      if (Number.isNaN(expected)) continue;
      const isClose = Math.abs(values[i]! - expected) <= 1e-9 * Math.abs(expected);
      assert.ok(isClose, `${name}, series ${series}, step ${step}: ${values[i]} and ${expected}`);
    }
  }
}

/** What a function alone takes: from columns of samples to columns of results. */
function functionNs(series: readonly RangeSeries[], { text, rangeMs }: Case): number {
  const grid = { startMs: query.startMs, stepMs, steps };
  const argument = {
    series,
    windows: { ...grid, rangeMs },
    extension: undefined,
    at: { from: 0, to: 0 },
    scalarsAt: [],
  };
  const evaluation: Evaluation = {
    fetched: [],
    annotations: createAnnotations(),
    budget: createSampleBudget(Number.POSITIVE_INFINITY),
    lookbackMs: options.lookbackMs,
    usesStartTimes: false,
    checkpoint: () => {},
    evaluate: () => assert.fail('a range function evaluates nothing else'),
  };
  return best(() => callRangeFunction(text, argument, [], grid, evaluation).length).ns;
}

function report(name: string, ns: number, loopNs: number, queryNs: number, ratioMax: number): void {
  const ratio = ns / loopNs;
  const numbers = [ns, loopNs, ratio, queryNs].map((each) => each.toFixed(2).padStart(8));
  stdout.write(`${name.padEnd(24)}${numbers.join('')}\n`);
  assert.ok(ratio <= ratioMax, `${name} takes ${ratio.toFixed(2)} times as long as a plain loop; at most ${ratioMax}`);
}

const series = counters();
const ranges = series.map(({ labels, floats }) => ({
  labels: seriesLabels(labels),
  dropsName: false,
  floats,
  histograms: undefined,
}));
stdout.write('                           alone    loop   ratio   query  (ns a sample)\n');
for (const each of cases) {
  const plan = await fetched(`${each.text}(requests_bucket[${each.rangeMs / 1000}s])`, series);
  assertSame(plan, runLoop(series, each), each.name);
  const { ns: queryNs } = best(() => evaluateFetched(plan, options).samplesPeak);
  const { ns: loopNs } = best(() => runLoop(series, each).length);
  report(each.name, functionNs(ranges, each), loopNs, queryNs, each.ratioMax);
}
const plan = await fetched('histogram_quantile(0.95, rate(requests_bucket[300s]))', series);
const { ns } = best(() => evaluateFetched(plan, options).samplesPeak);
const { ns: loopNs, result } = best(() => runQuantileLoop(runLoop(series, cases[0]!)));
assertSame(plan, result, 'histogram_quantile');
report('histogram_quantile, 5 m', ns, loopNs, ns, 1);
