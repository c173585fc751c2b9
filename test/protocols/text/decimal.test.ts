import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { noNumber, numberOutOfRange, readDecimal, readInteger } from '../../../src/protocols/text/decimal.js';

const number = new Float64Array(1);

/** The number at the text's start and how many bytes it took; what is behind it in the buffer must not matter. */
function decimalOf(text: string): [value: number, end: number] {
  const end = readDecimal(Buffer.from(`${text}123`), 0, text.length, number, 0);
  return [number[0]!, end];
}

describe('a decimal', () => {
  it('is read into the double that JavaScript reads', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        for (const text of [String(value), value.toExponential(), value.toPrecision(21)])
          assert.deepEqual(decimalOf(text), [Number(text), text.length], text);
      }),
    );
    fc.assert(
      fc.property(fc.stringMatching(/^[+-]?(\d{1,30}\.?|\d{0,25}\.\d{1,25})([eE][+-]?\d{1,2})?$/), (text) => {
        assert.deepEqual(decimalOf(text), [Number(text), text.length], text);
      }),
      { numRuns: 2000 },
    );
  });

  it('ends before what does not belong to it', () => {
    for (const [text, end] of [
      ['1 2', 1],
      ['1.5.', 3],
      ['0x10', 1],
      ['1_000', 1],
      ['5e3e', 3],
    ] as const)
      assert.equal(decimalOf(text)[1], end, text);
  });

  it('is none without a digit', () => {
    for (const text of ['', '-', '+', '.', '-.', 'e5', '1e', '1e+', '--1', ' 1', 'NaN'])
      assert.equal(readDecimal(Buffer.from(text), 0, text.length, number, 0), noNumber, text);
  });

  it('past the range of a double is out of range, and one below it is 0', () => {
    assert.equal(decimalOf('1e309')[1], numberOutOfRange);
    assert.equal(decimalOf('-1e99999999999')[1], numberOutOfRange);
    assert.deepEqual(decimalOf('1e-99999999999'), [0, 14]);
  });
});

describe('an integer', () => {
  it('is read exactly up to 2^53 and is out of range from there', () => {
    const read = (text: string): number => readInteger(Buffer.from(text), 0, text.length, number, 0);
    for (const value of [0, 7, -7, Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER]) {
      assert.equal(read(String(value)), String(value).length);
      assert.equal(number[0], value);
    }
    assert.equal(read('-0'), 2);
    assert.ok(Object.is(number[0], 0));
    assert.equal(read('9007199254740992'), numberOutOfRange);
    assert.equal(read('-'), noNumber);
    assert.equal(read('+1'), noNumber);
  });
});
