/** Reads the lines of a script that give a series' samples: `metric{a="b"} 1+2x3 _ stale {{schema:0 count:4}}x2`. */
import { type Label, type Labels, metricNameLabel, sortedLabels } from '../../../src/model/labels.js';
import { addHistograms, subtractHistograms } from '../../../src/promql/histogram/add-histograms.js';
import {
  type Buckets,
  type CounterResetHint,
  customSchema,
  emptyHistogram,
  type FloatHistogram,
  noBuckets,
} from '../../../src/promql/histogram/float-histogram.js';
import { unquote } from '../../../src/promql/string-literal.js';

/** A place in a sequence: a number, the stale marker, a histogram, or nothing. */
export interface SequenceValue {
  readonly value?: number;
  readonly isStale?: boolean;
  readonly histogram?: FloatHistogram;
  /** The histogram's hint was written out, so that a result's is compared with it. */
  readonly hasHint?: boolean;
}

export interface SeriesLine {
  readonly labels: Labels;
  readonly values: readonly SequenceValue[];
}

const omitted: SequenceValue = {};

export function readSeriesLine(line: string): SeriesLine {
  const { labels, end } = readLabels(line);
  return { labels, values: readSequence(line.slice(end)) };
}

/** `metric{…}@st -1m 0sx2`: starts relative to the samples of the next line. */
export function readStartLine(line: string): (number | undefined)[] {
  const end = line.indexOf('@st') + 3;
  return line
    .slice(end)
    .trim()
    .split(/\s+/)
    .flatMap((item) => {
      const match = /^(_|[+-]?\d+[a-wyz]*)([+-]\d+[a-wyz]*)?(?:x(\d+))?$/.exec(item);
      if (match === null) throw new Error(`no start times: ${item}`);
      const [, base, step, times] = match;
      if (base === '_') return new Array<undefined>(Number(times ?? 1)).fill(undefined);
      const count = Number(times ?? 0) + 1;
      return Array.from({ length: count }, (_, i) => signedMs(base!) + i * (step === undefined ? 0 : signedMs(step)));
    });
}

const signedMs = (text: string): number => (text.startsWith('-') ? -1 : 1) * durationMs(text.replace(/^[+-]/, ''));

const unitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};

/** Prometheus' durations: `1h30m`, or a bare 0. */
export function durationMs(text: string): number {
  if (text === '0') return 0;
  if (!/^(\d+(ms|[smhdwy]))+$/.test(text)) throw new Error(`no duration: ${text}`);
  return [...text.matchAll(/(\d+)(ms|[smhdwy])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * unitsMs[unit!]!,
    0,
  );
}

const numberPattern = '[+-]?(?:Inf|NaN|(?:\\d+\\.?\\d*|\\.\\d+)(?:e[+-]?\\d+)?)';

/** A line that is a number alone; undefined otherwise. */
export function readNumber(text: string): number | undefined {
  if (/^[+-]?0x[0-9a-f]+$/i.test(text)) return Number(text);
  return new RegExp(`^${numberPattern}$`, 'i').test(text) ? numberOf(text) : undefined;
}

function numberOf(text: string): number {
  const bare = text.toLowerCase().replace(/^\+/, '');
  if (bare.endsWith('nan')) return Number.NaN;
  if (bare.endsWith('inf')) return bare.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return Number(bare);
}

function readLabels(line: string): { labels: Labels; end: number } {
  const pairs: Label[] = [];
  const name = /^[a-zA-Z_:][\w:]*/.exec(line);
  let at = 0;
  if (name !== null) {
    pairs.push([metricNameLabel, name[0]]);
    at = name[0].length;
  }
  if (line[at] !== '{') return { labels: sortedLabels(pairs), end: at };
  at++;
  const token =
    /\s*(?:,|(\})|([a-zA-Z_][\w:]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')\s*(?:=\s*("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`))?)/y;
  for (;;) {
    token.lastIndex = at;
    const match = token.exec(line);
    if (match === null) throw new Error(`no labels: ${line}`);
    at = token.lastIndex;
    if (match[1] !== undefined) return { labels: sortedLabels(pairs), end: at };
    if (match[2] === undefined) continue;
    const key = /^["']/.test(match[2]) ? unquote(match[2])! : match[2];
    if (match[3] === undefined) pairs.push([metricNameLabel, key]);
    else pairs.push([key, unquote(match[3])!]);
  }
}

function readSequence(text: string): SequenceValue[] {
  return (text.match(/(?:[+-]?\{\{.*?\}\}|[^\s{])+/g) ?? []).flatMap(readItem);
}

function readItem(item: string): SequenceValue[] {
  if (item.includes('{{')) return readHistograms(item);
  const blank = /^_(?:x(\d+))?$/.exec(item);
  if (blank !== null) return new Array<SequenceValue>(Number(blank[1] ?? 1)).fill(omitted);
  const stale = /^stale(?:x(\d+))?$/.exec(item);
  if (stale !== null) return new Array<SequenceValue>(Number(stale[1] ?? 0) + 1).fill({ isStale: true });
  const match = new RegExp(`^(${numberPattern})([+-]${numberPattern})?(?:x(\\d+))?$`, 'i').exec(item);
  if (match === null) throw new Error(`no value: ${item}`);
  const step = match[2] === undefined ? 0 : numberOf(match[2].replace('--', '').replace('+-', '-'));
  const values: SequenceValue[] = [];
  let value = numberOf(match[1]!);
  for (let i = 0; i <= Number(match[3] ?? 0); i++) {
    values.push({ value });
    value += step;
  }
  return values;
}

function readHistograms(item: string): SequenceValue[] {
  const match = /^\{\{(.*?)\}\}(?:([+-])\{\{(.*?)\}\})?(?:x(\d+))?$/.exec(item);
  if (match === null) throw new Error(`no histogram: ${item}`);
  const [, first, sign, step, times] = match;
  const hasHint = first!.includes('counter_reset_hint');
  const increment = step === undefined ? undefined : readHistogram(step);
  const values: SequenceValue[] = [];
  let histogram = readHistogram(first!);
  for (let i = 0; i <= Number(times ?? 0); i++) {
    values.push({ histogram, hasHint });
    if (increment !== undefined)
      histogram = (sign === '+' ? addHistograms : subtractHistograms)(histogram, increment)!.histogram;
  }
  return values;
}

function readHistogram(text: string): FloatHistogram {
  const parts = new Map(
    [...text.matchAll(/([a-z_]+):(\[[^\]]*\]|\S+)/g)].map(([, key, value]) => [key!, value!] as const),
  );
  const number = (key: string): number => numberOf(parts.get(key) ?? '0');
  const list = (key: string): number[] =>
    (parts.get(key) ?? '[]')
      .slice(1, -1)
      .trim()
      .split(/\s+/)
      .filter((each) => each !== '')
      .map(numberOf);
  const buckets = (counts: readonly number[], offset: number): Buckets =>
    counts.length === 0 ? noBuckets : { indexes: counts.map((_, i) => offset + i), counts };
  const schema = number('schema');
  return {
    ...emptyHistogram,
    counterReset: (parts.get('counter_reset_hint') ?? 'unknown') as CounterResetHint,
    schema,
    zeroThreshold: number('z_bucket_w'),
    zeroCount: number('z_bucket'),
    count: number('count'),
    sum: number('sum'),
    positive: buckets(list('buckets'), number('offset')),
    negative: buckets(list('n_buckets'), number('n_offset')),
    customBounds: schema === customSchema ? list('custom_values') : [],
  };
}
