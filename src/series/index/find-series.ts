/** From labels or an id to the series that has them. */
import { hashBytes, mixWords } from './byte-words.js';
import type { IndexState } from './index-state.js';
import { hashSeed } from './text-table.js';

/** The hash under which `byKey` knows canonical bytes. */
export const keyHash = (view: DataView, start: number, end: number): number => hashBytes(view, start, end, hashSeed);

/** The live series whose canonical bytes are [start, end), -1 where there is none. */
export function findByKey(index: IndexState, view: DataView, start: number, end: number, hash: number): number {
  const { byKey } = index;
  for (let slot = byKey.first(hash); slot >= 0; slot = byKey.next(slot, hash)) {
    const ref = byKey.valueAt(slot);
    if (hasKey(index, ref, view, start, end)) return ref;
  }
  return -1;
}

/** The live series with an id, -1 where there is none. */
export function findById({ byId, series }: IndexState, low: number, high: number): number {
  const hash = mixWords(low, high);
  for (let slot = byId.first(hash); slot >= 0; slot = byId.next(slot, hash)) {
    const ref = byId.valueAt(slot);
    if (series.idLow[ref] === low && series.idHigh[ref] === high) return ref;
  }
  return -1;
}

/** Compares label by label, so that the index need not keep canonical bytes. */
function hasKey({ pairs, series }: IndexState, ref: number, view: DataView, start: number, end: number): boolean {
  const { names, values, nameIds, valueIds } = pairs;
  const list = series.pairs;
  const listEnd = series.pairStarts[ref]! + series.labelCounts[ref]!;
  let at = start;
  for (let i = series.pairStarts[ref]!; i < listEnd; i++) {
    const pair = list[i]!;
    at = names.skip(nameIds[pair]!, view, at, end);
    if (at < 0) return false;
    at = values.skip(valueIds[pair]!, view, at, end);
    if (at < 0) return false;
  }
  return at === end;
}
