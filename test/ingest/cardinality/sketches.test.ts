import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createDistinctSketch, exactMax } from '../../../src/ingest/cardinality/distinct-sketch.js';
import { createEvictedFilter } from '../../../src/ingest/cardinality/evicted-filter.js';
import { createHeavyHitters } from '../../../src/ingest/cardinality/heavy-hitters.js';
import { mixed } from '../../../src/ingest/cardinality/label-hash.js';
import { createMinuteCount } from '../../../src/ingest/cardinality/minute-count.js';
import { createValueCounts } from '../../../src/ingest/cardinality/value-counts.js';

describe('a sketch of distinct hashes', () => {
  it('is exact for few, and within four standard errors for many', () => {
    for (const count of [0, 1, 10, exactMax, 100, 640, 1_000, 10_000, 200_000]) {
      const sketch = createDistinctSketch();
      for (let i = 0; i < count; i++) for (let again = 0; again < 2; again++) sketch.add(mixed(i));
      const estimate = sketch.estimate();
      if (count <= exactMax) assert.equal(estimate, count);
      else assert.ok(Math.abs(estimate / count - 1) < 4 * 0.065, `${estimate} instead of ${count}`);
    }
  });
});

describe('counts of values', () => {
  it('are those of a map, whatever is added and removed', () => {
    const steps = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 40 })), { maxLength: 300 });
    fc.assert(
      fc.property(steps, (all) => {
        const counts = createValueCounts();
        const model = new Map<number, number>();
        for (const [isAdded, key] of all) {
          // Few low bits, so that the table has clusters.
          const hash = (key * 0x10000) >>> 0;
          const count = model.get(hash) ?? 0;
          if (isAdded) assert.equal(counts.add(hash), count === 0);
          else counts.remove(hash);
          if (isAdded || count > 0) model.set(hash, count + (isAdded ? 1 : -1));
          assert.equal(counts.has(hash), (model.get(hash) ?? 0) > 0);
          assert.equal(counts.size, [...model.values()].filter((left) => left > 0).length);
        }
      }),
    );
  });
});

describe('heavy hitters', () => {
  it('find every hash above its share, and never count one too high', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 500 }), (stream) => {
        const capacity = 20;
        const hitters = createHeavyHitters(capacity);
        const truth = new Map<number, number>();
        for (const hash of stream) {
          hitters.add(hash);
          truth.set(hash, (truth.get(hash) ?? 0) + 1);
        }
        for (const [hash, count] of truth) {
          assert.ok(hitters.guaranteed(hash) <= count);
          if (count > stream.length / capacity) assert.ok(hitters.guaranteed(hash) > 0);
        }
      }),
    );
  });

  it('tell a hash that comes again from thousands that come once', () => {
    const hitters = createHeavyHitters(64);
    for (let i = 0; i < 10_000; i++) hitters.add(i % 10 === 0 ? 7 : 1_000 + i);
    assert.ok(hitters.guaranteed(7) > hitters.total / 20);
    assert.ok(hitters.guaranteed(1_000 + 9_999) <= 1);
  });
});

describe('the filter of evicted sources', () => {
  it('knows the latest, forgets those long ago, and takes few others for known', () => {
    const filter = createEvictedFilter(1_000);
    const isKnown = (i: number): boolean => filter.has(mixed(i ^ 0x9e3779b9), mixed(i));
    assert.ok(!isKnown(0));
    for (let i = 0; i < 10_000; i++) filter.add(mixed(i ^ 0x9e3779b9), mixed(i));
    for (let i = 9_000; i < 10_000; i++) assert.ok(isKnown(i));
    let others = 0;
    for (let i = 0; i < 8_000; i++) if (isKnown(i)) others++;
    for (let i = 100_000; i < 140_000; i++) if (isKnown(i)) others++;
    assert.ok(others <= 12, `${others} of 48,000`);
  });
});

describe('the count of the last minute', () => {
  it('takes as much of the minute before as still lies in it', () => {
    const count = createMinuteCount();
    for (let i = 0; i < 60; i++) count.add(600_000 + i * 1_000);
    assert.equal(count.at(659_999), 60);
    assert.equal(count.at(675_000), 45);
    assert.equal(count.at(720_000), 0);
    count.add(720_000);
    assert.equal(count.at(700_000), 1);
    assert.equal(count.at(900_000), 0);
  });
});
