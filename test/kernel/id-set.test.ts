import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import xxhash from 'xxhash-wasm';
import { filterBitsPerId, IdSet } from '../../src/kernel/id-set.js';
import { Kernel } from '../../src/kernel/kernel.js';
import { textColumnOf } from '../../src/model/columns.js';

const { h64 } = await xxhash();
const textsOf = (prefix: string, count: number) =>
  textColumnOf(Array.from({ length: count }, (_, i) => `${prefix}-${i}`));
const pieces = (count: number): number[] => Array.from({ length: count / 10_000 }, (_, i) => i);

test('hashes are those of XXH64 at every length: what is added as a hash is known as a text', () => {
  const texts = Array.from({ length: 200 }, (_, length) => 'aé'.repeat(200).slice(0, length));
  const set = new IdSet(new Kernel(), 0, 1 << 20);
  set.addHashes(new Uint8Array(BigUint64Array.from(texts, (text) => h64(text)).buffer));
  assert.equal(set.add(textColumnOf(texts)), texts.length);
  const others = new IdSet(new Kernel(), 0, 1 << 20);
  assert.equal(others.add(textColumnOf(texts)), 0);
});

test('an id that was added is never called new', () => {
  const set = new IdSet(new Kernel(), 50_000, 1 << 24);
  for (const i of pieces(200_000)) set.add(textsOf(`id-${i}`, 10_000));
  for (const i of pieces(200_000)) assert.equal(set.add(textsOf(`id-${i}`, 10_000)), 10_000);
});

test('at its design load at most 2 % of new ids are taken for known ones', () => {
  const set = new IdSet(new Kernel(), 1, 1 << 20);
  // The filter's size is a power of two: as many ids as its bits were meant for.
  set.add(textsOf('id', Math.floor((set.bytes * 8) / filterBitsPerId)));
  const wrong = set.add(textsOf('stranger', 20_000));
  assert.ok(wrong / 20_000 < 0.02, `${wrong} of 20,000`);
});

test('past its design load it grows, within its bound, and takes few new ids for known ones', () => {
  const set = new IdSet(new Kernel(), 1, 16 << 20);
  const before = set.bytes;
  for (const i of pieces(2_000_000)) set.add(textsOf(`id-${i}`, 10_000));
  assert.ok(set.bytes > before && set.bytes <= 16 << 20);
  const wrong = set.add(textsOf('stranger', 20_000));
  assert.ok(wrong / 20_000 < 0.03, `${wrong} of 20,000`);
  for (const i of pieces(2_000_000)) assert.equal(set.add(textsOf(`id-${i}`, 10_000)), 10_000);
});

test('the bound in bytes holds whatever is expected', () => {
  assert.ok(new IdSet(new Kernel(), 1e9, 3_000_000).bytes <= 3_000_000);
  assert.ok(new IdSet(new Kernel(), 0, 1 << 30).bytes <= 1 << 20);
});

test('runs with an id that comes again are told, and rows whose ids were added before', () => {
  const id = fc.integer({ min: 0, max: 60 }).map((i) => `id-${i}`);
  const runs = fc.array(fc.array(id, { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(fc.array(id), runs, fc.boolean(), (before, met, isUnsure) => {
      const set = new IdSet(new Kernel(), 1000, 1 << 20);
      if (before.length > 0) set.add(textColumnOf(before));
      for (let round = 0; round < 2; round++) {
        set.beginRuns(met.length, met.flat().length);
        const known = new Set(round === 0 ? before : [...before, ...met.flat()]);
        const seen = new Set<string>();
        for (const [run, ids] of met.entries()) {
          const expected = ids.flatMap((text, row) => {
            const isFirst = !seen.has(text);
            seen.add(text);
            return isFirst && (isUnsure || known.has(text)) ? [row] : [];
          });
          assert.deepEqual(set.meet(textColumnOf(ids), run, isUnsure), expected);
        }
        const all = met.flat();
        const comesAgain = (text: string): boolean => all.filter((other) => other === text).length > 1;
        for (const [run, ids] of met.entries()) assert.equal(set.hasRepeats(run), ids.some(comesAgain));
      }
    }),
    { numRuns: 40 },
  );
});
