/** Samples that were let in, by series: what the log, the head and the tables take. */
export interface AdmittedSamples {
  /** Run i is of the series refs[i]. Length at least `runCount`. */
  readonly refs: Uint32Array;
  readonly runCount: number;
  /** Run i's samples are [sampleEnds[i - 1], sampleEnds[i]), the first run's from 0. */
  readonly sampleEnds: Uint32Array;
  readonly sampleCount: number;
  /** Epoch milliseconds, whole numbers. */
  readonly timesMs: Float64Array;
  /** Every bit counts: copy them as words or whole arrays, not one by one. */
  readonly values: Float64Array;
}

/** Bytes that they take in memory. */
export const byteSizeOfSamples = ({ runCount, sampleCount }: AdmittedSamples): number =>
  runCount * 8 + sampleCount * 16;
