/**
 * Random series of every kind that queries treat in their own way: counters with resets, gauges, histograms by buckets, special values, equal
 * values, series that come seldom, end and come back. Scrapes are missed and come at uneven times; a series' end is told by a stale marker, or not.
 */
import type { Random } from '../../bench/load/random.js';
import { type Label, type Labels, sortedLabels } from '../../src/model/labels.js';

export interface WrittenSeries {
  readonly labels: Labels;
  /** Rising, epoch milliseconds. */
  readonly timesMs: readonly number[];
  /** `undefined` is a stale marker. */
  readonly values: readonly (number | undefined)[];
}

export interface MetricsShape {
  readonly startMs: number;
  readonly endMs: number;
  /** Keeps samples off whole seconds: where windows' borders lie, Prometheus 2 and 3 differ. */
  readonly isOffSeconds: boolean;
}

export const jobs = ['api', 'db', 'web'];
export const instances = ['a:1', 'b:2', 'c:3'];
export const codes = ['200', '404', '500'];
export const bounds = ['0.1', '0.5', '1', '2.5', '+Inf'];

/** Gives a series' next value. */
type Walk = () => number;

export function randomMetrics(random: Random, shape: MetricsShape): WrittenSeries[] {
  const series: WrittenSeries[] = [];
  const add = (name: string, labels: readonly Label[], walk: Walk, intervalMs: number): void =>
    void series.push({
      labels: sortedLabels([['__name__', name], ...labels]),
      ...samplesOf(random, shape, walk, intervalMs),
    });
  for (const job of jobs)
    for (const instance of instances) {
      // Not every job runs everywhere, so that sides of operators lack partners.
      if (random.uniform() < 0.2) continue;
      const place: Label[] = [
        ['instance', instance],
        ['job', job],
      ];
      for (const code of codes) add('requests_total', [...place, ['code', code]], counter(random), 15_000);
      if (random.uniform() < 0.8) add('errors_total', place, counter(random), 15_000);
      add('temperature', place, gauge(random), 30_000);
      addHistogram(random, place, add);
      add('build_info', [...place, ['version', `v${random.below(3)}`]], () => 1, 60_000);
      add('target_info', [...place, ['region', `r${random.below(3)}`]], () => 1, 60_000);
    }
  for (const kind of ['nan', 'inf', 'zero', 'mixed']) add('odd', [['kind', kind]], odd(random, kind), 20_000);
  for (const k of ['1', '2', '3']) add('flat', [['k', k]], constant(random.below(3)), 15_000);
  for (const k of ['1', '2']) add('sparse', [['k', k]], gauge(random), 400_000);
  for (const k of ['1', '2']) add('dotted.name', [['label.with.dots', k]], gauge(random), 30_000);
  return series;
}

function addHistogram(
  random: Random,
  place: readonly Label[],
  add: (name: string, labels: readonly Label[], walk: Walk, intervalMs: number) => void,
): void {
  // A bucket is a counter of its own; each is kept above those below it by the same draws for all of them.
  const counts = bounds.map(() => 0);
  let drawn = 0;
  const at = bounds.map(() => 0);
  const walkOf = (i: number): Walk => {
    return () => {
      if (at[i]!++ >= drawn) {
        drawn++;
        let come = 0;
        for (let j = 0; j < counts.length; j++) {
          come += random.below(6);
          counts[j]! += come;
        }
      }
      return counts[i]!;
    };
  };
  bounds.forEach((le, i) => {
    add('latency_bucket', [...place, ['le', le]], walkOf(i), 15_000);
  });
  add('latency_count', place, counter(random), 15_000);
  add('latency_sum', place, counter(random), 15_000);
}

const constant =
  (value: number): Walk =>
  () =>
    value;

function counter(random: Random): Walk {
  let value = random.below(1000);
  const isWhole = random.uniform() < 0.7;
  return () => {
    const draw = random.uniform();
    if (draw < 0.01) value = 0;
    else if (draw < 0.7) value += isWhole ? random.below(40) : random.between(0, 3);
    return value;
  };
}

function gauge(random: Random): Walk {
  let value = random.between(-20, 40);
  const isRound = random.uniform() < 0.5;
  return () => {
    if (random.uniform() < 0.8) value += random.normal();
    return isRound ? Math.round(value) : value;
  };
}

const odds: Readonly<Record<string, readonly number[]>> = {
  nan: [Number.NaN, 1, 2],
  inf: [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 3, 4, 5],
  zero: [0, -0, 1e-300, -1e-9],
  mixed: [Number.NaN, Number.POSITIVE_INFINITY, -0, 1e15, -7, 0.1],
};

const odd =
  (random: Random, kind: string): Walk =>
  () => {
    const values = odds[kind]!;
    return values[random.below(values.length)]!;
  };

function samplesOf(
  random: Random,
  { startMs, endMs, isOffSeconds }: MetricsShape,
  walk: Walk,
  intervalMs: number,
): Pick<WrittenSeries, 'timesMs' | 'values'> {
  const timesMs: number[] = [];
  const values: (number | undefined)[] = [];
  const jitterMs = [0, 50, 3_000][random.below(3)]!;
  const gapShare = [0, 0.02, 0.2][random.below(3)]!;
  let lastMs = Number.NEGATIVE_INFINITY;
  const put = (timeMs: number, value: number | undefined): void => {
    if (timeMs <= lastMs || timeMs >= endMs) return;
    timesMs.push(timeMs);
    values.push(value);
    lastMs = timeMs;
  };
  const offsetMs = random.uniform() < 0.3 ? 0 : random.below(intervalMs);
  for (let tickMs = startMs + offsetMs; tickMs < endMs; tickMs += intervalMs) {
    const value = walk();
    if (random.uniform() < gapShare) continue;
    const timeMs = tickMs + random.below(jitterMs);
    put(isOffSeconds && timeMs % 1000 === 0 ? timeMs + 1 + random.below(900) : timeMs, value);
    if (random.uniform() > 0.003) continue;
    // The series ends, and comes back after a while.
    if (random.uniform() < 0.7) put(timeMs + 2_001, undefined);
    tickMs += random.below(20) * 60_000;
  }
  return { timesMs, values };
}
