/** Every metric through the engine equals scikit-learn's on the same rows. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { evaluate } from '../../src/evaluation/evaluate.js';
import type { Evaluation } from '../../src/evaluation/evaluation.js';
import { type EvaluationParameters, parseEvaluationRequest } from '../../src/evaluation/parse-request.js';
import type { TestEngine } from '../storage/test-engine.js';
import { assertClose } from './assert-close.js';
import { type Expected, fixture } from './fixtures.js';
import { dayMs, startEvaluationEngine, startMs, storeLabelled } from './stored-predictions.js';

let testEngine: TestEngine;
before(async () => {
  testEngine = await startEvaluationEngine();
});
after(() => testEngine.stop());

const limits = { rowsMax: 1_000, timeMsMax: 60_000, memoryBytesMax: 1024 ** 3 };
const ask = (parameters: EvaluationParameters): Promise<Evaluation> =>
  evaluate(testEngine.engine, parseEvaluationRequest(parameters), { limits });

type Value = string | number;

interface BinaryCase {
  readonly name: string;
  readonly asked: string | null;
  readonly positive: string;
  readonly rows: { readonly truth: Value[]; readonly prediction: Value[]; readonly score?: (number | null)[] };
  readonly expected: Expected;
}

describe('two classes', () => {
  for (const { name, asked, positive, rows, expected } of fixture<{ cases: BinaryCase[] }>('binary').cases)
    test(name, async () => {
      const model = `binary, ${name}`;
      await storeLabelled(testEngine.engine, model, rows.truth, (i) => ({
        prediction: rows.prediction[i],
        score: rows.score?.[i] ?? null,
      }));
      const evaluation = await ask({ model, ...(asked !== null && { positive: asked }) });
      assert.equal(evaluation.task, 'classification');
      assert.equal(evaluation.positive, positive);
      assert.equal(evaluation.rows.length, 1);
      assertClose(evaluation.rows[0]!.metrics, expected, name);
    });
});

interface MulticlassCase {
  readonly name: string;
  readonly classes: string[];
  readonly rows: { readonly truth: Value[]; readonly prediction: Value[]; readonly scores?: Record<string, number>[] };
  readonly expected: Expected;
  readonly by_class: Readonly<Record<string, Expected>>;
}

describe('three or more classes', () => {
  for (const { name, classes, rows, expected, by_class } of fixture<{ cases: MulticlassCase[] }>('multiclass').cases)
    test(name, async () => {
      const model = `multiclass, ${name}`;
      await storeLabelled(testEngine.engine, model, rows.truth, (i) => ({
        prediction: rows.prediction[i],
        scores: rows.scores?.[i] ?? {},
      }));
      const evaluation = await ask({ model });
      assert.deepEqual(evaluation.classes, classes);
      assert.equal(evaluation.positive, null);
      const [row] = evaluation.rows;
      assertClose(row!.metrics, expected, name);
      assert.deepEqual(Object.keys(row!.byClass!), Object.keys(by_class));
      for (const [each, figures] of Object.entries(by_class)) assertClose({ ...row!.byClass![each] }, figures, each);
    });
});

interface RegressionCase {
  readonly name: string;
  readonly rows: { readonly truth: number[]; readonly prediction: number[] };
  readonly expected: Expected;
}

describe('quantities', () => {
  for (const { name, rows, expected } of fixture<{ cases: RegressionCase[] }>('regression').cases)
    test(name, async () => {
      const model = `regression, ${name}`;
      await storeLabelled(testEngine.engine, model, rows.truth, (i) => ({ prediction: rows.prediction[i] }));
      const evaluation = await ask({ model });
      assert.equal(evaluation.task, 'regression');
      assertClose(evaluation.rows[0]!.metrics, expected, name);
    });
});

interface GroupedFixture {
  readonly rows: Readonly<Record<'day' | 'truth' | 'prediction' | 'score', number[]>> & { readonly region: string[] };
  readonly groups: {
    readonly day: number;
    readonly region: string;
    readonly count: number;
    readonly expected: Expected;
  }[];
}

test('each day and region has the metrics of its own rows', async () => {
  const { rows, groups } = fixture<GroupedFixture>('grouped');
  const model = 'grouped';
  await storeLabelled(testEngine.engine, model, rows.truth, (i) => ({
    tsMs: startMs + rows.day[i]! * dayMs + (i % 24) * 3_600_000,
    region: rows.region[i]!,
    prediction: rows.prediction[i],
    score: rows.score[i]!,
  }));
  const evaluation = await ask({ model, every: '1d', by: 'region' });
  assert.deepEqual(
    evaluation.rows.map(({ fromMs, toMs, cohort, count }) => [fromMs, toMs, cohort, count]),
    groups.map(({ day, region, count }) => {
      const fromMs = startMs + day * dayMs;
      return [fromMs, fromMs + dayMs, { region }, count];
    }),
  );
  for (const [i, { expected, day, region }] of groups.entries())
    assertClose(evaluation.rows[i]!.metrics, expected, `day ${day}, ${region}`);
});
