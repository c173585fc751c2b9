/** Memory that range functions use while they walk over a series; made once for all series of a call. */
export interface RangeScratch {
  /** Each of at least as many elements as the longest series has samples. */
  readonly totals: Float64Array;
  readonly carries: Float64Array;
  readonly means: Float64Array;
  readonly positions: Int32Array;
  /** Five numbers for each sample. */
  readonly moments: Float64Array;
  /** Each of as many elements as the grid has steps. */
  readonly stepTotals: Float64Array;
  readonly stepCarries: Float64Array;
  readonly stepIndexes: Int32Array;
}

export function createRangeScratch(samplesMax: number, steps: number): RangeScratch {
  // Touched only where a function needs them: the pages of those it does not need are never made.
  return {
    totals: new Float64Array(samplesMax),
    carries: new Float64Array(samplesMax),
    means: new Float64Array(samplesMax),
    positions: new Int32Array(samplesMax),
    moments: new Float64Array(5 * samplesMax),
    stepTotals: new Float64Array(steps),
    stepCarries: new Float64Array(steps),
    stepIndexes: new Int32Array(steps),
  };
}
