/**
 * Runs a query: everything that it reads is asked for at once, then it is evaluated without waiting for anything. The two halves are
 * apart so that the second can run in a worker thread, which makes the same plan out of the query's text: a plan holds functions, and
 * samples lie in buffers that threads can share.
 */
import { BarographError } from '../../base/errors.js';
import { type Expression, valueTypeOf } from '../ast.js';
import { histogramSampleCount } from '../histogram/float-histogram.js';
import { createAnnotations } from './annotations.js';
import { evaluateNode } from './evaluate-node.js';
import type { Evaluation, FetchedSeries } from './evaluation.js';
import { type Grid, gridBetween } from './grid.js';
import { withoutBuckets } from './histogram-counts.js';
import { makePlan } from './make-plan.js';
import { gridResult, instantResult } from './make-result.js';
import type { Plan, Selection } from './plan.js';
import type { QueryOptions } from './query-options.js';
import type { QueryRange } from './query-range.js';
import type { QueryResult } from './query-result.js';
import { createSampleBudget, sampleCountOf } from './sample-budget.js';
import type { SampleSource, SelectedSeries } from './sample-source.js';
import { seriesLabels } from './series-labels.js';

/** A query with all that it reads. */
export interface FetchedQuery {
  readonly plan: Plan;
  readonly query: QueryRange;
  /** By the plan's selections. */
  readonly selected: readonly (readonly SelectedSeries[])[];
}

/**
 * Throws `query_failed` where the query does not fit its data, `query_too_large` past a limit, `bad_request` for a range query of
 * something else than a scalar or an instant vector, and whatever the source throws.
 */
export async function evaluateQuery(
  expression: Expression,
  query: QueryRange,
  source: SampleSource,
  options: QueryOptions,
): Promise<QueryResult> {
  return evaluateFetched(await fetchQuery(expression, query, source, options), options);
}

export async function fetchQuery(
  expression: Expression,
  query: QueryRange,
  source: SampleSource,
  options: QueryOptions,
): Promise<FetchedQuery> {
  return fetchPlanned(planQuery(expression, query, options), query, source);
}

/** Throws as `evaluateQuery` does for what cannot be evaluated whatever the data. */
export function planQuery(expression: Expression, query: QueryRange, options: QueryOptions): Plan {
  checkQuery(expression, query, options);
  return makePlan(expression, query, options);
}

export async function fetchPlanned(plan: Plan, query: QueryRange, source: SampleSource): Promise<FetchedQuery> {
  const selected = await Promise.all(
    plan.selections.map(({ matchers, fromMs, toMs, hints }) => source.select(matchers, fromMs, toMs, hints)),
  );
  return { plan, query, selected };
}

const isInstant = ({ stepMs }: QueryRange): boolean => stepMs === 0;

function checkQuery(expression: Expression, query: QueryRange, { stepsMax }: QueryOptions): void {
  if (isInstant(query)) return;
  const type = valueTypeOf(expression);
  if (type !== 'scalar' && type !== 'vector') {
    const got = type === 'matrix' ? 'range vector' : type;
    throw new BarographError(
      'bad_request',
      `invalid expression type ${JSON.stringify(got)} for range query, must be Scalar or instant Vector`,
    );
  }
  if ((query.endMs - query.startMs) / query.stepMs + 1 > stepsMax) {
    throw new BarographError(
      'query_too_large',
      `exceeded maximum resolution of ${stepsMax} points per timeseries. Try decreasing the query resolution (?step=XX)`,
    );
  }
}

/** Pure: the same query with the same samples gives the same result. */
export function evaluateFetched({ plan, query, selected }: FetchedQuery, options: QueryOptions): QueryResult {
  const grid = gridOf(query);
  const budget = createSampleBudget(options.samplesMax);
  const annotations = createAnnotations();
  const evaluation: Evaluation = {
    fetched: selected.map((series, i) => series.map((each) => fetchedSeries(each, plan.selections[i]!))),
    annotations,
    budget,
    lookbackMs: options.lookbackMs,
    usesStartTimes: options.usesStartTimes,
    checkpoint: options.checkpoint,
    evaluate(node, on) {
      options.checkpoint();
      const before = budget.used();
      const value = evaluateNode(node, on, evaluation);
      const held = budget.used() - before;
      budget.take(sampleCountOf(value));
      // What was needed on the way is free again; the value itself is held.
      budget.release(held);
      return value;
    },
  };
  const samplesRead = evaluation.fetched.reduce((sum, series) => sum + samplesOf(series), 0);
  budget.take(samplesRead);
  const value = evaluation.evaluate(plan.root, grid);
  const data = isInstant(query) ? instantResult(value, grid) : gridResult(value, grid);
  return { data, annotations: annotations.list(), samplesRead, samplesPeak: budget.peak() };
}

const gridOf = ({ startMs, endMs, stepMs }: QueryRange): Grid =>
  stepMs === 0 ? { startMs, stepMs: 1, steps: 1 } : gridBetween(startMs, endMs, stepMs);

const fetchedSeries = (
  { labels, keyedLabels, floats, histograms }: SelectedSeries,
  { hints }: Selection,
): FetchedSeries => ({
  labels: keyedLabels ?? seriesLabels(labels),
  floats,
  histograms: histograms === undefined || hints.needsBuckets ? histograms : withoutBuckets(histograms),
});

function samplesOf(series: readonly FetchedSeries[]): number {
  let samples = 0;
  for (const { floats, histograms } of series) {
    samples += floats.count;
    if (histograms !== undefined) for (const each of histograms.values) samples += histogramSampleCount(each);
  }
  return samples;
}
