/** The samples of targets that one batch gives, as the runs that the chunk store takes. */
import { grownArray } from '../../base/grown-array.js';
import { staleMarkerHigh, staleMarkerLow, valueWords } from '../../model/sample-batch.js';

export interface FoldedRuns {
  readonly runCount: number;
  /** Number of the run's series in the index. */
  readonly refs: Uint32Array;
  /** Run i's samples are [sampleEnds[i - 1], sampleEnds[i]), the first run's from 0. */
  readonly sampleEnds: Uint32Array;
  readonly sampleCount: number;
  readonly timesMs: Float64Array;
  /** Stale markers are in here bit for bit. */
  readonly values: Float64Array;
}

export interface FoldOutput extends FoldedRuns {
  runCount: number;
  refs: Uint32Array;
  sampleEnds: Uint32Array;
  sampleCount: number;
  timesMs: Float64Array;
  values: Float64Array;
  words: Uint32Array;
}

export function createFoldOutput(): FoldOutput {
  const values = new Float64Array(256);
  return {
    runCount: 0,
    refs: new Uint32Array(64),
    sampleEnds: new Uint32Array(64),
    sampleCount: 0,
    timesMs: new Float64Array(256),
    values,
    words: valueWords(values),
  };
}

export function addSample(output: FoldOutput, timeMs: number, value: number): void {
  const at = nextSample(output, timeMs);
  output.values[at] = value;
}

export function addStaleMarker(output: FoldOutput, timeMs: number): void {
  const at = nextSample(output, timeMs);
  output.words[2 * at] = staleMarkerLow;
  output.words[2 * at + 1] = staleMarkerHigh;
}

/** Ends the run of the samples added since the last one; a run without samples is none. */
export function endRun(output: FoldOutput, ref: number): void {
  const { runCount, sampleCount } = output;
  if (sampleCount === (runCount === 0 ? 0 : output.sampleEnds[runCount - 1]!)) return;
  if (runCount === output.refs.length) {
    output.refs = grownArray(output.refs, output.refs.length * 2);
    output.sampleEnds = grownArray(output.sampleEnds, output.sampleEnds.length * 2);
  }
  output.refs[runCount] = ref;
  output.sampleEnds[runCount] = sampleCount;
  output.runCount++;
}

function nextSample(output: FoldOutput, timeMs: number): number {
  const at = output.sampleCount++;
  if (at === output.timesMs.length) {
    output.timesMs = grownArray(output.timesMs, output.timesMs.length * 2);
    output.values = grownArray(output.values, output.values.length * 2);
    output.words = valueWords(output.values);
  }
  output.timesMs[at] = timeMs;
  return at;
}
