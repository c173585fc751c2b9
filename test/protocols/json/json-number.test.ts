import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readDouble } from '../../../src/protocols/json/json-number.js';
import { cursorAt } from './json-texts.js';

function read(text: string): number | undefined {
  const cursor = cursorAt(text);
  if (!readDouble(cursor)) return undefined;
  assert.equal(cursor.position, text.length, `${text} is read to its end`);
  return cursor.number;
}

const assertSame = (text: string): void => assert.ok(Object.is(read(text), Number(text)), `${text}: got ${read(text)}`);

test('every double comes back from every way to print it', () => {
  fc.assert(
    fc.property(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer({ min: 1, max: 25 }),
      (value, digits) => {
        assert.ok(Object.is(read(JSON.stringify(value)), value + 0));
        assertSame(value.toPrecision(digits).replace('e+', 'e'));
        assertSame(value.toExponential(digits));
      },
    ),
    { numRuns: 3000 },
  );
});

test('doubles between -1 and 1 and of every size in daily use come back', () => {
  const value = fc.tuple(fc.double({ min: -1, max: 1, noNaN: true }), fc.integer({ min: -12, max: 12 }));
  fc.assert(
    fc.property(value, ([fraction, power]) => {
      assertSame(String(fraction * 10 ** power));
      assertSame((fraction * 10 ** power).toFixed(15));
    }),
    { numRuns: 5000 },
  );
});

test('decimal texts of any length are read as Number reads them', () => {
  const digits = (maxLength: number): fc.Arbitrary<string> =>
    fc.array(fc.constantFrom(...'0123456789'), { minLength: 1, maxLength }).map((list) => list.join(''));
  const whole = fc.oneof(
    fc.constant('0'),
    digits(24).map((text) => text.replace(/^0+(?=.)/, '')),
  );
  const fraction = fc.oneof(
    fc.constant(''),
    digits(30).map((text) => `.${text}`),
  );
  const exponent = fc.oneof(
    fc.constant(''),
    fc.integer({ min: -400, max: 400 }).map((power) => `e${power}`),
  );
  const text = fc.tuple(fc.constantFrom('', '-'), whole, fraction, exponent).map((parts) => parts.join(''));
  fc.assert(fc.property(text, assertSame), { numRuns: 10_000 });
});

test('texts half-way between two doubles, and next to half-way, are rounded as Number rounds them', () => {
  const half = fc.tuple(
    fc.bigInt(1n << 52n, (1n << 53n) - 1n),
    fc.integer({ min: 1, max: 4 }),
    fc.integer({ min: -1, max: 1 }),
  );
  fc.assert(
    fc.property(half, ([significand, bits, off]) => {
      // significand + 1/2, scaled down by powers of two, has a decimal text that ends after `bits` + 1 digits.
      const scaled = (2n * significand + 1n) * 5n ** BigInt(bits + 1) + BigInt(off);
      const text = scaled.toString().padStart(bits + 2, '0');
      assertSame(`${text.slice(0, -(bits + 1))}.${text.slice(-(bits + 1))}`);
      assertSame((2n * significand + 1n).toString());
    }),
    { numRuns: 3000 },
  );
});

test('numbers next to the edges of doubles are read exactly', () => {
  for (const text of [
    '0',
    '-0',
    '0.0',
    '-0.0000000000000000000000000000',
    '0e400',
    '9007199254740991',
    '9007199254740992',
    '9007199254740993',
    '9007199254740993.0',
    '900719925474099.3',
    '1.7976931348623157e308',
    '1.7976931348623159e308',
    '-1e400',
    '5e-324',
    '2e-324',
    '1e-400',
    '2.2250738585072011e-308',
    '0.1',
    '0.30000000000000004',
    '123456789.123456789',
    '999999999999999999',
    '1000000000000000000',
    '0.000001234567890123456789',
    '1e22',
    '1e23',
  ])
    assertSame(text);
});

test('texts that are no number are refused where they break', () => {
  for (const [text, position] of [
    ['-', 1],
    ['-x', 1],
    ['.5', 0],
    ['+1', 0],
    ['01', 1],
    ['-01', 2],
    ['00', 1],
    ['1.', 2],
    ['1.e5', 2],
    ['1e', 2],
    ['1e+', 3],
    ['1e-x', 3],
    ['12345678901234567890.', 21],
    ['', 0],
  ] as const) {
    const cursor = cursorAt(text);
    assert.equal(readDouble(cursor), false, text);
    assert.equal(cursor.failure?.code, 'invalid_json');
    assert.equal(cursor.failure?.at, position, text);
  }
});

test('a number ends where its grammar does', () => {
  for (const [text, position] of [
    ['1,2', 1],
    ['1.5]', 3],
    ['-0.25 ', 5],
    ['1e5}', 3],
    ['1-2', 1],
    ['1.5.5', 3],
    ['123456789012345678901x', 21],
  ] as const) {
    const cursor = cursorAt(text);
    assert.ok(readDouble(cursor));
    assert.equal(cursor.position, position, text);
    assert.equal(cursor.number, Number(text.slice(0, position)));
  }
});
