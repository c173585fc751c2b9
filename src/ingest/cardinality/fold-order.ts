/** Sorts the samples of a batch by target and time, as numbers, so that no object is made for a sample. */
import type { SourceRuns } from './source-runs.js';

export interface FoldOrder {
  /** Targets of the batch, each once, and where the samples of each end in `samples`. */
  readonly targets: readonly number[];
  readonly ends: readonly number[];
  /** Numbers of samples and of their runs. */
  readonly samples: Uint32Array;
  readonly runs: Uint32Array;
}

/** The samples of the runs: grouped by target in the order in which targets come, within each by time, ties as they come. */
export function foldOrder(batch: SourceRuns): FoldOrder {
  const { runCount, targets, sampleStarts, sampleEnds } = batch;
  const places = new Map<number, number>();
  const counts: number[] = [];
  for (let run = 0; run < runCount; run++) {
    let place = places.get(targets[run]!);
    if (place === undefined) {
      place = counts.length;
      places.set(targets[run]!, place);
      counts.push(0);
    }
    counts[place]! += sampleEnds[run]! - sampleStarts[run]!;
  }
  let total = 0;
  const next = counts.map((count) => {
    total += count;
    return total - count;
  });
  const samples = new Uint32Array(total);
  const runs = new Uint32Array(total);
  for (let run = 0; run < runCount; run++) {
    const place = places.get(targets[run]!)!;
    let at = next[place]!;
    for (let sample = sampleStarts[run]!; sample < sampleEnds[run]!; sample++) {
      samples[at] = sample;
      runs[at++] = run;
    }
    next[place] = at;
  }
  // After the filling each target's next place is its end.
  let start = 0;
  for (const end of next) {
    sortByTime(batch.timesMs, samples, runs, start, end);
    start = end;
  }
  return { targets: [...places.keys()], ends: next, samples, runs };
}

function sortByTime(timesMs: Float64Array, samples: Uint32Array, runs: Uint32Array, start: number, end: number): void {
  let isSorted = true;
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (let i = start; i < end; i++) {
    const timeMs = timesMs[samples[i]!]!;
    if (timeMs < last) isSorted = false;
    first = Math.min(first, timeMs);
    last = Math.max(last, timeMs);
  }
  if (isSorted) return;
  const order = orderByTime(timesMs, samples, start, end, first, last);
  const sortedSamples = order.map((i) => samples[i]!);
  const sortedRuns = order.map((i) => runs[i]!);
  samples.set(sortedSamples, start);
  runs.set(sortedRuns, start);
}

/** The places [start, end) by the times of their samples. */
function orderByTime(
  timesMs: Float64Array,
  samples: Uint32Array,
  start: number,
  end: number,
  first: number,
  last: number,
): Uint32Array {
  const count = end - start;
  const order = new Uint32Array(count);
  if ((last - first + 1) * count > Number.MAX_SAFE_INTEGER) {
    for (let i = 0; i < count; i++) order[i] = start + i;
    return order.sort((a, b) => timesMs[samples[a]!]! - timesMs[samples[b]!]! || a - b);
  }
  // Time and place in one whole number: plain numbers are sorted several times faster than places with a comparison.
  const keys = new Float64Array(count);
  for (let i = 0; i < count; i++) keys[i] = (timesMs[samples[start + i]!]! - first) * count + i;
  keys.sort();
  for (let i = 0; i < count; i++) order[i] = start + (keys[i]! % count);
  return order;
}
