import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createSeriesOrder } from '../../../src/ingest/metrics/series-order.js';

interface Series {
  readonly metric: number;
  readonly idHigh: number;
  readonly idLow: number;
}

const names = ['up', 'a', 'é', 'http_requests_total'];
const word = fc.oneof(fc.constantFrom(0, 1, 2 ** 32 - 1, 2 ** 31), fc.nat(2 ** 32 - 1));
const someSeries = fc.array(fc.record({ metric: fc.nat(names.length - 1), idHigh: word, idLow: word }), {
  maxLength: 40,
});

test('series are ordered by the bytes of their metric and then by id, those that come later among those that were there', () => {
  fc.assert(
    fc.property(fc.array(someSeries, { minLength: 1, maxLength: 4 }), (batches) => {
      const all: Series[] = [];
      const order = createSeriesOrder({
        get refLimit() {
          return all.length;
        },
        get metrics() {
          return Uint32Array.from(all, ({ metric }) => metric);
        },
        get idLow() {
          return Uint32Array.from(all, ({ idLow }) => idLow);
        },
        get idHigh() {
          return Uint32Array.from(all, ({ idHigh }) => idHigh);
        },
        metricLimit: names.length,
        metricNameBytes: (metric) => Buffer.from(names[metric]!),
      });
      for (const batch of batches) {
        all.push(...batch);
        const { ranks, refs } = order.update();
        const textOf = (ref: number): string => {
          const { metric, idHigh, idLow } = all[ref]!;
          return Buffer.from(names[metric]!).toString('hex').padEnd(60, '!') + hex(idHigh) + hex(idLow);
        };
        const texts = Array.from(refs, textOf);
        assert.deepEqual(texts, all.map((_, ref) => textOf(ref)).sort());
        for (const [rank, ref] of refs.entries()) assert.equal(ranks[ref], rank);
      }
    }),
  );
});

const hex = (number: number): string => number.toString(16).padStart(8, '0');
