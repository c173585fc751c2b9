/** Keeps the times of series' first and last samples. */
import { noRef } from '../../model/series-ref.js';
import type { SeriesTable } from './series-table.js';

/**
 * Widens the times of series by a batch's samples: run i has samples [sampleEnds[i - 1], sampleEnds[i]) of series refs[i].
 * Runs of `noRef` are passed over.
 */
export function observeTimes(
  series: SeriesTable,
  refs: Uint32Array,
  runCount: number,
  sampleEnds: Uint32Array,
  timesMs: Float64Array,
): void {
  const { firstMs, lastMs } = series;
  let sample = 0;
  for (let run = 0; run < runCount; run++) {
    const ref = refs[run]!;
    const end = sampleEnds[run]!;
    if (ref === noRef) {
      sample = end;
      continue;
    }
    let first = firstMs[ref]!;
    let last = lastMs[ref]!;
    for (; sample < end; sample++) {
      const timeMs = timesMs[sample]!;
      if (timeMs < first) first = timeMs;
      if (timeMs > last) last = timeMs;
    }
    firstMs[ref] = first;
    lastMs[ref] = last;
  }
}
