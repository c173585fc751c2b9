import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planQuery } from '../../../src/promql/evaluate/evaluate-query.js';
import { defaultQueryOptions } from '../../../src/promql/evaluate/query-options.js';
import { answerSeries } from '../../../src/promql/explain/answer-series.js';
import { parseQuery } from '../../../src/promql/parse/parse-query.js';

const range = { startMs: 0, endMs: 60_000, stepMs: 15_000 };
const any = Number.POSITIVE_INFINITY;

/** Each selection has 10 series. */
const cases: readonly [query: string, least: number, most: number][] = [
  ['1 + 1', 1, 1],
  ['a', 10, 10],
  ['-a', 10, 10],
  ['rate(a[5m])', 10, 10],
  ['rate(a[5m]) * 60', 10, 10],
  ['a > 3', 0, 10],
  ['sum(a)', 1, 1],
  ['sum by (x) (rate(a[5m]))', 1, 10],
  ['sum without (x) (a)', 1, 10],
  ['topk(3, a)', 1, 10],
  ['count_values("v", a)', 1, any],
  ['a + on (x) b', 0, 10],
  ['a or b', 10, 20],
  ['histogram_quantile(0.9, a)', 0, 10],
  ['max_over_time(rate(a[5m])[1h:1m])', 10, 10],
  ['time()', 1, 1],
];

for (const [query, least, most] of cases)
  test(`${query} gives ${least} to ${most} series of 10`, () => {
    const { root } = planQuery(parseQuery(query), range, defaultQueryOptions);
    assert.deepEqual(
      answerSeries(root, () => 10),
      { least, most },
    );
  });
