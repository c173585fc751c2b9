import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isBarographError } from '../../src/base/errors.js';
import { choosePositive, classesOf, type ValueSet } from '../../src/evaluation/task.js';

const texts = (...values: string[]): ValueSet => ({ texts: values, numbers: [], fractions: 0 });
const numbers = (...values: number[]): ValueSet => ({ texts: [], numbers: values, fractions: 0 });

describe('the order of classes', () => {
  const cases: [string, ValueSet[], string[]][] = [
    ['numbers by size', [numbers(10, 9, -1)], ['-1', '9', '10']],
    ['texts that are numbers by size', [texts('10', '9'), numbers(1)], ['1', '9', '10']],
    ['anything else by code point', [texts('b', 'B', '10', '9', 'ä')], ['10', '9', 'B', 'b', 'ä']],
    ['a text that only looks like a number is text', [texts('1.0', '10', '9')], ['1.0', '10', '9']],
    ['surrogate pairs come after the rest', [texts('\u{1f600}', '\uffee')], ['\uffee', '\u{1f600}']],
    ['no class twice', [numbers(1, 0), texts('1')], ['0', '1']],
    ['minus zero is zero', [numbers(-0, 1)], ['0', '1']],
  ];
  for (const [name, sets, wanted] of cases) test(name, () => assert.deepEqual(classesOf(...sets), wanted));

  test('more than 1,000 are refused', () => {
    const many = numbers(...Array.from({ length: 1_001 }, (_, i) => i));
    assert.throws(
      () => classesOf(many),
      (error) => isBarographError(error, 'query_too_large'),
    );
  });
});

describe('the positive class', () => {
  const cases: [string[], string][] = [
    [['0', '1'], '1'],
    [['1', '2'], '1'],
    [['-1', '1'], '1'],
    [['2', '10'], '10'],
    [['False', 'True'], 'True'],
    [['no', 'yes'], 'yes'],
    [['negative', 'positive'], 'positive'],
    [['churned', 'stayed'], 'stayed'],
    [['0'], '1'],
    [['no'], 'yes'],
    [['spam'], 'spam'],
    [[], '1'],
  ];
  for (const [classes, wanted] of cases)
    test(`of ${JSON.stringify(classes)} is ${wanted}`, () =>
      assert.equal(choosePositive(classes, undefined).positive, wanted));

  test('is the one asked for, also where it has not been seen yet', () => {
    assert.equal(choosePositive(['0', '1'], '0').positive, '0');
    assert.equal(choosePositive(['spam'], 'ham').positive, 'ham');
  });
});
