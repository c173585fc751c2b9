import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createDeltaAccumulator } from '../../../src/protocols/otlp/delta-accumulator.js';
import { histogramLines, sampleLines } from './decoded-samples.js';
import type { JsonValue } from './encode-request.js';
import { decoded, linesOf, request, summary, timeUnixNano } from './otlp-requests.js';

const delta = { aggregationTemporality: 1 };

describe('OTLP deltas', () => {
  const at = (seconds: number): string => `${1_700_000_000 + seconds}000000000`;

  it('of a monotonic sum become its total', () => {
    const deltas = createDeltaAccumulator();
    const send = (seconds: number, asInt: string): string[] =>
      linesOf(
        { name: 'n', sum: { ...delta, isMonotonic: true, dataPoints: [{ timeUnixNano: at(seconds), asInt }] } },
        { deltas },
      );
    assert.deepEqual(
      [...send(0, '5'), ...send(10, '7'), ...send(20, '0')],
      ['n_total{} 5 1700000000000', 'n_total{} 12 1700000010000', 'n_total{} 12 1700000020000'],
    );
  });

  it('of histograms of both kinds become their totals', () => {
    const deltas = createDeltaAccumulator();
    const send = (seconds: number): string[] => {
      const point = { timeUnixNano: at(seconds), count: '3', sum: 2, explicitBounds: [1], bucketCounts: ['1', '2'] };
      const exponential = {
        timeUnixNano: at(seconds),
        count: '2',
        scale: 0,
        positive: { offset: 0, bucketCounts: ['2'] },
      };
      const body = request([
        { name: 'h', histogram: { ...delta, dataPoints: [point] } },
        { name: 'e', exponentialHistogram: { ...delta, dataPoints: [exponential] } },
      ]);
      const metrics = decoded(body, { deltas });
      return [...sampleLines(metrics), ...histogramLines(metrics)].map((line) => line.replace(/ \d{13}$/, ''));
    };
    send(0);
    assert.deepEqual(send(10), [
      'h_bucket{le="1"} 2',
      'h_bucket{le="+Inf"} 6',
      'h_sum{} 4',
      'h_count{} 6',
      'e{} schema 0 sum NaN count 4 zero 0 1e-128 +[1: 4] -[]',
    ]);
  });

  it('that do not end later than the last are refused, except the last one sent again', () => {
    const deltas = createDeltaAccumulator();
    const send = (seconds: number, asInt: string) =>
      summary(
        decoded(
          request([
            { name: 'n', sum: { ...delta, isMonotonic: true, dataPoints: [{ timeUnixNano: at(seconds), asInt }] } },
          ]),
          { deltas },
        ),
      );
    send(0, '1');
    send(10, '2');
    assert.deepEqual(send(10, '2').lines, ['n_total{} 3 1700000010000']);
    assert.deepEqual(
      send(10, '9').rejections.map(({ code }) => code),
      ['out_of_order'],
    );
    assert.deepEqual(
      send(5, '2').rejections.map(({ code }) => code),
      ['out_of_order'],
    );
    assert.deepEqual(send(20, '1').lines, ['n_total{} 4 1700000020000']);
  });

  it('begin anew after a data point that says their series has ended', () => {
    const deltas = createDeltaAccumulator();
    const send = (seconds: number, point: { readonly [name: string]: JsonValue }): string[] =>
      linesOf(
        { name: 'n', sum: { ...delta, isMonotonic: true, dataPoints: [{ timeUnixNano: at(seconds), ...point }] } },
        { deltas },
      );
    send(0, { asInt: '5' });
    assert.deepEqual(send(10, { flags: 1 }), ['n_total{} stale 1700000010000']);
    assert.deepEqual(send(20, { asInt: '2' }), ['n_total{} 2 1700000020000']);
  });

  it('of a sum that is not monotonic, and sums of no temporality, are refused point by point', () => {
    const dataPoints = [
      { timeUnixNano, asInt: '1' },
      { timeUnixNano, asInt: '2' },
    ];
    for (const sum of [
      { ...delta, dataPoints },
      { isMonotonic: true, dataPoints },
    ]) {
      const { lines, rejected, rejections } = summary(decoded(request([{ name: 'n', sum }])));
      assert.deepEqual([lines, rejected], [[], 2]);
      assert.deepEqual(
        rejections.map(({ code, line }) => [line, code]),
        [
          [1, 'unsupported_metric'],
          [2, 'unsupported_metric'],
        ],
      );
    }
  });
});
