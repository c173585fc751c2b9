/**
 * A group of pushed metrics, as a Pushgateway keeps it: what was last pushed under one set of grouping labels. Groups are values: a push makes
 * another one.
 */
import type { Steps } from '../../base/turns.js';
import { encodeLabels, type Labels, metricNameLabel, sortedLabels } from '../../model/labels.js';
import type { MetricMetadata } from '../../model/sample-batch.js';

/** Series of a step of work on groups: well under a millisecond. */
export const stepSeries = 512;

/** Series with one value each. */
export interface PushedSeries {
  /** Canonical label bytes, those of series i keys[ends[i - 1], ends[i]), the first one's from 0. */
  readonly keys: Uint8Array;
  readonly ends: Uint32Array;
  /** NaNs are all of the kind NaN. */
  readonly values: Float64Array;
}

/** The metrics of one name: what a push replaces as a whole. */
export interface PushedFamily extends MetricMetadata {
  readonly series: PushedSeries;
  /** When it was pushed, epoch milliseconds. */
  readonly pushedMs: number;
}

export interface PushedGroup {
  /** Tells groups apart; see `groupIdOf`. */
  readonly id: string;
  /** Grouping labels, sorted, those with empty values among them. */
  readonly labels: Labels;
  /** By name. */
  readonly families: ReadonlyMap<string, PushedFamily>;
  /** When a push last succeeded and failed, epoch milliseconds; 0 for never. */
  readonly pushedMs: number;
  readonly failedMs: number;
}

export const groupIdOf = (labels: Labels): string => JSON.stringify(labels);

export const emptyGroup = (labels: Labels): PushedGroup => ({
  id: groupIdOf(labels),
  labels,
  families: new Map(),
  pushedMs: 0,
  failedMs: 0,
});

/** The metrics that a group has beside the pushed ones; pushed ones of these names are passed over. Source: the Pushgateway's README. */
const times = [
  {
    metric: 'push_time_seconds',
    help: 'Last Unix time when changing this group succeeded.',
    ms: ({ pushedMs }: PushedGroup) => pushedMs,
  },
  {
    metric: 'push_failure_time_seconds',
    help: 'Last Unix time when changing this group failed.',
    ms: ({ failedMs }: PushedGroup) => failedMs,
  },
] as const;

export const reservedNames: ReadonlySet<string> = new Set(times.map(({ metric }) => metric));

/** When pushes of a group succeeded and failed, as metrics. */
export const timeFamilies = (group: PushedGroup): PushedFamily[] =>
  times.map(({ metric, help, ms }) => {
    const keys = encodeLabels(sortedLabels([...group.labels, [metricNameLabel, metric]]));
    return {
      metric,
      help,
      type: 'gauge',
      unit: '',
      series: { keys, ends: Uint32Array.of(keys.length), values: Float64Array.of(ms(group) / 1000) },
      pushedMs: ms(group),
    };
  });

export const allFamilies = (group: PushedGroup): PushedFamily[] => [...group.families.values(), ...timeFamilies(group)];

/** Calls for the key of each series, bytes[start, end). */
export function forEachKey(
  { keys, ends }: PushedSeries,
  visit: (bytes: Uint8Array, start: number, end: number, i: number) => void,
): void {
  let start = 0;
  for (let i = 0; i < ends.length; i++) {
    visit(keys, start, ends[i]!, i);
    start = ends[i]!;
  }
}

const textsBySeries = new WeakMap<PushedSeries, readonly string[]>();

/** In steps, keys as texts of one character a byte, to look them up by. They are made once, because each change looks several times. */
export function* keyTexts(series: PushedSeries): Steps<readonly string[]> {
  const known = textsBySeries.get(series);
  if (known !== undefined) return known;
  const { keys, ends } = series;
  const bytes = Buffer.from(keys.buffer, keys.byteOffset, keys.length);
  const texts: string[] = [];
  for (let i = 0; i < ends.length; i++) {
    if (i % stepSeries === 0) yield;
    texts.push(bytes.toString('latin1', i === 0 ? 0 : ends[i - 1]!, ends[i]!));
  }
  textsBySeries.set(series, texts);
  return texts;
}

/** Calls, in steps, for the key of each series of families as a text. */
export function* forEachKeyText(families: Iterable<PushedFamily>, visit: (key: string) => void): Steps<void> {
  for (const { series } of families) {
    const texts = yield* keyTexts(series);
    for (let i = 0; i < texts.length; i++) {
      if (i % stepSeries === 0) yield;
      visit(texts[i]!);
    }
  }
}

export const seriesCountOf = (families: Iterable<PushedFamily>): number => {
  let count = 0;
  for (const { series } of families) count += series.values.length;
  return count;
};

/** Memory that a series takes besides its key: its value, and its place in the indexes. A guess. */
const seriesBytes = 128;
const groupBytes = 1024;

/** About how much memory a group takes, bytes: each key is in it, and in the index of series. */
export function byteSizeOfGroup({ families }: PushedGroup): number {
  let bytes = groupBytes;
  for (const { metric, help, series } of families.values())
    bytes += 2 * (metric.length + help.length + series.keys.length) + seriesBytes * (1 + series.values.length);
  return bytes;
}
