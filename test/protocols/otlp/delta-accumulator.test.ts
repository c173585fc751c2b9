import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createDeltaAccumulator, type DeltaAccumulator } from '../../../src/protocols/otlp/delta-accumulator.js';
import type { ExponentialHistogram } from '../../../src/protocols/otlp/exponential-buckets.js';

const name = (stream: string): Uint8Array => Buffer.from(stream);

function add(deltas: DeltaAccumulator, stream: string, timeNs: number, values: number[], bounds: number[] = []) {
  const totals = Float64Array.from([...values, -1]);
  const outcome = deltas.add(name(stream), bounds, timeNs, totals, values.length);
  assert.equal(totals.at(-1), -1, 'numbers behind the delta were touched');
  return { outcome, totals: Array.from(totals.subarray(0, values.length)) };
}

const exponential = (counts: number[], scale = 0): ExponentialHistogram => ({
  scale,
  count: counts.reduce((sum, count) => sum + count, 0),
  sum: 1,
  hasSum: true,
  zeroThreshold: 0,
  zeroCount: 0,
  positive: { offset: 0, counts },
  negative: { offset: 0, counts: [] },
});

describe('the delta accumulator', () => {
  it('gives the total of all deltas that it took, stream by stream', () => {
    const stream = fc.constantFrom('a', 'b', 'c');
    const sent = fc.record({ stream, timeNs: fc.nat(20), value: fc.nat(100) });
    fc.assert(
      fc.property(fc.array(sent, { maxLength: 60 }), (list) => {
        const deltas = createDeltaAccumulator();
        const known = new Map<string, { timeNs: number; value: number; total: number }>();
        for (const { stream: to, timeNs, value } of list) {
          const last = known.get(to);
          const { outcome, totals } = add(deltas, to, timeNs, [value]);
          if (last !== undefined && (timeNs < last.timeNs || (timeNs === last.timeNs && value !== last.value))) {
            assert.deepEqual([outcome, totals], ['out_of_order', [value]]);
          } else if (last !== undefined && timeNs === last.timeNs) {
            assert.deepEqual([outcome, totals], ['repeated', [last.total]]);
          } else {
            const total = (last?.total ?? 0) + value;
            assert.deepEqual([outcome, totals], ['added', [total]]);
            known.set(to, { timeNs, value, total });
          }
        }
        assert.equal(deltas.streamCount, known.size);
      }),
    );
  });

  it('adds up every number of a histogram', () => {
    const deltas = createDeltaAccumulator();
    add(deltas, 'h', 1, [3, 1.5, 1, 2], [10]);
    assert.deepEqual(add(deltas, 'h', 2, [1, 0.5, 0, 1], [10]).totals, [4, 2, 1, 3]);
  });

  it('begins anew where a histogram’s bounds change', () => {
    const deltas = createDeltaAccumulator();
    add(deltas, 'h', 1, [3, 1, 1, 2], [10]);
    assert.deepEqual(add(deltas, 'h', 2, [1, 1, 0, 1], [20]), { outcome: 'added', totals: [1, 1, 0, 1] });
    assert.equal(add(deltas, 'h', 2, [1, 1, 0, 1], [30]).outcome, 'out_of_order');
    assert.equal(deltas.streamCount, 1);
  });

  it('adds exponential histograms of different scales', () => {
    const deltas = createDeltaAccumulator();
    deltas.addExponential(name('e'), 1, exponential([1, 2, 3, 4], 1));
    const { outcome, total } = deltas.addExponential(name('e'), 2, exponential([10, 20]));
    assert.deepEqual(
      [outcome, total?.scale, total?.count, Array.from(total?.positive.counts ?? [])],
      ['added', 0, 40, [13, 27]],
    );
    assert.equal(deltas.addExponential(name('e'), 2, exponential([10, 20])).outcome, 'repeated');
    assert.deepEqual(deltas.addExponential(name('e'), 1, exponential([1])), {
      outcome: 'out_of_order',
      total: undefined,
    });
  });

  it('keeps its memory within the bound, and forgets those first that were not used', () => {
    const deltas = createDeltaAccumulator({ streamBytesMax: 20_000 });
    for (let i = 0; i < 1000; i++) {
      add(deltas, `stream ${i}`, 1, [1]);
      add(deltas, 'used', i + 1, [1]);
      assert.ok(deltas.streamBytes <= 20_000, `${deltas.streamBytes} bytes after ${i}`);
    }
    assert.equal(deltas.streamsForgotten + deltas.streamCount, 1001);
    assert.ok(deltas.streamsForgotten > 900);
    assert.deepEqual(add(deltas, 'used', 2000, [1]).totals, [1001]);
    assert.deepEqual(add(deltas, 'stream 0', 2, [1]).totals, [1]);
  });

  it('gives back the memory of a stream that has ended', () => {
    const deltas = createDeltaAccumulator();
    add(deltas, 'a', 1, [1]);
    deltas.end(name('a'));
    deltas.end(name('never seen'));
    assert.deepEqual([deltas.streamCount, deltas.streamBytes, deltas.streamsForgotten], [0, 0, 0]);
  });
});
