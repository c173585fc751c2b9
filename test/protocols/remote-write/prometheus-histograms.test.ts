import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Kernel } from '../../../src/kernel/kernel.js';
import { bucketIndexes, counterResetHints, type SpannedBuckets } from '../../../src/model/native-histogram.js';
import { createRemoteWrite1Decoder } from '../../../src/protocols/remote-write/version-1.js';
import { createRemoteWrite2Decoder } from '../../../src/protocols/remote-write/version-2.js';
import { histogramRunsOf } from './decoded-runs.js';

/** What Prometheus' own code wrote, and what it reads in that; `fixtures/prometheus-histograms/README.md` tells how. */
interface Answer {
  readonly v1: string;
  readonly v2: string;
  /** Why it is refused. */
  readonly error?: string;
  readonly isFloat: boolean;
  readonly hint: number;
  readonly schema: number;
  readonly count: number;
  readonly sum: number;
  readonly zeroCount: number;
  readonly zeroThreshold: number;
  /** Index and count of each bucket. */
  readonly positive: readonly (readonly [number, number])[];
  readonly negative: readonly (readonly [number, number])[];
  /** The largest negative double stands for minus infinity. */
  readonly custom?: readonly number[];
}

// The compiled test lies under dist.
const file = new URL('../../../../test/protocols/fixtures/prometheus-histograms/answers.jsonl', import.meta.url);
const answers = readFileSync(file, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Answer);

const pairsOf = (buckets: SpannedBuckets): [number, number][] =>
  bucketIndexes(buckets).map((index, i) => [index, buckets.counts[i]!]);

describe('native histograms that Prometheus wrote', () => {
  const decoders = { v1: createRemoteWrite1Decoder(new Kernel()), v2: createRemoteWrite2Decoder() };
  for (const version of ['v1', 'v2'] as const)
    it(`are taken, or refused, as Prometheus does, from ${version}`, () => {
      let refused = 0;
      for (const answer of answers) {
        const { histograms, rejections } = decoders[version].decode(Buffer.from(answer[version], 'base64'));
        assert.equal(
          rejections.length,
          answer.error === undefined ? 0 : 1,
          `${answer.error}, and here ${rejections[0]?.message}`,
        );
        if (answer.error !== undefined) {
          refused++;
          continue;
        }
        const [{ histogram, timeMs } = assert.fail('no histogram')] = histogramRunsOf(histograms)[0]?.histograms ?? [];
        const { positive, negative, customBounds, counterReset, isStale, ...numbers } = histogram;
        const { isFloat, schema, count, sum, zeroCount, zeroThreshold } = answer;
        assert.deepEqual(numbers, { isFloat, schema, count, sum, zeroCount, zeroThreshold });
        assert.deepEqual([timeMs, isStale, counterReset], [1_717_171_717_000, false, counterResetHints[answer.hint]]);
        assert.deepEqual([pairsOf(positive), pairsOf(negative)], [answer.positive, answer.negative]);
        const bounds = customBounds.map((bound) => Math.max(bound, -Number.MAX_VALUE));
        assert.deepEqual(bounds, answer.custom ?? []);
      }
      assert.deepEqual([answers.length, refused], [240, 69]);
    });
});
