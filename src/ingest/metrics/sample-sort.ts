/**
 * Samples of many requests, brought into the order of their table: by series, then by time. A counting sort over series: each sample
 * is touched twice, whatever their number. Of samples with the same series and time the last to come stays.
 */
import { valueWords } from '../../model/sample-batch.js';
import { noRef } from '../../model/series-ref.js';
import type { AdmittedSamples } from './admitted-samples.js';

export interface SortedSamples {
  /** Places of the series that have samples, ascending. */
  readonly ranks: Uint32Array;
  /** Samples of the series ranks[i] are [starts[i], starts[i + 1]). */
  readonly starts: Uint32Array;
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
}

/** `ranks` gives a ref's place in the order. Runs of `noRef` are left out. */
export function sortSamples(batches: readonly AdmittedSamples[], ranks: Uint32Array): SortedSamples {
  const ends = new Uint32Array(ranks.length + 1);
  for (const batch of batches) countSamples(batch, ranks, ends);
  let total = 0;
  let present = 0;
  for (let rank = 0; rank < ranks.length; rank++) {
    const count = ends[rank]!;
    if (count > 0) present++;
    ends[rank] = total;
    total += count;
  }
  const sorted = {
    ranks: new Uint32Array(present),
    starts: new Uint32Array(present + 1),
    timesMs: new Float64Array(total),
    values: new Float64Array(total),
  };
  let i = 0;
  for (let rank = 0; rank < ranks.length; rank++) {
    const end = rank + 1 < ranks.length ? ends[rank + 1]! : total;
    if (end === ends[rank]) continue;
    sorted.ranks[i] = rank;
    sorted.starts[i++] = ends[rank]!;
  }
  sorted.starts[present] = total;
  // From here on, ends[rank] is where the next sample of that series goes.
  for (const batch of batches) scatter(batch, ranks, ends, sorted);
  let hasRepeats = false;
  for (let each = 0; each < present; each++)
    if (sortByTime(sorted, sorted.starts[each]!, sorted.starts[each + 1]!)) hasRepeats = true;
  return hasRepeats ? withoutRepeats(sorted) : sorted;
}

function countSamples({ refs, runCount, sampleEnds }: AdmittedSamples, ranks: Uint32Array, counts: Uint32Array): void {
  let start = 0;
  for (let run = 0; run < runCount; run++) {
    const end = sampleEnds[run]!;
    const ref = refs[run]!;
    if (ref !== noRef) counts[ranks[ref]!]! += end - start;
    start = end;
  }
}

function scatter(batch: AdmittedSamples, ranks: Uint32Array, next: Uint32Array, sorted: SortedSamples): void {
  const { refs, runCount, sampleEnds, timesMs } = batch;
  const source = valueWords(batch.values);
  const target = valueWords(sorted.values);
  let start = 0;
  for (let run = 0; run < runCount; run++) {
    const end = sampleEnds[run]!;
    const ref = refs[run]!;
    if (ref !== noRef) {
      const rank = ranks[ref]!;
      let to = next[rank]!;
      for (let from = start; from < end; from++, to++) {
        sorted.timesMs[to] = timesMs[from]!;
        target[2 * to] = source[2 * from]!;
        target[2 * to + 1] = source[2 * from + 1]!;
      }
      next[rank] = to;
    }
    start = end;
  }
}

/** Sorts the samples [start, end) by time where they are not in order already, as nearly all are. Answers whether a time may come twice. */
function sortByTime({ timesMs, values }: SortedSamples, start: number, end: number): boolean {
  let inOrder = true;
  for (let i = start + 1; i < end && inOrder; i++) inOrder = timesMs[i - 1]! < timesMs[i]!;
  if (inOrder) return false;
  const times = timesMs.slice(start, end);
  const order = Uint32Array.from(times, (_, i) => i).sort((a, b) => times[a]! - times[b]! || a - b);
  const words = valueWords(values.slice(start, end));
  const target = valueWords(values);
  order.forEach((from, i) => {
    timesMs[start + i] = times[from]!;
    target[2 * (start + i)] = words[2 * from]!;
    target[2 * (start + i) + 1] = words[2 * from + 1]!;
  });
  return true;
}

/** The samples without those that another with the same series and time comes after. */
function withoutRepeats({ ranks, starts, timesMs, values }: SortedSamples): SortedSamples {
  const words = valueWords(values);
  const kept = new Uint32Array(starts.length);
  let to = 0;
  for (let i = 0; i < ranks.length; i++) {
    const end = starts[i + 1]!;
    for (let from = starts[i]!; from < end; from++) {
      if (from + 1 < end && timesMs[from + 1] === timesMs[from]) continue;
      timesMs[to] = timesMs[from]!;
      words[2 * to] = words[2 * from]!;
      words[2 * to + 1] = words[2 * from + 1]!;
      to++;
    }
    kept[i + 1] = to;
  }
  return { ranks, starts: kept, timesMs: timesMs.subarray(0, to), values: values.subarray(0, to) };
}
