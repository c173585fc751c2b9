/**
 * Takes series out of the index, in two steps: a removed series is found by nobody, and its labels may come again as another
 * series at once; its ref is given out again only once it is released, when nothing else speaks of it any more.
 */
import { assert } from '../../base/assert.js';
import { mixWords, viewOf } from './byte-words.js';
import { keyHash } from './find-series.js';
import type { IndexState } from './index-state.js';
import { seriesState } from './series-table.js';
import { seriesKeyLength, writeSeriesKey } from './series-texts.js';

/** Removes live series. */
export function removeSeries(index: IndexState, refs: Uint32Array): void {
  const { series, pairs, metrics, byKey, byId } = index;
  let key = new Uint8Array(1024);
  let view = viewOf(key);
  for (const ref of refs) {
    assert(series.states[ref] === seriesState.live, `series ${ref} is removed, and is not live`);
    const length = seriesKeyLength(index, ref);
    if (length > key.length) {
      key = new Uint8Array(length * 2);
      view = viewOf(key);
    }
    writeSeriesKey(index, ref, key);
    byKey.remove(keyHash(view, 0, length), ref);
    byId.remove(mixWords(series.idLow[ref]!, series.idHigh[ref]!), ref);
    for (const pair of series.labelsOf(ref)) pairs.discountSeries(pair);
    metrics.discountSeries(series.metrics[ref]!);
    series.remove(ref);
  }
}

/** Lets removed refs be given out again. Rewrites each posting that they stand in once, so many at a time cost little more than one. */
export function releaseSeries({ series, pairs, postings }: IndexState, refs: Uint32Array): void {
  const touched = new Set<number>();
  for (const ref of refs) {
    assert(series.states[ref] === seriesState.removed, `series ${ref} is released, and was not removed`);
    series.states[ref] = seriesState.releasing;
    for (const pair of series.labelsOf(ref)) touched.add(pair);
  }
  const isKept = (ref: number): boolean => series.states[ref] !== seriesState.releasing;
  for (const pair of touched) {
    postings.filter(pair, isKept);
    if (postings.counts[pair] === 0) pairs.forget(pair);
  }
  series.release(refs);
}
