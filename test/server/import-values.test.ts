import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { BarographError } from '../../src/base/errors.js';
import { targetOf } from '../../src/server/cli/import-fields.js';
import { timeFormatOf } from '../../src/server/cli/import-time.js';
import { typedByContent, valueEncoder } from '../../src/server/cli/import-values.js';

describe('a cell without a type is read by its content', () => {
  const cases: [string, string | number | boolean][] = [
    ['0', 0],
    ['-12', -12],
    ['0.5', 0.5],
    ['1e3', 1000],
    ['-2.5E-7', -2.5e-7],
    ['9007199254740991', 9007199254740991],
    ['9007199254740993', '9007199254740993'],
    ['01234', '01234'],
    ['00', '00'],
    ['+1', '+1'],
    ['.5', '.5'],
    ['1.', '1.'],
    ['1,5', '1,5'],
    ['0x10', '0x10'],
    ['1_000', '1_000'],
    [' 1', ' 1'],
    ['-', '-'],
    ['NaN', 'NaN'],
    ['Infinity', 'Infinity'],
    ['true', true],
    ['False', false],
    ['TRUE', true],
    ['yes', 'yes'],
    ['2015-01-01', '2015-01-01'],
  ];
  for (const [text, expected] of cases) {
    test(`${JSON.stringify(text)} is ${JSON.stringify(expected)}`, () => assert.equal(typedByContent(text), expected));
  }

  test('every number that JSON writes comes back as itself', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        const isLongInteger = Number.isInteger(number) && !Number.isSafeInteger(number) && !/e/.test(String(number));
        assert.equal(
          typedByContent(JSON.stringify(number)),
          isLongInteger ? String(number) : number === 0 ? 0 : number,
        );
      }),
    );
  });
});

describe('a value in its place', () => {
  const auto = timeFormatOf('auto');
  const encoded = (place: string, value: unknown): string | undefined => {
    try {
      return valueEncoder(targetOf('predictions', place)!, auto)(value);
    } catch (error) {
      return (error as BarographError).code;
    }
  };
  const long = 2n ** 60n + 1n;
  const cases: [place: string, value: unknown, json: string | undefined][] = [
    ['request_id', 7n, '"7"'],
    ['request_id', long, '"1152921504606846977"'],
    ['request_id', 'a"b', '"a\\"b"'],
    ['region', 5, '"5"'],
    ['region', true, '"true"'],
    ['region', '', undefined],
    ['region', null, undefined],
    ['region', ['a'], 'wrong_type'],
    ['region', new Uint8Array([0xc3, 0xa9]), '"é"'],
    ['region', new Uint8Array([0xff]), 'invalid_utf8'],
    ['score', 0.1, '0.1'],
    ['score', Number.NaN, undefined],
    ['score', Number.POSITIVE_INFINITY, 'out_of_range'],
    ['score', 'high', '"high"'],
    ['latency_ms', 3n, '3'],
    ['prediction', 1n, '1'],
    ['prediction', long, '"1152921504606846977"'],
    ['prediction', false, '"false"'],
    ['prediction', 'churn', '"churn"'],
    ['features.age', Number.NaN, 'null'],
    ['features.age', null, 'null'],
    ['features.age', undefined, 'null'],
    ['features.age', false, 'false'],
    ['features.age', '', '""'],
    ['features.age', Number.NEGATIVE_INFINITY, 'out_of_range'],
    ['features.age', { a: 1 }, 'wrong_type'],
    ['scores.cat', 0.25, '0.25'],
    ['scores.cat', null, undefined],
    ['embedding', new Float64Array([0.5, 1]), '[0.5,1]'],
    ['embedding', [1n, null], '[1,null]'],
    ['features', { n: long, t: 'x' }, '{"n":"1152921504606846977","t":"x"}'],
    ['metadata', '{"id": 9007199254740993,\n"a": 1}', '{"id": 9007199254740993, "a": 1}'],
    ['metadata', '{"id": ', 'wrong_type'],
    ['metadata', ' ', undefined],
    ['ts', '2015-01-02', '"2015-01-02T00:00:00.000Z"'],
    ['ts', 1_420_167_845, '"2015-01-02T03:04:05.000Z"'],
    ['ts', 'yesterday', 'wrong_type'],
    ['ts', '', undefined],
    ['ts', 1e300, 'wrong_type'],
  ];
  for (const [place, value, json] of cases) {
    const shown =
      typeof value === 'bigint'
        ? `${value}n`
        : JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}n` : each));
    test(`${place} ← ${shown ?? 'nothing'} (${typeof value}) is ${json ?? 'left out'}`, () => {
      assert.equal(encoded(place, value), json);
    });
  }
});
