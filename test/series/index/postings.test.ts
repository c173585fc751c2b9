import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { Postings } from '../../../src/series/index/postings.js';

function refsOf(postings: Postings, key: number): number[] {
  const refs = new Uint32Array(postings.counts[key]!);
  postings.read(key, refs, 0);
  return Array.from(refs);
}

it('postings give back the refs of each key in order, whatever the order they came in and whatever was taken out', () => {
  const ref = fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 2 ** 31 }));
  const step = fc.oneof(
    { weight: 9, arbitrary: fc.record({ key: fc.nat(3), ref }) },
    { weight: 1, arbitrary: fc.record({ key: fc.nat(3), keptModulo: fc.integer({ min: 2, max: 5 }) }) },
    { weight: 1, arbitrary: fc.record({ key: fc.nat(3), isRead: fc.constant(true) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
      const postings = new Postings();
      const model = [0, 1, 2, 3].map(() => new Set<number>());
      for (const step of steps) {
        const wanted = model[step.key]!;
        if ('ref' in step) {
          if (wanted.has(step.ref)) continue;
          wanted.add(step.ref);
          postings.append(step.key, step.ref);
        } else if ('keptModulo' in step) {
          const isKept = (ref: number): boolean => ref % step.keptModulo !== 0;
          for (const ref of wanted) if (!isKept(ref)) wanted.delete(ref);
          postings.filter(step.key, isKept);
        } else {
          assert.deepEqual(
            refsOf(postings, step.key),
            Array.from(wanted).sort((a, b) => a - b),
          );
        }
      }
      model.forEach((wanted, key) => {
        assert.deepEqual(
          refsOf(postings, key),
          Array.from(wanted).sort((a, b) => a - b),
        );
      });
    }),
  );
});

it('a posting of many refs takes little more than a byte for each, and its blocks serve again when it is emptied', () => {
  const postings = new Postings();
  const fill = (): void => {
    for (let ref = 0; ref < 1_000_000; ref += 5) postings.append(0, ref);
  };
  fill();
  const { stateBytes } = postings;
  assert.ok(stateBytes < 200_000 * 1.6, `${stateBytes} bytes`);
  postings.filter(0, () => false);
  assert.equal(postings.counts[0], 0);
  fill();
  // Emptying needs a list of the refs once, which stays.
  assert.equal(postings.stateBytes - stateBytes, (200_000 - 256) * 4);
  assert.equal(refsOf(postings, 0).length, 200_000);
});
