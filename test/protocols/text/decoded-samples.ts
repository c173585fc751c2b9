/** Decoded metrics as plain values, for tests. */
import { decodeLabels, type Label } from '../../../src/model/labels.js';
import type { SampleBatch } from '../../../src/model/sample-batch.js';

export interface PlainSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly timeMs: number;
  readonly value: number;
}

/** The samples of a batch of canonical keys, in its order. */
export function samplesOf(batch: SampleBatch): PlainSample[] {
  const samples: PlainSample[] = [];
  let sample = 0;
  for (let run = 0; run < batch.runCount; run++) {
    const key = batch.keys.subarray(batch.keyStarts[run], batch.keyEnds[run]);
    const labels = Object.fromEntries(decodeLabels(key));
    for (; sample < batch.sampleEnds[run]!; sample++)
      samples.push({ labels, timeMs: batch.timesMs[sample]!, value: batch.values[sample]! });
  }
  return samples;
}

/** A series in PromQL's short form, for comparing by eye: `name{a="b"}`. */
export function seriesOf({ labels }: PlainSample): string {
  const { __name__: name = '', ...rest } = labels;
  const pairs = Object.entries(rest).map(([label, value]: Label) => `${label}=${JSON.stringify(value)}`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
}

/** One line a sample: `name{a="b"} value @time`. */
export const linesOf = (batch: SampleBatch): string[] =>
  samplesOf(batch).map((sample) => `${seriesOf(sample)} ${sample.value} @${sample.timeMs}`);
