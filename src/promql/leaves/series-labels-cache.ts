/** Keeps labels of series as objects, which take microseconds each to make, for the queries that come again and again. */
import type { SeriesIndex } from '../../series/index/series-index.js';
import { type SeriesLabels, seriesLabels } from '../evaluate/series-labels.js';

/** Labels take one to two kilobytes a series: some 60 MB at most. A guess: more series than most dashboards show. */
const seriesMax = 32_768;

/** By ref. A ref that became another series' has another id. */
export type LabelsOf = (ref: number) => SeriesLabels;

interface Kept {
  readonly idLow: number;
  readonly idHigh: number;
  readonly labels: SeriesLabels;
}

export function createLabelsCache(index: SeriesIndex): LabelsOf {
  const kept = new Map<number, Kept>();
  return (ref) => {
    const idLow = index.idLow[ref]!;
    const idHigh = index.idHigh[ref]!;
    const known = kept.get(ref);
    if (known !== undefined && known.idLow === idLow && known.idHigh === idHigh) return known.labels;
    const labels = seriesLabels(index.labelsOf(ref));
    // What came first stays until the room is used up: a query over very many series must not drive out the others one by one.
    if (kept.size >= seriesMax && known === undefined) kept.clear();
    kept.set(ref, { idLow, idHigh, labels });
    return labels;
  };
}
