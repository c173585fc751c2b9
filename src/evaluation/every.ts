/**
 * Buckets of time. They lie on the calendar in UTC whatever the range: minutes, hours and days are counted from
 * 1970-01-01, weeks from Monday, months and years from January. A bucket is named by a whole number, which SQL and this
 * file compute alike.
 */
import { BarographError } from '../base/errors.js';
import type { SqlFragment } from './sql-fragment.js';

const units = ['m', 'h', 'd', 'w', 'mo', 'y'] as const;
export type EveryUnit = (typeof units)[number];

/** The length of a bucket; `all` is one bucket over the whole range. */
export type Every =
  | { readonly kind: 'all' }
  | { readonly kind: 'fixed'; readonly lengthMs: number; readonly offsetMs: number; readonly text: string }
  | { readonly kind: 'months'; readonly months: number; readonly text: string };

/** From inclusive, to exclusive, epoch milliseconds. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const weekMs = 7 * dayMs;
/** 1970-01-01 was a Thursday: the Monday before it is three days earlier. */
const mondayOffsetMs = 3 * dayMs;

/** The largest count of each unit, so that no bucket is longer than a year. */
const countMax: Readonly<Record<EveryUnit, number>> = { m: 366 * 24 * 60, h: 366 * 24, d: 366, w: 52, mo: 12, y: 1 };
const fixedMs = { m: minuteMs, h: hourMs, d: dayMs, w: weekMs } as const;

/** Reads `all` or `<n>m|h|d|w|mo|y`, from 1m to 1y. Throws `bad_request` for anything else. */
export function parseEvery(text: string): Every {
  if (text === 'all') return { kind: 'all' };
  const match = /^([1-9]\d{0,5})(m|h|d|w|mo|y)$/.exec(text);
  const count = Number(match?.[1]);
  const unit = match?.[2] as EveryUnit | undefined;
  if (unit === undefined || count > countMax[unit])
    throw new BarographError('bad_request', `every ${JSON.stringify(text)} is not a length of time from 1m to 1y`, {
      hint: `Use all, or a whole number and a unit (${units.join(', ')}), such as 15m, 1h, 1d, 1w, 3mo or 1y.`,
    });
  if (unit === 'mo' || unit === 'y') return { kind: 'months', months: unit === 'y' ? 12 * count : count, text };
  return { kind: 'fixed', lengthMs: count * fixedMs[unit], offsetMs: unit === 'w' ? mondayOffsetMs : 0, text };
}

export const everyText = (every: Every): string => (every.kind === 'all' ? 'all' : every.text);

/** The number of a row's bucket, as an expression over its column `ts`. */
export function bucketSql(every: Every): SqlFragment {
  switch (every.kind) {
    case 'all':
      return { sql: '0', params: {} };
    case 'fixed':
      return {
        sql: 'intDiv(toUnixTimestamp64Milli(ts) + {bucketOffsetMs:Int64}, {bucketLengthMs:Int64})',
        params: { bucketOffsetMs: every.offsetMs, bucketLengthMs: every.lengthMs },
      };
    case 'months':
      return {
        sql: 'intDiv(toYear(ts) * 12 + toMonth(ts) - 1, {bucketMonths:UInt16})',
        params: { bucketMonths: every.months },
      };
  }
}

/** The number of the bucket that holds a time, as `bucketSql` computes it. */
export function bucketOf(every: Every, timeMs: number): number {
  switch (every.kind) {
    case 'all':
      return 0;
    case 'fixed':
      return Math.floor((timeMs + every.offsetMs) / every.lengthMs);
    case 'months': {
      const date = new Date(timeMs);
      return Math.floor((date.getUTCFullYear() * 12 + date.getUTCMonth()) / every.months);
    }
  }
}

/** The whole bucket, also where the range begins or ends within it; for `all`, the range. */
export function bucketRange(every: Every, bucket: number, range: TimeRange): TimeRange {
  switch (every.kind) {
    case 'all':
      return range;
    case 'fixed': {
      const fromMs = bucket * every.lengthMs - every.offsetMs;
      return { fromMs, toMs: fromMs + every.lengthMs };
    }
    case 'months': {
      const month = bucket * every.months;
      return { fromMs: monthMs(month), toMs: monthMs(month + every.months) };
    }
  }
}

const monthMs = (month: number): number => Date.UTC(Math.floor(month / 12), month % 12, 1);

/** A statement reads at most so much at a time where whole buckets allow it, so that it opens few parts. Measured: 1-2 MB a part. */
export const sliceMsMax = 26 * weekMs;

/** Cuts a range between buckets into pieces of at most half a year, or of one bucket where that is longer. */
export function timeSlices(every: Every, range: TimeRange): TimeRange[] {
  if (every.kind === 'all') return [range];
  const slices: TimeRange[] = [];
  for (let fromMs = range.fromMs; fromMs < range.toMs; ) {
    const last = bucketOf(every, fromMs + sliceMsMax);
    const boundaryMs = bucketRange(every, last, range).fromMs;
    const endMs = boundaryMs > fromMs ? boundaryMs : bucketRange(every, last, range).toMs;
    const toMs = Math.min(endMs, range.toMs);
    slices.push({ fromMs, toMs });
    fromMs = toMs;
  }
  return slices;
}
