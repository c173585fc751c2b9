import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { joinBatches } from '../../src/model/join-batches.js';
import { type SampleBatch, valueWords } from '../../src/model/sample-batch.js';
import { createSampleBatchBuilder } from '../../src/model/sample-batch-builder.js';

type Sample = readonly [timeMs: number, low: number, high: number];
type Run = readonly [key: string, samples: readonly Sample[]];

function batchOf(runs: readonly Run[]): SampleBatch {
  const builder = createSampleBatchBuilder();
  for (const [key, samples] of runs) {
    const bytes = Buffer.from(key);
    builder.beginRun(bytes, 0, bytes.length);
    for (const [timeMs, low, high] of samples) builder.addBits(timeMs, low, high);
  }
  return builder.finish();
}

function runsOf({ keys, keyStarts, keyEnds, runCount, sampleEnds, timesMs, values }: SampleBatch): Run[] {
  const words = valueWords(values);
  return Array.from({ length: runCount }, (_, run) => {
    const start = run === 0 ? 0 : sampleEnds[run - 1]!;
    const samples = Array.from({ length: sampleEnds[run]! - start }, (_, i): Sample => {
      const at = start + i;
      return [timesMs[at]!, words[2 * at]!, words[2 * at + 1]!];
    });
    return [Buffer.from(keys.subarray(keyStarts[run], keyEnds[run])).toString(), samples];
  });
}

describe('joined batches', () => {
  it('hold the runs of the first and then those of the second, every bit of a value', () => {
    const word = fc.nat({ max: 2 ** 32 - 1 });
    const samples = fc.array(fc.tuple(fc.nat(), word, word), { minLength: 1, maxLength: 3 });
    const runs = fc.array(fc.tuple(fc.string({ minLength: 1, maxLength: 9 }), samples), { maxLength: 5 });
    fc.assert(
      fc.property(runs, runs, (first, second) => {
        const joined = joinBatches(batchOf(first), batchOf(second));
        assert.deepEqual(runsOf(joined), [...first, ...second]);
        assert.equal(
          joined.sampleCount,
          [...first, ...second].reduce((sum, [, { length }]) => sum + length, 0),
        );
      }),
    );
  });
});
