/** Runs of samples for the folder out of lists, and the samples that it gives out. */
import type { FoldedRuns } from '../../../src/ingest/cardinality/fold-output.js';
import { mixed } from '../../../src/ingest/cardinality/label-hash.js';
import type { SourceRuns } from '../../../src/ingest/cardinality/source-runs.js';
import { staleMarkerHigh, staleMarkerLow, valueWords } from '../../../src/model/sample-batch.js';

export interface SourceRun {
  readonly source: number;
  readonly target: number;
  readonly hadSeries?: boolean;
  /** A value of `stale` is a stale marker. */
  readonly samples: readonly (readonly [timeMs: number, value: number | 'stale'])[];
}

/** Halves of the 64-bit id that a source's number stands for. */
export const idOf = (source: number): [high: number, low: number] => [mixed(source ^ 0x5bd1e995), mixed(source)];

export function sourceRuns(runs: readonly SourceRun[]): SourceRuns {
  const samples = runs.flatMap((run) => run.samples);
  const values = new Float64Array(samples.length);
  const words = valueWords(values);
  samples.forEach(([, value], i) => {
    if (value !== 'stale') values[i] = value;
    else words.set([staleMarkerLow, staleMarkerHigh], 2 * i);
  });
  let end = 0;
  const sampleEnds = Uint32Array.from(runs, (run) => (end += run.samples.length));
  return {
    runCount: runs.length,
    sourceHighs: Uint32Array.from(runs, ({ source }) => idOf(source)[0]),
    sourceLows: Uint32Array.from(runs, ({ source }) => idOf(source)[1]),
    targets: Uint32Array.from(runs, ({ target }) => target),
    hadSeries: Uint8Array.from(runs, ({ hadSeries }) => (hadSeries ? 1 : 0)),
    sampleStarts: Uint32Array.from(runs, (run, i) => sampleEnds[i]! - run.samples.length),
    sampleEnds,
    timesMs: Float64Array.from(samples, ([timeMs]) => timeMs),
    values,
  };
}

export type FoldedSample = readonly [timeMs: number, value: number | 'stale'];

/** What was given out, by the numbers of series in the index. */
export function foldedSamples(folded: FoldedRuns): Map<number, FoldedSample[]> {
  const words = valueWords(folded.values);
  const samples = new Map<number, FoldedSample[]>();
  let at = 0;
  for (let run = 0; run < folded.runCount; run++) {
    const list: FoldedSample[] = [];
    for (; at < folded.sampleEnds[run]!; at++) {
      const isStale = words[2 * at] === staleMarkerLow && words[2 * at + 1] === staleMarkerHigh;
      list.push([folded.timesMs[at]!, isStale ? 'stale' : folded.values[at]!]);
    }
    samples.set(folded.refs[run]!, list);
  }
  return samples;
}
