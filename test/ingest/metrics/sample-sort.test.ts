import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { AdmittedSamples } from '../../../src/ingest/metrics/admitted-samples.js';
import { sortSamples } from '../../../src/ingest/metrics/sample-sort.js';
import { noRef } from '../../../src/model/series-ref.js';

const refCount = 6;
const sample = fc.record({ ref: fc.nat({ max: refCount }), timeMs: fc.nat({ max: 8 }), value: fc.double() });

/** A batch of runs of one sample; the last ref stands for none. */
const batchOf = (samples: readonly { ref: number; timeMs: number; value: number }[]): AdmittedSamples => ({
  refs: Uint32Array.from(samples, ({ ref }) => (ref === refCount ? noRef : ref)),
  runCount: samples.length,
  sampleEnds: Uint32Array.from(samples, (_, i) => i + 1),
  sampleCount: samples.length,
  timesMs: Float64Array.from(samples, ({ timeMs }) => timeMs),
  values: Float64Array.from(samples, ({ value }) => value),
});

describe('samples of many requests', () => {
  it('are sorted by series and time, and of equal ones the last to come stays, to the bit', () => {
    const ranks = Uint32Array.of(3, 1, 5, 0, 2, 4);
    fc.assert(
      fc.property(fc.array(fc.array(sample, { maxLength: 12 }), { maxLength: 4 }), (batches) => {
        const sorted = sortSamples(batches.map(batchOf), ranks);
        const expected = new Map<string, number>();
        for (const { ref, timeMs, value } of batches.flat())
          if (ref < refCount) expected.set(`${ranks[ref]} ${timeMs}`, value);
        const order = [...expected].sort(([a], [b]) => {
          const [rankA, timeA] = a.split(' ').map(Number) as [number, number];
          const [rankB, timeB] = b.split(' ').map(Number) as [number, number];
          return rankA - rankB || timeA - timeB;
        });
        const found: [string, number][] = [];
        sorted.ranks.forEach((rank, i) => {
          for (let at = sorted.starts[i]!; at < sorted.starts[i + 1]!; at++)
            found.push([`${rank} ${sorted.timesMs[at]}`, sorted.values[at]!]);
        });
        assert.deepEqual(found, order);
        assert.equal(sorted.timesMs.length, order.length);
      }),
    );
  });

  it('keep the payload of a NaN', () => {
    const values = new Float64Array(2);
    new Uint32Array(values.buffer).set([2, 0x7ff00000, 7, 0x7ff80000]);
    const batch = {
      ...batchOf([
        { ref: 1, timeMs: 5, value: 0 },
        { ref: 0, timeMs: 5, value: 0 },
      ]),
      values,
    };
    const sorted = sortSamples([batch], Uint32Array.of(0, 1));
    assert.deepEqual(Array.from(new Uint32Array(sorted.values.buffer)), [7, 0x7ff80000, 2, 0x7ff00000]);
  });
});
