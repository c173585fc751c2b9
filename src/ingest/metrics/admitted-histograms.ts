/** Native histograms that are let in: of series under their own labels, within the window. */
import type { HistogramRuns } from '../../model/histogram-runs.js';
import { HistogramWriter, histogramBytesAt } from '../../model/native-histogram-bytes.js';
import type { RejectionTally } from '../../model/rejection-tally.js';
import type { HistogramBatch, SampleBatch } from '../../model/sample-batch.js';
import type { SeriesResolver } from './series-resolver.js';
import { type TimeWindow, withinWindow } from './time-window.js';

export interface AdmittedHistograms {
  /** The caller's own. */
  readonly samples: HistogramRuns;
  /** Counts histograms; `line` is the number of the run, from 1. */
  readonly refused: RejectionTally;
}

/**
 * Those of folded and routed series are refused: a fold adds up numbers by rules that histograms have none of, and rows of the event plane
 * have a number each.
 */
export function admitHistograms(
  { runs, histograms }: HistogramBatch,
  resolver: SeriesResolver,
  window: TimeWindow,
): AdmittedHistograms {
  const { refs, folded, routed, refused } = resolver.resolve(runs);
  for (const { run } of folded)
    refused.add(run + 1, 'native_histogram', () => notUnderOwnLabels('folded'), countOf(runs, run));
  for (const { run } of routed)
    refused.add(run + 1, 'native_histogram', () => notUnderOwnLabels('routed'), countOf(runs, run));
  const { values, ...admitted } = withinWindow(runs, refs, window, refused);
  const writer = new HistogramWriter();
  for (const place of values) writer.addBytes(histogramBytesAt(histograms, place));
  return { samples: { ...admitted, ...writer.finish() }, refused };
}

const notUnderOwnLabels = (what: string): string =>
  `the series is ${what} by a rule or a budget of cardinality, and only series under their own labels hold native histograms`;

const countOf = ({ sampleEnds }: SampleBatch, run: number): number =>
  sampleEnds[run]! - (run === 0 ? 0 : sampleEnds[run - 1]!);
