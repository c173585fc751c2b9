import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isBarographError } from '../../../src/base/errors.js';
import { evaluateQuery } from '../../../src/promql/evaluate/evaluate-query.js';
import { defaultQueryOptions, type QueryOptions } from '../../../src/promql/evaluate/query-options.js';
import type { QueryRange } from '../../../src/promql/evaluate/query-range.js';
import type { SampleSource, SelectedSeries } from '../../../src/promql/evaluate/sample-source.js';
import { parseQuery } from '../../../src/promql/parse/parse-query.js';

const series = (count: number): SelectedSeries => ({
  labels: [['__name__', 'm']],
  floats: {
    timesMs: Float64Array.from({ length: count }, (_, i) => i * 1_000),
    values: new Float64Array(count).fill(1),
    count,
  },
});

const source: SampleSource = { select: async () => [series(100)] };
const instant: QueryRange = { startMs: 99_000, endMs: 99_000, stepMs: 0 };
const range: QueryRange = { startMs: 0, endMs: 99_000, stepMs: 1_000 };

const run = (text: string, query: QueryRange, options: Partial<QueryOptions> = {}) =>
  evaluateQuery(parseQuery(text), query, source, { ...defaultQueryOptions, ...options });

/** What a query asks its source for: from and to, milliseconds. */
async function asked(text: string, query: QueryRange): Promise<(readonly [number, number])[]> {
  const times: (readonly [number, number])[] = [];
  const noting: SampleSource = {
    async select(_, fromMs, toMs) {
      times.push([fromMs, toMs]);
      return [];
    },
  };
  await evaluateQuery(parseQuery(text), query, noting, defaultQueryOptions);
  return times;
}

describe('evaluation of a query', () => {
  it('is refused in Prometheus’ words where it would hold more samples than its limit', async () => {
    await assert.rejects(run('m', range, { samplesMax: 150 }), (error) => {
      assert.ok(isBarographError(error, 'query_too_large'));
      assert.equal(error.message, 'query processing would load too many samples into memory in query execution');
      return true;
    });
    assert.equal((await run('m', range, { samplesMax: 200 })).samplesPeak, 200);
  });

  it('frees what a part of it held once that is used up', async () => {
    const { samplesPeak } = await run('sum(sum(sum(sum(m))))', range);
    assert.equal(samplesPeak, 300, '100 read, 100 aggregated, 100 made of them');
  });

  it('is refused before memory is used where a subquery has more steps than the limit of samples', async () => {
    await assert.rejects(run('sum_over_time(vector(1)[100y:1ms])', instant), (error) =>
      isBarographError(error, 'query_too_large'),
    );
  });

  it('is refused where values that become labels make more series than fit the limit', async () => {
    const rising: SampleSource = {
      async select() {
        const { labels, floats } = series(100);
        return [{ labels, floats: { ...floats, values: floats.values.map((_, i) => i) } }];
      },
    };
    const options = { ...defaultQueryOptions, samplesMax: 5_000 };
    await assert.rejects(evaluateQuery(parseQuery('count_values("v", m)'), range, rising, options), (error) =>
      isBarographError(error, 'query_too_large'),
    );
  });

  it('is refused where a range query has more steps than its limit', async () => {
    await assert.rejects(run('m', { ...range, stepMs: 1 }), (error) => {
      assert.ok(isBarographError(error, 'query_too_large'));
      return error.message.startsWith('exceeded maximum resolution of 11000 points per timeseries.');
    });
  });

  it('refuses a range query of a range vector or a string', async () => {
    await assert.rejects(run('m[5m]', range), /invalid expression type "range vector" for range query/);
    await assert.rejects(run('"text"', range), /invalid expression type "string" for range query/);
  });

  it('stops where its checkpoint throws', async () => {
    const stop = new Error('stopped');
    const checkpoint = (): void => {
      throw stop;
    };
    await assert.rejects(run('m', instant, { checkpoint }), (error) => error === stop);
  });

  for (const [text, query, from, to] of [
    ['m', instant, 99_000 - 300_000 + 1, 99_000],
    ['m / m', instant, 99_000 - 300_000 + 1, 99_000],
    ['m offset 1m', instant, 39_000 - 300_000 + 1, 39_000],
    ['m @ 50', range, 50_000 - 300_000 + 1, 50_000],
    ['m @ end()', range, 99_000 - 300_000 + 1, 99_000],
    ['rate(m[30s])', range, -30_000 + 1, 99_000],
    ['rate(m[30s] offset -10s)', range, -20_000 + 1, 109_000],
    ['rate(m[30s] smoothed)', range, -330_000 + 1, 399_000],
    ['max_over_time(rate(m[30s])[2m:10s])', range, -150_000 + 1, 99_000],
    ['max_over_time((m @ 10)[2m:10s] offset 5s)', range, 10_000 - 300_000 + 1, 10_000],
    ['sum_over_time(m[2m:10s] @ 60)', range, -60_000 - 300_000 + 1, 60_000],
  ] as const)
    it(`asks for no more than ${text} needs, windows being open to the left`, async () => {
      assert.deepEqual(await asked(text, query), [[from, to]]);
    });
});
