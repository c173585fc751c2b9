import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Kernel } from '../../../src/kernel/kernel.js';
import { SeriesGrid } from '../../../src/kernel/series-grid.js';
import { evaluateQuery } from '../../../src/promql/evaluate/evaluate-query.js';
import { defaultQueryOptions } from '../../../src/promql/evaluate/query-options.js';
import type { QueryData } from '../../../src/promql/evaluate/query-result.js';
import type { SampleSource, SelectedSeries } from '../../../src/promql/evaluate/sample-source.js';
import { StreamedColumn } from '../../../src/promql/evaluate/streamed-column.js';
import { cutColumn } from '../../../src/promql/leaves/merge-columns.js';
import { parseQuery } from '../../../src/promql/parse/parse-query.js';
import { createChunkStore } from '../../../src/series/chunk-store/chunk-store.js';
import { randomSeries, sourceOf } from './random-series.js';

/** Two minutes: sixty samples lie in two hours, or three. */
const intervalMs = 120_000;
const startMs = 1_795_319_520_000;
const grid = new SeriesGrid(new Kernel());

const shifted = (series: readonly SelectedSeries[]): SelectedSeries[] =>
  series.map(({ labels, floats }) => ({
    labels,
    floats: { ...floats, timesMs: floats.timesMs.map((timeMs) => timeMs + startMs) },
  }));

/** Keeps the samples as chunks, open or closed, and hands them out as queries get them. */
function streamedSource(series: readonly SelectedSeries[], isClosed: boolean): SampleSource {
  const chunks = createChunkStore({ budgetBytes: 2 ** 24, arenaBytes: 2 ** 16, groupOf: () => 1, completeFromMs: 0 });
  series.forEach(({ floats }, ref) => {
    chunks.append(Uint32Array.of(ref), 1, Uint32Array.of(floats.count), floats.timesMs, floats.values, 1);
  });
  if (isClosed) chunks.closeHours(startMs + 24 * 3_600_000);
  while (chunks.seal(100));
  return {
    async select(_, fromMs, toMs) {
      const streams = chunks.copyStreams(
        series.map((__, ref) => ref),
        fromMs - 1,
        toMs,
      );
      return series
        .map(({ labels }, ref) => ({ labels, floats: new StreamedColumn(grid, streams, ref) }))
        .filter(({ floats }) => floats.count > 0);
    },
  };
}

const functions = [
  'rate',
  'increase',
  'delta',
  'sum_over_time',
  'avg_over_time',
  'max_over_time',
  'min_over_time',
  'last_over_time',
  'count_over_time',
  'stddev_over_time',
  'changes',
];
const aggregations = ['', 'sum by (g)', 'avg by (g)', 'max without (i)', 'min', 'count by (g)', 'group', 'stddev'];

const expression = fc.oneof(
  fc
    .tuple(fc.constantFrom(...aggregations), fc.constantFrom(...functions), fc.constantFrom('2m', '7m', '40m'))
    .chain(([aggregation, name, range]) =>
      fc
        .constantFrom('', ' offset 3m', ' @ 1795321000')
        .map((modifier) => `${aggregation}(${name}(m[${range}]${modifier}))`),
    ),
  fc.constantFrom(
    'm',
    'sum by (g) (m)',
    'm[30m]',
    'max_over_time(sum(m)[20m:1m])',
    'timestamp(m)',
    'rate(m[7m]) + on(i) m',
  ),
);

/** Plain columns of the samples that are asked for and no others: how many there are decides how some functions go about it. */
const cutSource = (series: Parameters<typeof sourceOf>[0]): SampleSource => ({
  async select(matchers, fromMs, toMs, hints) {
    const selected = await sourceOf(series).select(matchers, fromMs, toMs, hints);
    return selected
      .map((each) => ({ ...each, floats: cutColumn(each.floats, fromMs, toMs) }))
      .filter(({ floats }) => floats.count > 0);
  },
});

/** Numbers as they are, each NaN the same: of one that is computed, WebAssembly leaves the bits open. */
const asNumbers = (data: QueryData) =>
  data.kind === 'matrix'
    ? data.series.map(({ labels, timesMs, values }) => [labels, Array.from(timesMs), Array.from(values)])
    : data;

test('chunks that are evaluated in the kernel give what their samples give, to the bit', async () => {
  await fc.assert(
    fc.asyncProperty(
      randomSeries(intervalMs, { hasOddNumbers: true }),
      fc.boolean(),
      expression,
      fc.constantFrom(0, 30_000, 120_000, 250_000),
      async (drawn, isClosed, text, stepMs) => {
        const series = shifted(drawn);
        const isMatrix = text.endsWith(']');
        const query = { startMs: startMs + 900_000, endMs: startMs + 5_000_000, stepMs: isMatrix ? 0 : stepMs };
        if (query.stepMs === 0) query.endMs = query.startMs;
        const run = (source: SampleSource) => evaluateQuery(parseQuery(text), query, source, defaultQueryOptions);
        const [inKernel, plain] = [await run(streamedSource(series, isClosed)), await run(cutSource(series))];
        assert.deepEqual(asNumbers(inKernel.data), asNumbers(plain.data));
        assert.deepEqual(inKernel.annotations, plain.annotations);
      },
    ),
    { numRuns: 1_500 },
  );
});

test('of samples the count is known before they are decoded', async () => {
  await fc.assert(
    fc.asyncProperty(
      randomSeries(intervalMs),
      fc.boolean(),
      fc.integer({ min: -10, max: 9_000_000 }),
      fc.integer({ min: 0, max: 9_000_000 }),
      async (drawn, isClosed, from, length) => {
        const series = shifted(drawn);
        const [fromMs, toMs] = [startMs + from, startMs + from + length];
        const selected = await streamedSource(series, isClosed).select([], fromMs, toMs, {
          stepMs: 0,
          rangeMs: 0,
          functionName: undefined,
          needsBuckets: true,
        });
        const expected = series.map(({ floats }) =>
          Array.from(floats.timesMs).filter((timeMs) => timeMs >= fromMs && timeMs <= toMs),
        );
        assert.deepEqual(
          selected.map(({ floats }) => floats.count),
          expected.map((times) => times.length).filter((count) => count > 0),
        );
        assert.deepEqual(
          selected.map(({ floats }) => Array.from(floats.timesMs)),
          expected.filter((times) => times.length > 0),
        );
      },
    ),
    { numRuns: 500 },
  );
});
