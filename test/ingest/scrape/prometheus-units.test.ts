import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  formatPrometheusDuration,
  parsePrometheusDurationMs,
  parsePrometheusSizeBytes,
} from '../../../src/ingest/scrape/prometheus-units.js';

describe('a duration in Prometheus’ form', () => {
  // Source: prometheus/common model/time_test.go.
  const durations: [text: string, ms: number | undefined, printed?: string][] = [
    ['0', 0, '0s'],
    ['0w', 0, '0s'],
    ['0s', 0, '0s'],
    ['324ms', 324],
    ['3s', 3_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['4d', 345_600_000],
    ['4d1h', 349_200_000],
    ['14d', 1_209_600_000, '2w'],
    ['3w', 1_814_400_000],
    ['3w2d1h', 1_990_800_000, '23d1h'],
    ['10y', 315_360_000_000],
    ['1h30m', 5_400_000],
    ['1', undefined],
    ['1y1m1d', undefined],
    ['-1w', undefined],
    ['1.5d', undefined],
    ['d', undefined],
    ['294y99999999999999999999ms', undefined],
    ['', undefined],
  ];
  for (const [text, ms, printed = text] of durations)
    it(`${JSON.stringify(text)} is ${ms === undefined ? 'none' : `${ms} ms, printed ${printed}`}`, () => {
      assert.equal(parsePrometheusDurationMs(text), ms);
      if (ms !== undefined) assert.equal(formatPrometheusDuration(ms), printed);
    });

  it('means the same once printed', () => {
    fc.assert(
      fc.property(fc.nat({ max: 1e12 }), (ms) => {
        assert.equal(parsePrometheusDurationMs(formatPrometheusDuration(ms)), ms);
      }),
    );
  });
});

describe('a size in Prometheus’ form', () => {
  const sizes: [text: string, bytes: number | undefined][] = [
    ['0', 0],
    ['0B', 0],
    ['1KB', 1024],
    ['1KiB', 1024],
    ['1.5KiB', 1536],
    ['1MB1KB25B', 1_049_625],
    ['10GB', 10_737_418_240],
    ['1.42342B', 1],
    ['100', undefined],
    ['1kB', undefined],
    ['MB', undefined],
    ['-1B', undefined],
    ['100EiB', undefined],
    ['', undefined],
  ];
  for (const [text, bytes] of sizes)
    it(`${JSON.stringify(text)} is ${bytes === undefined ? 'none' : `${bytes} bytes`}`, () => {
      assert.equal(parsePrometheusSizeBytes(text), bytes);
    });
});
