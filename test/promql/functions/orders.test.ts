import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareNatural } from '../../../src/promql/functions/natural-order.js';
import { parseGoFloat } from '../../../src/promql/functions/parse-go-float.js';

describe('the natural order', () => {
  for (const names of [
    ['node1', 'node2', 'node10'],
    ['a', 'a0', 'a00b', 'a1'],
    ['1.2.3', '1.2.10', '1.10.0'],
    ['', 'x'],
  ])
    it(`puts ${names.join(', ')} so`, () => {
      assert.deepEqual([...names].reverse().sort(compareNatural), names);
    });
});

describe('a bucket’s bound', () => {
  for (const [text, value] of [
    ['0.5', 0.5],
    ['+Inf', Number.POSITIVE_INFINITY],
    ['-inf', Number.NEGATIVE_INFINITY],
    ['1e3', 1000],
    ['.5', 0.5],
    ['', undefined],
    ['x', undefined],
    [' 1', undefined],
    ['1,5', undefined],
  ] as const)
    it(`${JSON.stringify(text)} is read as ${value}`, () => {
      assert.equal(parseGoFloat(text), value);
    });
});
