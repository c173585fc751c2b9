/**
 * The points of range queries' series as JSON: `,[<seconds>,"<value>"]` each. Series of one answer mostly have the same times, which are made into
 * texts once.
 */
import { JsonBytes } from './json-bytes.js';
import { secondsText, valueText } from './sample-text.js';

/** Texts one behind the other: text i is bytes [ends[i - 1], ends[i]). */
export interface Texts {
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
}

/** The beginnings of points at these times, up to their values. */
export function pointHeads(timesMs: Float64Array): Texts {
  const out = new JsonBytes();
  const ends = new Uint32Array(timesMs.length);
  for (let i = 0; i < timesMs.length; i++) {
    out.ascii(`,[${secondsText(timesMs[i]!)},"`);
    ends[i] = out.length;
  }
  return { bytes: out.take(), ends };
}

/** Writes a point of the head `at`. */
export function writePoint(out: JsonBytes, heads: Texts, at: number, value: number): void {
  writeFrom(out, heads, startOf(heads, at), at, value);
}

/** Writes a point of each head, the first without its comma. */
export function writePoints(out: JsonBytes, heads: Texts, values: Float64Array): void {
  for (let i = 0; i < values.length; i++) writeFrom(out, heads, i === 0 ? 1 : heads.ends[i - 1]!, i, values[i]!);
}

function writeFrom(out: JsonBytes, heads: Texts, start: number, at: number, value: number): void {
  out.copy(heads.bytes, start, heads.ends[at]!);
  out.ascii(valueText(value));
  out.ascii('"]');
}

export const startOf = ({ ends }: Texts, at: number): number => (at === 0 ? 0 : ends[at - 1]!);
