import assert from 'node:assert/strict';
import { it } from 'node:test';
import { agreementOf } from '../../bench/measure/answer-agreement.js';

const matrix = (...values: [number, string][]): string =>
  JSON.stringify({ data: { result: [{ metric: { a: 'b' }, values }] } });

it('answers are compared by series and time, and numbers within rounding', () => {
  const ours = matrix([1, '1'], [2, '2'], [3, 'NaN'], [4, '4']);
  const theirs = matrix([1, '1.0000000000001'], [2, '3'], [3, 'NaN'], [5, '4']);
  const { points, missing, different, worstShare } = agreementOf(ours, theirs);
  assert.deepEqual(
    { points, missing, different, worstShare },
    { points: 5, missing: 2, different: 1, worstShare: 1 / 3 },
  );
});

it('lists of labels and series are compared as sets', () => {
  const lists = (data: unknown) => JSON.stringify({ data });
  assert.equal(agreementOf(lists([{ a: '1', b: '2' }, 'x']), lists(['x', { b: '2', a: '1' }])).missing, 0);
  assert.equal(agreementOf(lists(['x']), lists(['y'])).missing, 2);
});
