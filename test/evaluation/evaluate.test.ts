// Long because each behaviour of the answer is a row or a test of its own, on one set of predictions.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { isBarographError } from '../../src/base/errors.js';
import { evaluate } from '../../src/evaluation/evaluate.js';
import type { Evaluation, EvaluationLimits } from '../../src/evaluation/evaluation.js';
import { type EvaluationParameters, parseEvaluationRequest } from '../../src/evaluation/parse-request.js';
import type { TestEngine } from '../storage/test-engine.js';
import {
  dayMs,
  type StoredPrediction,
  startEvaluationEngine,
  startMs,
  storePredictions,
} from './stored-predictions.js';

let testEngine: TestEngine;
before(async () => {
  testEngine = await startEvaluationEngine();
});
after(() => testEngine.stop());

const limits = { rowsMax: 1_000, timeMsMax: 60_000, memoryBytesMax: 1024 ** 3 };
const ask = (parameters: EvaluationParameters, changed: Partial<EvaluationLimits> = {}): Promise<Evaluation> =>
  evaluate(testEngine.engine, parseEvaluationRequest(parameters), { limits: { ...limits, ...changed } });

let models = 0;
/** Stores predictions under a model name that no other test has, and gives the name. */
async function stored(predictions: readonly Omit<StoredPrediction, 'model'>[]): Promise<string> {
  const model = `model ${++models}`;
  await storePredictions(
    testEngine.engine,
    predictions.map((prediction) => ({ model, ...prediction })),
  );
  return model;
}

const iso = (timeMs: number): string => new Date(timeMs).toISOString();
const accuracies = ({ rows }: Evaluation) => rows.map(({ metrics }) => metrics.accuracy);

describe('which truth counts', () => {
  const onDay = (day: number): number => startMs + day * dayMs;
  const accuracyWith = async (truths: StoredPrediction['truths'], asOfMs?: number) => {
    const model = await stored([{ prediction: 1, ...(truths && { truths }) }]);
    const { rows } = await ask({ model, ...(asOfMs !== undefined && { as_of: iso(asOfMs) }) });
    return [rows[0]!.withTruth, rows[0]!.metrics.accuracy];
  };

  test('a higher revision wins over a later arrival of a lower one', async () => {
    const truths = [
      { label: 1, revision: 2 },
      { label: 0, revision: 1 },
    ];
    assert.deepEqual(await accuracyWith(truths), [1, 1]);
  });

  test('among equal revisions the last to arrive wins, whatever its own time', async () => {
    const truths = [
      { label: 0, knownAtMs: onDay(9) },
      { label: 1, knownAtMs: onDay(2) },
    ];
    assert.deepEqual(await accuracyWith(truths), [1, 1]);
  });

  test('a truth that was stored twice counts once', async () => {
    const model = await stored([{ prediction: 1, truths: [{ label: 1 }] }]);
    await testEngine.engine.command({
      sql: 'INSERT INTO prediction_outcomes SELECT * FROM prediction_outcomes WHERE model = {model:String}',
      params: { model },
      settings: { insert_deduplicate: 0 },
    });
    const { rows } = await ask({ model });
    assert.deepEqual([rows[0]!.count, rows[0]!.withTruth, rows[0]!.metrics.tp], [1, 1, 1]);
  });

  const corrected = [
    { label: 0, revision: 0, knownAtMs: onDay(2) },
    { label: 1, revision: 1, knownAtMs: onDay(5) },
  ];
  for (const [moment, wanted] of [
    [onDay(2) - 1, [0, null]],
    [onDay(2), [1, 0]],
    [onDay(5) - 1, [1, 0]],
    [onDay(5), [1, 1]],
  ] as const)
    test(`as_of ${iso(moment)} sees what was known then`, async () => {
      assert.deepEqual(await accuracyWith(corrected, moment), wanted);
    });
});

describe('which predictions count', () => {
  test('a replaced prediction and its truth are left out', async () => {
    const model = await stored([
      { prediction: 1, truths: [{ label: 'wrong' }], superseded: true },
      { prediction: 1, truths: [{ label: 1 }] },
      { prediction: 0 },
    ]);
    const { rows, classes } = await ask({ model });
    assert.deepEqual(classes, ['0', '1']);
    assert.deepEqual([rows[0]!.count, rows[0]!.withTruth, rows[0]!.metrics.accuracy], [2, 1, 1]);
  });

  test('from is inclusive and to is exclusive', async () => {
    const model = await stored([0, 1, 2, 3].map((i) => ({ tsMs: startMs + i, prediction: 1, truths: [{ label: 1 }] })));
    const { rows, fromMs, toMs } = await ask({ model, from: iso(startMs + 1), to: iso(startMs + 3) });
    assert.deepEqual([rows[0]!.count, fromMs, toMs], [2, startMs + 1, startMs + 3]);
    const { fromMs: first, toMs: end } = await ask({ model });
    assert.deepEqual([first, end], [startMs, startMs + 4]);
  });

  test('a version is evaluated alone, or all together, or side by side', async () => {
    const model = await stored([
      { version: 'a', prediction: 1, truths: [{ label: 1 }] },
      { version: 'b', prediction: 1, truths: [{ label: 0 }] },
      { version: 'b', prediction: 0, truths: [{ label: 0 }] },
    ]);
    assert.deepEqual(accuracies(await ask({ model, version: 'b' })), [0.5]);
    assert.deepEqual(accuracies(await ask({ model })), [2 / 3]);
    const { rows } = await ask({ model, by: 'version' });
    assert.deepEqual(
      rows.map(({ cohort, metrics }) => [cohort.version, metrics.accuracy]),
      [
        ['a', 1],
        ['b', 0.5],
      ],
    );
  });

  test('predictions without truth lower the coverage and nothing else', async () => {
    const model = await stored([{ prediction: 1, truths: [{ label: 1 }] }, { prediction: 0 }, { prediction: 0 }]);
    const { rows } = await ask({ model });
    assert.deepEqual([rows[0]!.count, rows[0]!.withTruth, rows[0]!.metrics.accuracy], [3, 1, 1]);
  });
});

describe('buckets', () => {
  const bucketsOf = async (every: string, times: readonly number[]) => {
    const model = await stored(times.map((tsMs) => ({ tsMs, prediction: 1, truths: [{ label: 1 }] })));
    const { rows } = await ask({ model, every });
    return rows.map(({ fromMs, toMs, count }) => [iso(fromMs).slice(0, 16), iso(toMs).slice(0, 16), count]);
  };

  test('weeks begin on Monday', async () => {
    const sunday = Date.UTC(2026, 1, 8, 23, 59);
    assert.deepEqual(await bucketsOf('1w', [sunday, sunday + 60_000]), [
      ['2026-02-02T00:00', '2026-02-09T00:00', 1],
      ['2026-02-09T00:00', '2026-02-16T00:00', 1],
    ]);
  });

  test('quarters and years lie on the calendar, and empty ones are not listed', async () => {
    const times = [Date.UTC(2023, 2, 31), Date.UTC(2023, 3, 1), Date.UTC(2024, 11, 31, 23)];
    assert.deepEqual(await bucketsOf('3mo', times), [
      ['2023-01-01T00:00', '2023-04-01T00:00', 1],
      ['2023-04-01T00:00', '2023-07-01T00:00', 1],
      ['2024-10-01T00:00', '2025-01-01T00:00', 1],
    ]);
    assert.deepEqual(await bucketsOf('1y', times), [
      ['2023-01-01T00:00', '2024-01-01T00:00', 2],
      ['2024-01-01T00:00', '2025-01-01T00:00', 1],
    ]);
  });

  test('a range of years, which is read in several slices, has every row once', async () => {
    const times = Array.from({ length: 12 }, (_, i) => startMs - i * 100 * dayMs);
    const days = await bucketsOf('1d', times);
    assert.equal(days.length, 12);
    assert.ok(days.every(([, , count]) => count === 1));
    const months = await bucketsOf('1mo', times);
    assert.equal(
      months.reduce((sum, [, , count]) => sum + Number(count), 0),
      12,
    );
    assert.equal(new Set(months.map(([from]) => from)).size, months.length);
  });
});

describe('cohorts', () => {
  const withFeature = (values: readonly (number | string | boolean | null | undefined)[]) =>
    stored(
      values.map((value) => ({
        prediction: 1,
        truths: [{ label: 1 }],
        features: value === undefined ? {} : { f: value, other: 7 },
      })),
    );
  const countsBy = async (model: string, by: string) => {
    const { rows } = await ask({ model, by });
    return rows.map(({ cohort, count }) => [...Object.values(cohort), count]);
  };

  test('given edges cut numbers into intervals closed below, and absent values come last as null', async () => {
    const model = await withFeature([17.9, 18, 29.5, 30, 44, 45, 99, undefined, null]);
    assert.deepEqual(await countsBy(model, 'feature:f(18,30,45)'), [
      ['(-inf, 18)', 1],
      ['[18, 30)', 2],
      ['[30, 45)', 2],
      ['[45, inf)', 2],
      [null, 2],
    ]);
  });

  test('up to 20 distinct numbers are cohorts of their own, in the order of numbers', async () => {
    const model = await withFeature([10, 9, 9, -1.5]);
    assert.deepEqual(await countsBy(model, 'feature:f'), [
      ['-1.5', 1],
      ['9', 2],
      ['10', 1],
    ]);
  });

  test('more distinct numbers are cut at their quartiles', async () => {
    const model = await withFeature(Array.from({ length: 41 }, (_, i) => i));
    assert.deepEqual(await countsBy(model, 'feature:f'), [
      ['[0, 10)', 10],
      ['[10, 20)', 10],
      ['[20, 30)', 10],
      ['[30, 40]', 11],
    ]);
  });

  test('quantiles that coincide make one edge', async () => {
    const model = await withFeature([1, 1, 1, 1, 1, 1, 2, 3]);
    assert.deepEqual(await countsBy(model, 'feature:f(quantiles=4)'), [
      ['[1, 1.25)', 6],
      ['[1.25, 3]', 2],
    ]);
  });

  test('categories and booleans are their text, and an empty category is not an absent one', async () => {
    assert.deepEqual(await countsBy(await withFeature(['b', 'a', '', 'a', undefined]), 'feature:f'), [
      ['', 1],
      ['a', 2],
      ['b', 1],
      [null, 1],
    ]);
    assert.deepEqual(await countsBy(await withFeature([true, false, true]), 'feature:f'), [
      ['false', 1],
      ['true', 2],
    ]);
  });

  test('a feature that is a number here and a text there keeps both', async () => {
    const model = await withFeature([20, 40, 'unknown', true, undefined]);
    assert.deepEqual(await countsBy(model, 'feature:f(30)'), [
      ['(-inf, 30)', 1],
      ['[30, inf)', 1],
      ['true', 1],
      ['unknown', 1],
      [null, 1],
    ]);
    assert.deepEqual(await countsBy(model, 'feature:f'), [
      ['20', 1],
      ['40', 1],
      ['true', 1],
      ['unknown', 1],
      [null, 1],
    ]);
  });

  test('a feature of any name can be asked for', async () => {
    const name = 'a,"b"(c) \'{x:Int8}\\';
    const model = await stored([{ prediction: 1, features: { [name]: 5 } }]);
    const { rows } = await ask({ model, by: `feature:"${name.replaceAll('"', '""')}"` });
    assert.deepEqual(rows[0]!.cohort, { [`feature:${name}`]: '5' });
  });

  test('a feature that no prediction has makes one cohort and a note', async () => {
    const { rows, notes } = await ask({ model: await withFeature([1]), by: 'feature:g' });
    assert.deepEqual(rows[0]!.cohort, { 'feature:g': null });
    assert.match(notes.join(), /feature:g: no prediction in the range has it/);
  });

  test('columns and features split together, and a column that was not given is null', async () => {
    const model = await stored([
      { region: 'eu', prediction: 1, features: { f: 1 } },
      { region: 'eu', prediction: 0, features: { f: 2 } },
      { prediction: 0, features: { f: 2 } },
    ]);
    const { rows } = await ask({ model, by: 'region,feature:f,prediction' });
    assert.deepEqual(
      rows.map(({ cohort }) => Object.values(cohort)),
      [
        ['eu', '1', '1'],
        ['eu', '2', '0'],
        [null, '2', '0'],
      ],
    );
  });
});

describe('the task and its classes', () => {
  const asked = async (
    pairs: readonly (readonly [string | number | undefined, string | number])[],
    rest: object = {},
  ) => {
    const model = await stored(
      pairs.map(([prediction, label]) => ({ ...(prediction !== undefined && { prediction }), truths: [{ label }] })),
    );
    return ask({ model, ...rest });
  };

  test('the number 1 and the text "1" are one class', async () => {
    const { classes, positive, rows } = await asked([
      [1, '1'],
      ['0', 0],
      ['1', 0],
    ]);
    assert.deepEqual([classes, positive], [['0', '1'], '1']);
    const { tp, fp, fn, tn } = rows[0]!.metrics;
    assert.deepEqual([tp, fp, fn, tn], [1, 1, 0, 1]);
  });

  test('whole numbers with more than 20 distinct truths are quantities', async () => {
    const pairs = (count: number) => Array.from({ length: count }, (_, i) => [i, i] as const);
    assert.equal((await asked(pairs(21))).task, 'regression');
    assert.equal((await asked(pairs(20))).task, 'classification');
    assert.equal((await asked(pairs(21), { task: 'classification' })).classes.length, 21);
  });

  test('one number that is not whole makes a regression, one text a classification', async () => {
    assert.equal(
      (
        await asked([
          [1, 1],
          [1.5, 2],
        ])
      ).task,
      'regression',
    );
    assert.equal(
      (
        await asked([
          [1, 'one'],
          [1.5, 2],
        ])
      ).task,
      'classification',
    );
  });

  test('a truth that was corrected does not count as a class', async () => {
    const model = await stored([
      { prediction: 1, truths: [{ label: 'typo' }, { label: 1, revision: 1 }] },
      { prediction: 0 },
    ]);
    assert.deepEqual((await ask({ model })).classes, ['0', '1']);
  });

  test('a positive class that does not exist is refused with the classes that do', async () => {
    await assert.rejects(
      asked([[1, 0]], { positive: '2' }),
      (error) => isBarographError(error, 'bad_request') && error.hint === 'The classes are "0" and "1".',
    );
  });

  test('predictions without a class are left out of its metrics, kept in those of scores, and counted', async () => {
    const model = await stored([
      { score: 0.9, truths: [{ label: 1 }] },
      { score: 0.2, truths: [{ label: 0 }] },
      { prediction: 1, score: 0.7, truths: [{ label: 1 }] },
    ]);
    const { rows, notes } = await ask({ model });
    assert.deepEqual([rows[0]!.metrics.accuracy, rows[0]!.metrics.roc_auc], [1, 1]);
    assert.match(notes.join(), /2 predictions with truth lack a predicted class/);
  });

  test('the probability of the positive class stands in for a score that was not given', async () => {
    const model = await stored([
      { prediction: 'no', scores: { no: 0.75, yes: 0.25 }, truths: [{ label: 'no' }] },
      { prediction: 'yes', scores: { no: 0.5, yes: 0.5 }, truths: [{ label: 'yes' }] },
    ]);
    const { rows } = await ask({ model, metrics: 'roc_auc,brier' });
    assert.deepEqual(rows[0]!.metrics, { roc_auc: 1, brier: (0.25 ** 2 + 0.5 ** 2) / 2 });
  });

  test('only the metrics asked for are answered; one of another task is null with a note', async () => {
    const { rows, notes } = await asked([[1, 1]], { metrics: 'mae,f1' });
    assert.deepEqual(rows[0]!.metrics, { mae: null, f1: 1 });
    assert.match(notes.join(), /mae: null: it does not apply to this task \(1 row\)/);
  });

  test('a class may have any name', async () => {
    const { rows, classes } = await asked([
      ['__proto__', '__proto__'],
      ['constructor', "it's"],
    ]);
    assert.deepEqual(classes, ['__proto__', 'constructor', "it's"]);
    assert.deepEqual(Object.keys(rows[0]!.byClass!), classes);
  });
});

describe('what cannot be answered', () => {
  const failsWith = (
    parameters: EvaluationParameters,
    code: Parameters<typeof isBarographError>[1],
    says: RegExp,
    changed = {},
  ) =>
    assert.rejects(ask(parameters, changed), (error) => {
      assert.ok(isBarographError(error, code), String(error));
      assert.match(`${error.message} ${error.hint}`, says);
      return true;
    });

  test('a model without predictions is not found, and the nearest name is told', async () => {
    const model = await stored([{ prediction: 1 }]);
    await failsWith({ model: `${model}x` }, 'not_found', new RegExp(`Did you mean ${model}\\?`));
    await failsWith({ model, version: 'none' }, 'not_found', /no version "none"/);
  });

  test('a range without predictions has no rows', async () => {
    const model = await stored([{ prediction: 1 }]);
    const { rows, fromMs } = await ask({ model, from: '2001-01-01', to: '2001-01-02' });
    assert.deepEqual([rows, fromMs], [[], Date.UTC(2001, 0, 1)]);
  });

  test('more rows than the limit are refused, naming it; as many are not', async () => {
    const model = await stored(
      [0, 1, 2, 3].map((day) => ({ tsMs: startMs + day * dayMs, prediction: day, truths: [{ label: day }] })),
    );
    assert.equal((await ask({ model, every: '1d' }, { rowsMax: 4 })).rows.length, 4);
    await failsWith({ model, every: '1d' }, 'query_too_large', /evaluation.rows_max \(3\)/, { rowsMax: 3 });
    await failsWith({ model, every: '1d', positive: '1', task: 'regression' }, 'query_too_large', /rows_max/, {
      rowsMax: 3,
    });
  });

  test('time and memory past their limits are named', async () => {
    const model = await stored([{ prediction: 1, truths: [{ label: 1 }] }]);
    await failsWith({ model }, 'query_timeout', /evaluation.time_max \(0 ms\)/, { timeMsMax: 0 });
    await failsWith({ model }, 'query_memory', /limit \(1 bytes\)/, { memoryBytesMax: 1 });
  });

  test('an evaluation whose asker went away is cancelled', async () => {
    const model = await stored([{ prediction: 1 }]);
    const request = parseEvaluationRequest({ model });
    const evaluation = evaluate(testEngine.engine, request, { limits, signal: AbortSignal.abort() });
    await assert.rejects(evaluation, (error) => isBarographError(error, 'query_cancelled'));
  });
});
