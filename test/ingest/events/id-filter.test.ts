import assert from 'node:assert/strict';
import { test } from 'node:test';
import xxhash from 'xxhash-wasm';
import { createIdFilter, filterBitsPerId } from '../../../src/ingest/events/id-filter.js';

const { h64 } = await xxhash();
const hashes = (prefix: string, count: number): [number, number][] =>
  Array.from({ length: count }, (_, i) => {
    const hash = h64(`${prefix}-${i}`);
    return [Number(hash & 0xffffffffn), Number(hash >> 32n)];
  });

test('an id that was added is never called new', () => {
  const filter = createIdFilter(50_000, 1 << 24);
  const added = hashes('id', 200_000);
  for (const hash of added) filter.add(...hash);
  assert.ok(added.every((hash) => filter.mayHave(...hash)));
});

test('at its design load at most 2 % of new ids are taken for known ones', () => {
  // The filter's size is a power of two: as many ids as its bits were meant for.
  const filter = createIdFilter(1, 1 << 20);
  const load = Math.floor((filter.bytes * 8) / filterBitsPerId);
  for (const hash of hashes('id', load)) filter.add(...hash);
  const strangers = hashes('stranger', 100_000);
  const wrong = strangers.filter((hash) => filter.mayHave(...hash)).length;
  assert.ok(wrong / strangers.length < 0.02, `${wrong} of ${strangers.length}`);
});

test('the bound in bytes holds whatever is expected', () => {
  assert.ok(createIdFilter(1e9, 3_000_000).bytes <= 3_000_000);
  assert.ok(createIdFilter(0, 1 << 30).bytes <= 1 << 20);
});
