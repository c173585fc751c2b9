/** Every metric through the engine equals scikit-learn's on the same rows. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { evaluate } from '../../src/evaluation/evaluate.js';
import type { Evaluation } from '../../src/evaluation/evaluation.js';
import { type EvaluationParameters, parseEvaluationRequest } from '../../src/evaluation/parse-request.js';
import type { TestEngine } from '../storage/test-engine.js';
import { assertClose } from './assert-close.js';
import { type Expected, fixture } from './fixtures.js';
import { dayMs, labelled, startEvaluationEngine, startMs, storePredictions } from './stored-predictions.js';

type Value = string | number;

interface BinaryCase {
  readonly name: string;
  readonly asked: string | null;
  readonly positive: string;
  readonly rows: { readonly truth: Value[]; readonly prediction: Value[]; readonly score?: (number | null)[] };
  readonly expected: Expected;
}

interface MulticlassCase {
  readonly name: string;
  readonly classes: string[];
  readonly rows: { readonly truth: Value[]; readonly prediction: Value[]; readonly scores?: Record<string, number>[] };
  readonly expected: Expected;
  readonly by_class: Readonly<Record<string, Expected>>;
}

interface RegressionCase {
  readonly name: string;
  readonly rows: { readonly truth: number[]; readonly prediction: number[] };
  readonly expected: Expected;
}

interface GroupedFixture {
  readonly rows: Readonly<Record<'day' | 'truth' | 'prediction' | 'score', number[]>> & { readonly region: string[] };
  readonly groups: {
    readonly day: number;
    readonly region: string;
    readonly count: number;
    readonly expected: Expected;
  }[];
}

const binary = fixture<{ cases: BinaryCase[] }>('binary').cases;
const multiclass = fixture<{ cases: MulticlassCase[] }>('multiclass').cases;
const regression = fixture<{ cases: RegressionCase[] }>('regression').cases;
const grouped = fixture<GroupedFixture>('grouped');

/** Every case is a model of its own. */
const predictions = () => [
  ...binary.flatMap(({ name, rows }) =>
    labelled(`binary, ${name}`, rows.truth, (i) => ({
      prediction: rows.prediction[i],
      score: rows.score?.[i] ?? null,
    })),
  ),
  ...multiclass.flatMap(({ name, rows }) =>
    labelled(`multiclass, ${name}`, rows.truth, (i) => ({
      prediction: rows.prediction[i],
      scores: rows.scores?.[i] ?? {},
    })),
  ),
  ...regression.flatMap(({ name, rows }) =>
    labelled(`regression, ${name}`, rows.truth, (i) => ({ prediction: rows.prediction[i] })),
  ),
  ...labelled('grouped', grouped.rows.truth, (i) => ({
    tsMs: startMs + grouped.rows.day[i]! * dayMs + (i % 24) * 3_600_000,
    region: grouped.rows.region[i]!,
    prediction: grouped.rows.prediction[i],
    score: grouped.rows.score[i]!,
  })),
];

let testEngine: TestEngine;
before(async () => {
  testEngine = await startEvaluationEngine();
  await storePredictions(testEngine.engine, predictions());
});
after(() => testEngine.stop());

const limits = { rowsMax: 1_000, timeMsMax: 60_000, memoryBytesMax: 1024 ** 3 };
const ask = (parameters: EvaluationParameters): Promise<Evaluation> =>
  evaluate(testEngine.engine, parseEvaluationRequest(parameters), { limits });

describe('two classes', () => {
  for (const { name, asked, positive, expected } of binary)
    test(name, async () => {
      const evaluation = await ask({ model: `binary, ${name}`, ...(asked !== null && { positive: asked }) });
      assert.equal(evaluation.task, 'classification');
      assert.equal(evaluation.positive, positive);
      assert.equal(evaluation.rows.length, 1);
      assertClose(evaluation.rows[0]!.metrics, expected, name);
    });
});

describe('three or more classes', () => {
  for (const { name, classes, expected, by_class } of multiclass)
    test(name, async () => {
      const evaluation = await ask({ model: `multiclass, ${name}` });
      assert.deepEqual(evaluation.classes, classes);
      assert.equal(evaluation.positive, null);
      const [row] = evaluation.rows;
      assertClose(row!.metrics, expected, name);
      assert.deepEqual(Object.keys(row!.byClass!), Object.keys(by_class));
      for (const [each, figures] of Object.entries(by_class)) assertClose({ ...row!.byClass![each] }, figures, each);
    });
});

describe('quantities', () => {
  for (const { name, expected } of regression)
    test(name, async () => {
      const evaluation = await ask({ model: `regression, ${name}` });
      assert.equal(evaluation.task, 'regression');
      assertClose(evaluation.rows[0]!.metrics, expected, name);
    });
});

test('each day and region has the metrics of its own rows', async () => {
  const evaluation = await ask({ model: 'grouped', every: '1d', by: 'region' });
  assert.deepEqual(
    evaluation.rows.map(({ fromMs, toMs, cohort, count }) => [fromMs, toMs, cohort, count]),
    grouped.groups.map(({ day, region, count }) => {
      const fromMs = startMs + day * dayMs;
      return [fromMs, fromMs + dayMs, { region }, count];
    }),
  );
  for (const [i, { expected, day, region }] of grouped.groups.entries())
    assertClose(evaluation.rows[i]!.metrics, expected, `day ${day}, ${region}`);
});
