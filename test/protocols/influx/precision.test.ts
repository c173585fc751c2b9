import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Precision, parsePrecision, timeOfDigits } from '../../../src/protocols/influx/precision.js';

const timeOf = (value: bigint, precision: Precision): number => {
  const digits = Buffer.from(String(value < 0n ? -value : value));
  return timeOfDigits(digits, 0, digits.length, value < 0n, precision);
};

const nanosecondsPer: Readonly<Record<Exclude<Precision, 'auto'>, bigint>> = {
  ns: 1n,
  us: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/** Milliseconds, cut towards the earlier. */
const floorMs = (nanoseconds: bigint): number =>
  Number((nanoseconds - (((nanoseconds % 1_000_000n) + 1_000_000n) % 1_000_000n)) / 1_000_000n);

describe('a time', () => {
  it('of any precision is the millisecond that it lies in', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...(Object.keys(nanosecondsPer) as (keyof typeof nanosecondsPer)[])),
        fc.bigInt({ min: -(10n ** 19n), max: 10n ** 19n }),
        (precision, nanoseconds) => {
          const value = nanoseconds / nanosecondsPer[precision];
          assert.equal(timeOf(value, precision), floorMs(value * nanosecondsPer[precision]));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('of no stated precision is told by its size', () => {
    for (const [value, timeMs] of [
      [0n, 0],
      [1_708_976_567n, 1_708_976_567_000],
      [4_999_999_999n, 4_999_999_999_000],
      [5_000_000_000n, 5_000_000_000],
      [1_708_976_567_123n, 1_708_976_567_123],
      [4_999_999_999_999n, 4_999_999_999_999],
      [5_000_000_000_000n, 5_000_000_000],
      [1_708_976_567_123_456n, 1_708_976_567_123],
      [5_000_000_000_000_000n, 5_000_000_000],
      [1_708_976_567_123_456_789n, 1_708_976_567_123],
      [-1_708_976_567n, -1_708_976_567_000],
    ] as const)
      assert.equal(timeOf(value, 'auto'), timeMs, String(value));
  });

  it('past what milliseconds can count is none', () => {
    assert.ok(Number.isNaN(timeOf(10n ** 18n, 's')));
    assert.ok(Number.isNaN(timeOf(10n ** 30n, 'ns')));
  });
});

it('a precision has the names that the three versions of the API give it', () => {
  for (const [text, precision] of [
    ['n', 'ns'],
    ['ns', 'ns'],
    ['nanosecond', 'ns'],
    ['u', 'us'],
    ['us', 'us'],
    ['µ', 'us'],
    ['microsecond', 'us'],
    ['ms', 'ms'],
    ['millisecond', 'ms'],
    ['s', 's'],
    ['second', 's'],
    ['m', 'm'],
    ['h', 'h'],
    ['auto', 'auto'],
  ] as const)
    assert.equal(parsePrecision(text, 'h'), precision);
  assert.equal(parsePrecision(undefined, 'ns'), 'ns');
  assert.equal(parsePrecision('', 'auto'), 'auto');
  assert.throws(() => parsePrecision('d', 'ns'), { code: 'bad_request' });
});
