/** Samples that were let in, by series: what the log, the head and the tables take. */
import type { SampleRuns } from '../../kernel/sample-sorter.js';

export type AdmittedSamples = SampleRuns;

/** Bytes that they take in memory. */
export const byteSizeOfSamples = ({ runCount, sampleCount }: AdmittedSamples): number =>
  runCount * 8 + sampleCount * 16;
