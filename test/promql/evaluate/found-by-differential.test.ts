/** What `npm run differential` found to differ from Prometheus 3, in the smallest form; the answers are Prometheus'. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { annotationText } from '../../../src/promql/evaluate/annotations.js';
import { evaluateQuery } from '../../../src/promql/evaluate/evaluate-query.js';
import { defaultQueryOptions } from '../../../src/promql/evaluate/query-options.js';
import type { QueryRange } from '../../../src/promql/evaluate/query-range.js';
import type { SampleSource } from '../../../src/promql/evaluate/sample-source.js';
import { parseQuery } from '../../../src/promql/parse/parse-query.js';

const sourceOf = (values: readonly number[]): SampleSource => ({
  select: async () => [
    {
      labels: [['__name__', 'm_total']],
      floats: {
        timesMs: Float64Array.from(values, (_, i) => i * 1_000),
        values: Float64Array.from(values),
        count: values.length,
      },
    },
  ],
});

const run = (query: string, range: QueryRange, values: readonly number[]) =>
  evaluateQuery(parseQuery(query), range, sourceOf(values), defaultQueryOptions);

async function remarksOn(query: string, range: QueryRange): Promise<string[]> {
  const { annotations } = await run(query, range, [1, 2, 3]);
  return annotations.map((each) => annotationText(each, query));
}

describe('like Prometheus', () => {
  it('the warning about a quantile points to the quantile', async () => {
    assert.deepEqual(await remarksOn('quantile_over_time(-1, m_total[5s])', { startMs: 2e3, endMs: 2e3, stepMs: 0 }), [
      'PromQL warning: quantile value should be between 0 and 1, got -1 (1:20)',
    ]);
  });

  it('sorting is called ineffective in a range query of one step, and not where it happens once', async () => {
    const ineffective =
      'PromQL warning: sort is ineffective for range queries since results are always ordered by labels (1:1)';
    const oneStep = { startMs: 0, endMs: 2_000, stepMs: 5_000 };
    assert.deepEqual(await remarksOn('sort(m_total)', oneStep), [ineffective]);
    assert.deepEqual(await remarksOn('sort(m_total @ 1)', oneStep), []);
    assert.deepEqual(await remarksOn('sort(m_total)', { ...oneStep, endMs: 0 }), []);
  });

  it('count_values tells minus zero from zero', async () => {
    const { data } = await run('count_values("v", m_total)', { startMs: 0, endMs: 1_000, stepMs: 1_000 }, [0, -0]);
    assert.ok(data.kind === 'matrix');
    assert.deepEqual(
      data.series.map(({ labels, timesMs }) => [labels, [...timesMs]]),
      [
        [[['v', '-0']], [1_000]],
        [[['v', '0']], [0]],
      ],
    );
  });

  it('a counter that falls from infinity has an infinite rate, however many resets there are', async () => {
    const values = Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? i : i === 51 ? Number.POSITIVE_INFINITY : 500));
    const { data } = await run('rate(m_total[100s])', { startMs: 100_000, endMs: 120_000, stepMs: 1_000 }, values);
    assert.ok(data.kind === 'matrix');
    assert.deepEqual([...new Set(data.series[0]!.values)], [Number.POSITIVE_INFINITY]);
  });
});
