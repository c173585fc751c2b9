import assert from 'node:assert/strict';
import { it } from 'node:test';
import { formatNumber, formatOpenMetrics, formatPlain } from '../../../src/promql/evaluate/number-text.js';

// Go 1.26: fmt.Sprintf("%g"), strconv.FormatFloat(…, 'f', -1, 64), labels.FormatOpenMetricsFloat.
for (const [value, general, plain, openMetrics] of [
  [0, '0', '0', '0.0'],
  [1, '1', '1', '1.0'],
  [-1.5, '-1.5', '-1.5', '-1.5'],
  [0.0001, '0.0001', '0.0001', '0.0001'],
  [0.00001, '1e-05', '0.00001', '1e-05'],
  [123456, '123456', '123456', '123456.0'],
  [1e6, '1e+06', '1000000', '1e+06'],
  [1234567.5, '1.2345675e+06', '1234567.5', '1.2345675e+06'],
  [1e21, '1e+21', '1000000000000000000000', '1e+21'],
  [1.5e-7, '1.5e-07', '0.00000015', '1.5e-07'],
  [Number.POSITIVE_INFINITY, '+Inf', '+Inf', '+Inf'],
  [Number.NEGATIVE_INFINITY, '-Inf', '-Inf', '-Inf'],
  [Number.NaN, 'NaN', 'NaN', 'NaN'],
] as const)
  it(`${value} is written as Go writes it`, () => {
    assert.deepEqual(
      [formatNumber(value), formatPlain(value), formatOpenMetrics(value)],
      [general, plain, openMetrics],
    );
  });
