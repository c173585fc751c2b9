/** Samples of folded series, as samples of the series that they are folded into. */
import type { RejectionTally } from '../../model/rejection-tally.js';
import { type SampleBatch, valueWords } from '../../model/sample-batch.js';
import type { SeriesIndex } from '../../series/index/series-index.js';
import type { Folder } from '../cardinality/folder.js';
import type { SourceRuns } from '../cardinality/source-runs.js';
import type { AdmittedSamples } from './admitted-samples.js';
import type { LoggedSources } from './logged-sources.js';
import type { FoldedRun } from './series-resolver.js';
import { outsideWindow, type TimeWindow } from './time-window.js';

/** Samples of targets, and the sources that they were folded from. */
export interface FoldedBatch {
  readonly samples: AdmittedSamples;
  readonly sources: LoggedSources;
}

export interface FoldedSamples {
  /** What a body's folded runs add to their targets, the caller's own. Samples outside the window are counted in `refused`. */
  fold(batch: SampleBatch, runs: readonly FoldedRun[], window: TimeWindow, refused: RejectionTally): FoldedBatch;
  /** Says that samples of targets could not be logged; see `Folder.owe`. */
  owe(samples: AdmittedSamples): void;
}

export function createFoldedSamples(folder: Folder, index: SeriesIndex): FoldedSamples {
  return {
    fold(batch, runs, window, refused) {
      const numbers = Uint32Array.from(runs, ({ source: { target, aggregate } }) =>
        folder.openTarget({ ref: target, idHigh: index.idHigh[target]!, idLow: index.idLow[target]!, aggregate }),
      );
      const sources = sourceRuns(batch, runs, numbers, window, refused);
      const folded = folder.fold(sources);
      const samples = {
        refs: folded.refs.slice(0, folded.runCount),
        runCount: folded.runCount,
        sampleEnds: folded.sampleEnds.slice(0, folded.runCount),
        sampleCount: folded.sampleCount,
        timesMs: folded.timesMs.slice(0, folded.sampleCount),
        values: folded.values.slice(0, folded.sampleCount),
      };
      return { samples, sources: loggedSources(sources, runs, index) };
    },
    owe: ({ refs }) => folder.owe(refs),
  };
}

const loggedSources = (
  sources: SourceRuns,
  runs: readonly FoldedRun[],
  { idLow, idHigh }: SeriesIndex,
): LoggedSources => ({
  runs: sources,
  targetLows: Uint32Array.from(runs, ({ source }) => idLow[source.target]!),
  targetHighs: Uint32Array.from(runs, ({ source }) => idHigh[source.target]!),
  aggregates: runs.map(({ source }) => source.aggregate),
});

function sourceRuns(
  batch: SampleBatch,
  runs: readonly FoldedRun[],
  targets: Uint32Array,
  window: TimeWindow,
  refused: RejectionTally,
): SourceRuns {
  const startOf = (run: number): number => (run === 0 ? 0 : batch.sampleEnds[run - 1]!);
  const count = runs.reduce((sum, { run }) => sum + batch.sampleEnds[run]! - startOf(run), 0);
  const timesMs = new Float64Array(count);
  const values = new Float64Array(count);
  const source = valueWords(batch.values);
  const target = valueWords(values);
  const sampleStarts = new Uint32Array(runs.length);
  const sampleEnds = new Uint32Array(runs.length);
  let to = 0;
  runs.forEach(({ run }, i) => {
    sampleStarts[i] = to;
    for (let from = startOf(run); from < batch.sampleEnds[run]!; from++) {
      const timeMs = batch.timesMs[from]!;
      if (!(timeMs >= window.fromMs && timeMs <= window.toMs)) {
        refused.add(run + 1, 'outside_time_window', () => outsideWindow(timeMs, window));
        continue;
      }
      timesMs[to] = timeMs;
      target[2 * to] = source[2 * from]!;
      target[2 * to + 1] = source[2 * from + 1]!;
      to++;
    }
    sampleEnds[i] = to;
  });
  return {
    runCount: runs.length,
    sourceHighs: Uint32Array.from(runs, ({ source: { idHigh } }) => idHigh),
    sourceLows: Uint32Array.from(runs, ({ source: { idLow } }) => idLow),
    targets,
    hadSeries: Uint8Array.from(runs, ({ source: { hadSeries } }) => Number(hadSeries)),
    sampleStarts,
    sampleEnds,
    timesMs: timesMs.subarray(0, to),
    values: values.subarray(0, to),
  };
}
