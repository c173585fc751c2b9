import assert from 'node:assert/strict';
import { it } from 'node:test';
import { openMetricsFloat } from '../../../src/protocols/exposition/open-metrics-float.js';

// What Go's strconv.FormatFloat(value, 'g', -1, 64) printed, with ".0" where it has neither "." nor "e".
const cases: readonly (readonly [number, string])[] = [
  [0, '0.0'],
  [-0, '0.0'],
  [1, '1.0'],
  [-3, '-3.0'],
  [0.5, '0.5'],
  [100_000, '100000.0'],
  [999_999, '999999.0'],
  [1_000_000, '1e+06'],
  [1_234_567, '1.234567e+06'],
  [123_456.5, '123456.5'],
  [1e21, '1e+21'],
  [1.5e300, '1.5e+300'],
  [0.0001, '0.0001'],
  [0.00001, '1e-05'],
  [0.000012345, '1.2345e-05'],
  [5e-324, '5e-324'],
  [Infinity, '+Inf'],
  [-Infinity, '-Inf'],
  [Number.NaN, 'NaN'],
];

for (const [value, text] of cases) it(`${value} is written ${text}`, () => assert.equal(openMetricsFloat(value), text));
