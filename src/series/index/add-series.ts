/** Adds series to the index. */
import { BarographError } from '../../base/errors.js';
import { labelEndByte } from '../../model/labels.js';
import { mixWords } from './byte-words.js';
import { findById, findByKey, keyHash } from './find-series.js';
import type { IndexState } from './index-state.js';
import { noPair } from './label-pairs.js';
import { unnamedMetric } from './metric-table.js';
import { seriesTexts } from './series-texts.js';

/** A series' label count is kept in a byte. */
const labelCountMax = 255;

export interface SeriesAdder {
  /**
   * The ref of the series whose canonical bytes are [start, end), adding it where it is new. Throws `series_id_taken` where
   * another live series has its id.
   */
  add(bytes: Uint8Array, view: DataView, start: number, end: number): number;
  /** As `add` with the halves of the id given; -1 where another series has it. `isGrowth` says that a new one counts as such. */
  addHashed(view: DataView, start: number, end: number, low: number, high: number, isGrowth: boolean): number;
}

/** Pairs of the series that is being added: the first `count`. */
interface Labels {
  readonly pairs: Uint32Array;
  count: number;
}

export function createSeriesAdder(index: IndexState): SeriesAdder {
  const halves = new Uint32Array(2);
  const id = new BigUint64Array(halves.buffer);
  const labels: Labels = { pairs: new Uint32Array(labelCountMax), count: 0 };

  function addNew(view: DataView, start: number, end: number, hash: number, isGrowth: boolean): number {
    const [low, high] = [halves[0]!, halves[1]!];
    if (findById(index, low, high) >= 0) return -1;
    internLabels(index, view, start, end, labels);
    const ref = addRow(index, labels, low, high, isGrowth);
    index.byKey.add(hash, ref);
    index.byId.add(mixWords(low, high), ref);
    return ref;
  }

  return {
    add(bytes, view, start, end) {
      const hash = keyHash(view, start, end);
      const known = findByKey(index, view, start, end, hash);
      if (known >= 0) return known;
      id[0] = index.hash64(bytes.subarray(start, end));
      const ref = addNew(view, start, end, hash, true);
      if (ref < 0) throw idTaken(index, findById(index, halves[0]!, halves[1]!), id[0]);
      return ref;
    },
    addHashed(view, start, end, low, high, isGrowth) {
      const hash = keyHash(view, start, end);
      const known = findByKey(index, view, start, end, hash);
      if (known >= 0) return known;
      halves[0] = low;
      halves[1] = high;
      return addNew(view, start, end, hash, isGrowth);
    },
  };
}

function idTaken(index: IndexState, holder: number, id: bigint): BarographError {
  const labels = JSON.stringify(Object.fromEntries(seriesTexts(index, holder)));
  return new BarographError('series_id_taken', `the id of the series, ${id}, is that of the series ${labels}`);
}

/**
 * The pairs of canonical bytes. The pair that came next the last time after the pair before is tried first: a pod is in one
 * namespace, a job runs one version, so that most labels are compared and not looked up.
 */
function internLabels({ pairs, postings }: IndexState, view: DataView, start: number, end: number, into: Labels): void {
  const { names, values } = pairs;
  let count = 0;
  let before = noPair;
  for (let at = start; at < end; count++) {
    const likely = pairs.likelyNext(before);
    // The numbers of pairs that stand in no posting are free.
    const isKnown = likely !== noPair && postings.counts[likely]! > 0;
    const afterName = isKnown ? names.skip(pairs.nameIds[likely]!, view, at, end) : -1;
    const afterLabel = afterName < 0 ? -1 : values.skip(pairs.valueIds[likely]!, view, afterName, end);
    let pair = likely;
    if (afterLabel >= 0) {
      at = afterLabel;
    } else {
      const nameEnd = afterName < 0 ? textEnd(view, at) : afterName - 1;
      const valueEnd = textEnd(view, nameEnd + 1);
      const name = afterName < 0 ? pairs.findOrAddName(view, at, nameEnd) : pairs.nameIds[likely]!;
      pair = pairs.findOrAdd(name, view, nameEnd + 1, valueEnd);
      pairs.setLikelyNext(before, pair);
      at = valueEnd + 1;
    }
    into.pairs[count] = pair;
    before = pair;
  }
  into.count = count;
}

function textEnd(view: DataView, at: number): number {
  while (view.getUint8(at) !== labelEndByte) at++;
  return at;
}

function addRow(index: IndexState, labels: Labels, low: number, high: number, isGrowth: boolean): number {
  const { pairs, series, metrics, postings } = index;
  const metric = metricOf(index, labels);
  const ref = series.add(labels.pairs, labels.count, low, high, metric);
  for (let i = 0; i < labels.count; i++) {
    const pair = labels.pairs[i]!;
    pairs.countSeries(pair);
    postings.append(pair, ref);
  }
  metrics.countSeries(metric);
  if (isGrowth) metrics.countNew(metric, index.clock.nowMs());
  return ref;
}

function metricOf({ pairs, metrics }: IndexState, labels: Labels): number {
  for (let i = 0; i < labels.count; i++) {
    const pair = labels.pairs[i]!;
    if (pairs.nameIds[pair] === pairs.metricName) return metrics.ofText(pairs.valueIds[pair]!);
  }
  return unnamedMetric;
}
