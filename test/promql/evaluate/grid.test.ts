import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isBarographError } from '../../../src/base/errors.js';
import { evaluateQuery } from '../../../src/promql/evaluate/evaluate-query.js';
import { defaultQueryOptions } from '../../../src/promql/evaluate/query-options.js';
import type { QueryRange } from '../../../src/promql/evaluate/query-range.js';
import type { QueryData } from '../../../src/promql/evaluate/query-result.js';
import type { SampleSource } from '../../../src/promql/evaluate/sample-source.js';
import { labelsText, seriesLabels } from '../../../src/promql/evaluate/series-labels.js';
import { areHistogramsEqual } from '../../../src/promql/histogram/compare-histograms.js';
import type { FloatHistogram } from '../../../src/promql/histogram/float-histogram.js';
import { parseQuery } from '../../../src/promql/parse/parse-query.js';
import { randomSeries, type SeriesKinds, sourceOf } from './random-series.js';

const intervalMs = 15_000;
const options = { ...defaultQueryOptions, lookbackMs: 40_000, subqueryStepMs: 10_000 };

/** Values by time and labels: the same form for both kinds of query. */
type Points = Map<string, number | FloatHistogram>;

async function run(text: string, query: QueryRange, source: SampleSource): Promise<QueryData | 'failed'> {
  try {
    return (await evaluateQuery(parseQuery(text), query, source, options)).data;
  } catch (error) {
    if (isBarographError(error, 'query_failed')) return 'failed';
    throw error;
  }
}

function addPoints(points: Points, data: QueryData): void {
  if (data.kind === 'scalar') points.set(`${data.timeMs} {}`, data.value);
  if (data.kind === 'vector')
    for (const { labels, value } of data.samples)
      points.set(`${data.timeMs} ${labelsText(seriesLabels(labels))}`, value);
  if (data.kind !== 'matrix') return;
  for (const { labels, timesMs, values, histogramTimesMs, histograms } of data.series) {
    const text = labelsText(seriesLabels(labels));
    timesMs.forEach((timeMs, i) => {
      points.set(`${timeMs} ${text}`, values[i]!);
    });
    histogramTimesMs.forEach((timeMs, i) => {
      points.set(`${timeMs} ${text}`, histograms[i]!);
    });
  }
}

/** A rounding error may be as large as the largest number that was summed allows. */
function isClose(a: number | FloatHistogram, b: number | FloatHistogram): boolean {
  if (typeof a !== 'number' || typeof b !== 'number')
    return typeof a !== 'number' && typeof b !== 'number' && areHistogramsEqual(a, b);
  return Object.is(a, b) || a === b || Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
}

async function assertSameAsSteps(text: string, query: QueryRange, source: SampleSource): Promise<void> {
  const whole = await run(text, query, source);
  const stepped: Points = new Map();
  for (let timeMs = query.startMs; timeMs <= query.endMs; timeMs += query.stepMs) {
    const data = await run(text, { startMs: timeMs, endMs: timeMs, stepMs: 0 }, source);
    if (data === 'failed') return assert.equal(whole, 'failed', `${text} fails at ${timeMs}`);
    addPoints(stepped, data);
  }
  assert.notEqual(whole, 'failed', `${text} fails as a range query only`);
  const points: Points = new Map();
  addPoints(points, whole as QueryData);
  assert.deepEqual([...points.keys()].sort(), [...stepped.keys()].sort(), text);
  for (const [key, value] of points)
    assert.ok(isClose(value, stepped.get(key)!), `${text} at ${key}: ${String(value)} and ${String(stepped.get(key))}`);
}

const rangeFunctions = [
  ...['rate', 'increase', 'delta', 'irate', 'idelta', 'changes', 'resets', 'deriv', 'absent_over_time'],
  ...['sum', 'avg', 'min', 'max', 'count', 'stddev', 'stdvar', 'present', 'last', 'first', 'mad'].map(
    (each) => `${each}_over_time`,
  ),
  ...['ts_of_min', 'ts_of_max', 'ts_of_first', 'ts_of_last'].map((each) => `${each}_over_time`),
];

const queries: readonly string[] = [
  ...rangeFunctions.map((name) => `${name}(m[150s])`),
  'quantile_over_time(0.3, m[150s])',
  'predict_linear(m[150s], 60)',
  'double_exponential_smoothing(m[150s], 0.5, 0.5)',
  'max_over_time(rate(m[60s])[120s:20s])',
  'sum_over_time(m[150s] offset 30s)',
  'm',
  'm offset -20s',
  'sum by (g) (m)',
  'avg by (g) (m)',
  'min without (i, le) (m)',
  'max(m)',
  'count by (g) (m)',
  'stddev(m)',
  'stdvar by (g) (m)',
  'quantile(0.7, m)',
  'group(m)',
  'count_values("v", m)',
  'topk(2, m)',
  'bottomk by (g) (1, m)',
  'limitk(2, m)',
  'limit_ratio(0.4, m)',
  'm + on (i) m',
  'm * on (g) group_left sum by (g) (m)',
  'm > 20',
  'm >= bool 20',
  '20 < m',
  'm and on (i) (m > 10)',
  'm unless on (i) (m > 10)',
  '(m > 10) or m',
  'absent(m > 500)',
  '-m',
  'clamp(m, 0, 100)',
  'round(m, 5)',
  'histogram_quantile(0.9, m)',
  'histogram_fraction(0, 2, m)',
  'histogram_count(m)',
  'scalar(m{i="0"}) + time()',
  'timestamp(m)',
  'label_replace(m, "x", "$1", "i", "(.*)")',
];

/** The grid's step is no multiple of the samples' distance, and far below the windows' length. */
const query: QueryRange = { startMs: 7_000, endMs: 900_000, stepMs: 10_000 };

const holdsFor = (kinds: SeriesKinds, texts: readonly string[], runs: number): Promise<void> =>
  fc.assert(
    fc.asyncProperty(randomSeries(intervalMs, kinds), fc.constantFrom(...texts), (series, text) =>
      assertSameAsSteps(text, query, sourceOf(series)),
    ),
    { numRuns: runs },
  );

describe('a range query', () => {
  it('gives at each step what an instant query gives there', () => holdsFor({}, queries, 50));

  it('does so with NaNs and infinities, none of which outlives its window', () =>
    holdsFor(
      { hasOddNumbers: true },
      queries.filter((text) => !/deriv|predict|stddev|stdvar/.test(text)),
      40,
    ));

  it('does so with native histograms among the samples', () => holdsFor({ hasHistograms: true }, queries, 50));
});
