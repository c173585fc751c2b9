/**
 * Which values of a label may have series of their own where only so many may. A value that a series carries keeps its
 * place until the last such series is gone. Free places go to whoever comes first, as long as there are many; the last ones are kept
 * for values that come again and again, told from identifiers, which come once, by a heavy-hitters sketch.
 */
import { createHeavyHitters } from './heavy-hitters.js';
import type { LabelState } from './metric-state.js';

export interface Places {
  readonly max: number;
  /** So many of them are taken by the first values that come. */
  readonly firstComeMax: number;
}

/** Places of a `bucket` rule: half are kept for frequent values. */
export const bucketPlaces = (top: number): Places => ({ max: top, firstComeMax: Math.ceil(top / 2) });

/** Places under the budget of values: an eighth is kept for frequent values. */
export const budgetPlaces = (valuesMax: number): Places => ({
  max: valuesMax,
  firstComeMax: Math.ceil((valuesMax * 7) / 8),
});

/** Twice as many counters as places find what has half a place's share; 1,024 are 20 KiB and a millisecond's thousandth to search. */
const countersMax = 1_024;
const countersMin = 64;

/** Whether a series with this value may be stored under it. Taking the place is up to whoever stores the series. */
export function hasPlace(label: LabelState, valueHash: number, { max, firstComeMax }: Places): boolean {
  if (label.values.has(valueHash)) return true;
  if (label.values.size < firstComeMax) return true;
  label.hitters ??= createHeavyHitters(Math.min(countersMax, Math.max(countersMin, 2 * max)));
  const { hitters } = label;
  // The buckets of one histogram follow each other with the same value: they count once.
  if (label.lastAskedHash !== valueHash) hitters.add(valueHash);
  label.lastAskedHash = valueHash;
  return label.values.size < max && hitters.guaranteed(valueHash) >= Math.max(3, hitters.total / (2 * max));
}
