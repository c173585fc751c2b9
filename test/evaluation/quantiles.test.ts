/** Quantiles equal numpy.quantile's, computed here and by the engine. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { quantilesOf, readQuantiles } from '../../src/evaluation/quantiles.js';
import { createStatementRunner } from '../../src/evaluation/statement-runner.js';
import type { TestEngine } from '../storage/test-engine.js';
import { fixture } from './fixtures.js';
import { startEvaluationEngine, storePredictions } from './stored-predictions.js';

interface QuantileCase {
  readonly name: string;
  readonly values: number[];
  readonly count: number;
  readonly expected: number[];
}

const { cases } = fixture<{ cases: QuantileCase[] }>('quantiles');

describe('of sorted values', () => {
  for (const { name, values, count, expected } of cases)
    test(name, () => {
      const sorted = [...values].sort((a, b) => a - b);
      assert.deepEqual(quantilesOf(sorted, count), expected);
    });
});

describe('in the engine', () => {
  let testEngine: TestEngine;
  before(async () => {
    testEngine = await startEvaluationEngine();
    const predictions = cases.flatMap(({ name, values }) => [
      ...values.map((score) => ({ model: name, score })),
      { model: name },
      { model: name, score: 1e9, superseded: true },
    ]);
    await storePredictions(testEngine.engine, [...predictions, { model: 'no values' }]);
  });
  after(() => testEngine.stop());

  const read = (model: string, count: number) => {
    const limits = { rowsMax: 1, timeMsMax: 60_000, memoryBytesMax: 1024 ** 3 };
    return readQuantiles(
      createStatementRunner(testEngine.engine, limits),
      { model },
      { sql: 'score', params: {} },
      count,
    );
  };
  for (const { name, count, expected } of cases)
    test(name, async () => assert.deepEqual(await read(name, count), expected));

  test('there are none where no prediction has a value', async () => {
    assert.equal(await read('no values', 4), undefined);
  });
});
