/** One batch out of two, for what has to be stored together. */
import { assert } from '../base/assert.js';
import { type SampleBatch, valueWords } from './sample-batch.js';

/** The runs of `first` and, behind them, those of `second`, both with canonical keys. What is copied is never changed. */
export function joinBatches(first: SampleBatch, second: SampleBatch): SampleBatch {
  assert(first.keyForm === 'canonical' && second.keyForm === 'canonical', 'keys are not canonical');
  if (first.runCount === 0) return second;
  if (second.runCount === 0) return first;
  const keyBytes = keyBytesOf(first);
  const keys = new Uint8Array(keyBytes + keyBytesOf(second));
  keys.set(first.keys.subarray(0, keyBytes));
  keys.set(second.keys.subarray(0, keys.length - keyBytes), keyBytes);
  const sampleCount = first.sampleCount + second.sampleCount;
  const timesMs = new Float64Array(sampleCount);
  timesMs.set(first.timesMs.subarray(0, first.sampleCount));
  timesMs.set(second.timesMs.subarray(0, second.sampleCount), first.sampleCount);
  // Values as words: only so is it promised that every bit of a NaN comes along.
  const values = new Float64Array(sampleCount);
  valueWords(values).set(valueWords(first.values).subarray(0, 2 * first.sampleCount));
  valueWords(values).set(valueWords(second.values).subarray(0, 2 * second.sampleCount), 2 * first.sampleCount);
  return {
    keyForm: 'canonical',
    keys,
    keyStarts: joined(first.keyStarts, first.runCount, second.keyStarts, second.runCount, keyBytes),
    keyEnds: joined(first.keyEnds, first.runCount, second.keyEnds, second.runCount, keyBytes),
    runCount: first.runCount + second.runCount,
    sampleEnds: joined(first.sampleEnds, first.runCount, second.sampleEnds, second.runCount, first.sampleCount),
    sampleCount,
    timesMs,
    values,
  };
}

/** Bytes of `keys` that runs lie in; what is behind them is room to grow. */
function keyBytesOf({ keyEnds, runCount }: SampleBatch): number {
  let end = 0;
  for (let run = 0; run < runCount; run++) end = Math.max(end, keyEnds[run]!);
  return end;
}

function joined(
  first: Uint32Array,
  firstCount: number,
  second: Uint32Array,
  secondCount: number,
  shift: number,
): Uint32Array {
  const all = new Uint32Array(firstCount + secondCount);
  all.set(first.subarray(0, firstCount));
  for (let i = 0; i < secondCount; i++) all[firstCount + i] = second[i]! + shift;
  return all;
}
