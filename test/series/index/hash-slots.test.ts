import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { HashSlots } from '../../../src/series/index/hash-slots.js';

/** All numbers that the table holds under a hash, ascending. */
function under(slots: HashSlots, hash: number): number[] {
  const found: number[] = [];
  for (let slot = slots.first(hash); slot >= 0; slot = slots.next(slot, hash)) found.push(slots.valueAt(slot));
  return found.sort((a, b) => a - b);
}

it('a table of slots holds what was added and not removed, through collisions and growth', () => {
  // Few hashes, near each other and around the end of the table, so that runs of slots meet and wrap.
  const hash = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer({ min: 60, max: 66 }), fc.integer());
  const step = fc.record({ hash, isRemoval: fc.boolean(), pick: fc.nat() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400, size: 'max' }), (steps) => {
      const slots = new HashSlots();
      const held: { hash: number; value: number }[] = [];
      steps.forEach(({ hash, isRemoval, pick }, value) => {
        if (isRemoval && held.length > 0) {
          const [gone] = held.splice(pick % held.length, 1);
          slots.remove(gone!.hash, gone!.value);
        } else {
          held.push({ hash, value });
          slots.add(hash, value);
        }
      });
      for (const { hash } of steps) {
        const wanted = held.filter((entry) => entry.hash === hash).map(({ value }) => value);
        assert.deepEqual(under(slots, hash), wanted);
      }
    }),
  );
});

it('reserving slots keeps what they hold', () => {
  const slots = new HashSlots();
  slots.add(7, 1);
  slots.add(-7, 2);
  slots.reserve(10_000);
  const { stateBytes } = slots;
  for (let i = 0; i < 9_000; i++) slots.add(i * 31, i);
  assert.equal(slots.stateBytes, stateBytes);
  assert.deepEqual(under(slots, -7), [2]);
});
