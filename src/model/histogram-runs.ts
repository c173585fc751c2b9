import type { HistogramBytes } from './native-histogram-bytes.js';

/** Native histograms that were let in, by series: what the log, the head and the table take. */
export interface HistogramRuns extends HistogramBytes {
  /** Run i is of the series refs[i]; 0xffffffff for none. Length at least `runCount`. */
  readonly refs: Uint32Array;
  readonly runCount: number;
  /** Run i's histograms are [sampleEnds[i - 1], sampleEnds[i]), the first run's from 0. */
  readonly sampleEnds: Uint32Array;
  /** As many as `ends`. */
  readonly sampleCount: number;
  /** Epoch milliseconds, whole numbers. */
  readonly timesMs: Float64Array;
}

/** Bytes that they take in memory. */
export const byteSizeOfHistograms = ({ runCount, sampleCount, bytes }: HistogramRuns): number =>
  runCount * 8 + sampleCount * 12 + bytes.length;
