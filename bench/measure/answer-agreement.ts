/** How far two servers' answers to a question agree, point by point. */
import { seriesKey } from '../load/metric-load.js';

type Point = readonly [seconds: number, value: string];
type Values = ReadonlyMap<string, number>;

export interface Agreement {
  /** Points of both together. */
  readonly points: number;
  /** Points that only one of them has. */
  readonly missing: number;
  /** Points that both have, with values further apart than `shareMax` of their size. */
  readonly different: number;
  /** The largest such difference, as a share of the value. */
  readonly worstShare: number;
}

const shareMax = 1e-9;

export function agreementOf(ours: string, theirs: string): Agreement {
  const [a, b] = [valuesOf(ours), valuesOf(theirs)];
  let missing = 0;
  let different = 0;
  let worstShare = 0;
  for (const [key, value] of a) {
    const other = b.get(key);
    if (other === undefined) missing++;
    else if (!Object.is(value, other)) {
      const share = Math.abs(value - other) / Math.max(Math.abs(value), Math.abs(other));
      if (!(share <= shareMax)) different++;
      worstShare = Math.max(worstShare, share);
    }
  }
  let more = 0;
  for (const key of b.keys()) if (!a.has(key)) more++;
  return { points: a.size + more, missing: missing + more, different, worstShare };
}

/** By series and time. Answers without values, such as lists of series, have a point for each thing. */
function valuesOf(text: string): Values {
  const { data } = JSON.parse(text) as { data: unknown };
  const values = new Map<string, number>();
  if (Array.isArray(data)) {
    for (const each of data)
      values.set(typeof each === 'string' ? each : seriesKey(Object.entries(each as Record<string, string>)), 0);
    return values;
  }
  const { result } = data as {
    result: readonly { metric: Record<string, string>; value?: Point; values?: readonly Point[] }[];
  };
  for (const { metric, value, values: many } of result) {
    const key = seriesKey(Object.entries(metric));
    for (const [seconds, number] of many ?? [value!])
      values.set(`${key} ${seconds}`, Number(number.replace('Inf', 'Infinity')));
  }
  return values;
}
