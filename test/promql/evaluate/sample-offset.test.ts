import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import xxhash from 'xxhash-wasm';
import type { Labels } from '../../../src/model/labels.js';
import { sampleOffset, xxHash64 } from '../../../src/promql/evaluate/aggregate/sample-offset.js';
import { seriesLabels } from '../../../src/promql/evaluate/series-labels.js';

// Prometheus v0.315.0, promql.HashRatioSampler.SampleOffset.
const offsets: readonly (readonly [labels: Labels, offset: number])[] = [
  [[], 0.93467493153170589],
  [
    [
      ['__name__', 'up'],
      ['job', 'api'],
    ],
    0.91511994683550779,
  ],
  [[['é', 'ü']], 0.7956798791156372],
  [[['long', 'x'.repeat(300)]], 0.079946218000101016],
];
for (const [labels, offset] of offsets)
  it(`limit_ratio takes ${JSON.stringify(labels).slice(0, 40)} from the ratio on from which Prometheus takes it`, () => {
    assert.equal(sampleOffset(seriesLabels(labels)), offset);
  });

it('the hash behind limit_ratio is xxHash64, as the package computes it', async () => {
  const { h64Raw } = await xxhash();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      assert.equal(xxHash64(bytes), h64Raw(bytes));
    }),
  );
});
