/** Runs of samples of folded sources. */
export interface SourceRuns {
  readonly runCount: number;
  /** 64-bit ids of the sources: hashes of their own labels. */
  readonly sourceHighs: Uint32Array;
  readonly sourceLows: Uint32Array;
  /** Numbers that `openTarget` gave. */
  readonly targets: Uint32Array;
  /** 1 where the source had a series of its own before (`hadSeries` of its admission). */
  readonly hadSeries: Uint8Array;
  /** Run i's samples are [sampleStarts[i], sampleEnds[i]) of the columns. */
  readonly sampleStarts: Uint32Array;
  readonly sampleEnds: Uint32Array;
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
}
