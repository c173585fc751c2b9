/** Which hours of which metrics are not in memory, as ranges that one statement can ask for. */
import type { ChunkStore } from '../../series/chunk-store/chunk-store.js';
import type { SeriesIndex } from '../../series/index/series-index.js';

export const hourMs = 3_600_000;
const hourOf = (timeMs: number): number => Math.floor(timeMs / hourMs);

/** Series of one metric that a selector takes, and the time in which they have samples of it. */
export interface MetricSelection {
  readonly metric: number;
  readonly refs: number[];
  fromMs: number;
  toMs: number;
}

/** Hours [firstHour, lastHour] since the epoch. */
export interface HourRange {
  readonly firstHour: number;
  readonly lastHour: number;
}

/** A range of hours that is missing of several metrics alike. */
export interface MissingRange extends HourRange {
  readonly metrics: MetricSelection[];
}

/** The series by metric, each metric's times cut to those of its series. */
export function byMetric(index: SeriesIndex, refs: Uint32Array, fromMs: number, toMs: number): MetricSelection[] {
  const gatherer = gatherByMetric(index, fromMs, toMs);
  gatherer.add(refs);
  return gatherer.all();
}

/** As `byMetric`, of refs that come bit by bit. */
export function gatherByMetric(index: SeriesIndex, fromMs: number, toMs: number) {
  const selections = new Map<number, MetricSelection>();
  let last: MetricSelection | undefined;
  return {
    add(refs: Uint32Array): void {
      const { metrics, firstMs, lastMs } = index;
      for (let i = 0; i < refs.length; i++) {
        const ref = refs[i]!;
        const metric = metrics[ref]!;
        if (last?.metric !== metric) {
          last = selections.get(metric);
          if (last === undefined) {
            last = { metric, refs: [], fromMs: Number.POSITIVE_INFINITY, toMs: Number.NEGATIVE_INFINITY };
            selections.set(metric, last);
          }
        }
        last.refs.push(ref);
        if (firstMs[ref]! < last.fromMs) last.fromMs = firstMs[ref]!;
        if (lastMs[ref]! > last.toMs) last.toMs = lastMs[ref]!;
      }
    },
    all(): MetricSelection[] {
      for (const each of selections.values()) {
        each.fromMs = Math.max(each.fromMs, fromMs);
        each.toMs = Math.min(each.toMs, toMs);
      }
      return [...selections.values()];
    },
  };
}

/** More hours than these are not asked for one by one: they are read from the engine. A guess: a few milliseconds. */
const hoursAskedMax = 50_000;

export interface MissingHours {
  readonly ranges: MissingRange[];
  readonly hits: number;
  readonly misses: number;
}

export function missingHours(chunks: ChunkStore, selections: readonly MetricSelection[]): MissingHours {
  const ranges = new Map<string, MissingRange>();
  let hits = 0;
  let misses = 0;
  const add = (selection: MetricSelection, firstHour: number, lastHour: number): void => {
    misses += lastHour - firstHour + 1;
    const key = `${firstHour}-${lastHour}`;
    const known = ranges.get(key);
    if (known === undefined) ranges.set(key, { firstHour, lastHour, metrics: [selection] });
    else known.metrics.push(selection);
  };
  const hours = selections.reduce((sum, { fromMs, toMs }) => sum + Math.max(0, hourOf(toMs) - hourOf(fromMs) + 1), 0);
  for (const selection of selections) {
    const first = hourOf(selection.fromMs);
    const last = hourOf(selection.toMs);
    if (hours > hoursAskedMax) {
      if (first <= last) add(selection, first, last);
      continue;
    }
    let from = first;
    for (let hour = first; hour <= last; hour++) {
      if (!chunks.isResident(selection.metric, hour * hourMs)) continue;
      hits++;
      if (from < hour) add(selection, from, hour - 1);
      from = hour + 1;
    }
    if (from <= last) add(selection, from, last);
  }
  return { ranges: [...ranges.values()], hits, misses };
}
