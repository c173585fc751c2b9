import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import xxhash from 'xxhash-wasm';
import { xxHash64 } from '../../../src/promql/evaluate/aggregate/sample-offset.js';

it('the hash behind limit_ratio is xxHash64, as the package computes it', async () => {
  const { h64Raw } = await xxhash();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      assert.equal(xxHash64(bytes), h64Raw(bytes));
    }),
  );
});
