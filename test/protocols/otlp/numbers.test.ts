import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decimalText } from '../../../src/protocols/otlp/decimal-text.js';
import { unixNanoMs } from '../../../src/protocols/otlp/unix-nano.js';

describe('bounds as text', () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '0'],
    [0.005, '0.005'],
    [10, '10'],
    [1e21, '1000000000000000000000'],
    [-1.5e22, '-15000000000000000000000'],
    [1.25e-7, '0.000000125'],
    [Number.POSITIVE_INFINITY, '+Inf'],
    [Number.NEGATIVE_INFINITY, '-Inf'],
    [Number.NaN, 'NaN'],
  ];
  for (const [value, text] of cases) it(`${value} is ${text}`, () => assert.equal(decimalText(value), text));

  it('have no exponent and give the same double', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        assert.match(decimalText(value), /^-?\d+(\.\d+)?$/);
        assert.ok(Object.is(Number(decimalText(value)), value));
      }),
    );
  });
});

describe('nanoseconds', () => {
  it('are cut to milliseconds exactly', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (ns) => {
        assert.equal(unixNanoMs(Number(ns >> 32n), Number(ns & 0xffff_ffffn)), Number(ns / 1_000_000n));
      }),
    );
    // The nearest double to these is 256 ns less.
    const ns = 1_700_000_000_123_000_000n;
    assert.equal(unixNanoMs(Number(ns >> 32n), Number(ns & 0xffff_ffffn)), 1_700_000_000_123);
  });
});
