/** The limits of one query, and what is said where an estimate or what came of it is past one of them. */
import { BarographError } from '../../base/errors.js';
import type { QueryEstimate } from './query-estimate.js';

export interface QueryLimits {
  readonly timeMsMax: number;
  readonly samplesMax: number;
  readonly seriesMax: number;
  /** Most points of an answer, all series together. */
  readonly pointsMax: number;
  readonly answerBytesMax: number;
}

/** A limit beside what is expected. */
export interface LimitVerdict {
  /** The configuration's key. */
  readonly key: string;
  readonly limit: number;
  /** Undefined where nothing can be said before the query runs. */
  readonly estimate: number | undefined;
  readonly isPassed: boolean;
}

interface Bounded {
  readonly name: keyof QueryLimits;
  readonly key: string;
  readonly estimateOf: (estimate: QueryEstimate) => number | undefined;
  /** What is said of an estimate past the limit, and what is bounded. */
  readonly sentence: (estimate: number, limit: number) => string;
  readonly unit: string;
  readonly help: string;
}

const narrower = 'ask for a shorter time, or name more labels in the selectors';
const coarser = 'use a longer step, ask for a shorter time, or aggregate to fewer series';

const bounded: readonly Bounded[] = [
  {
    name: 'seriesMax',
    key: 'query.promql.series_max',
    estimateOf: ({ series }) => series,
    sentence: (estimate, limit) => `the query would read ${estimate} series, the limit is ${limit}`,
    unit: 'series',
    help: 'name more labels in its selectors, or ask for a shorter time',
  },
  {
    name: 'samplesMax',
    key: 'query.promql.samples_max',
    estimateOf: ({ samples }) => Math.round(samples),
    // Prometheus' words come first: clients look for them.
    sentence: (estimate, limit) =>
      `query processing would load too many samples into memory in query execution: an estimated ${estimate} of at most ${limit} samples`,
    unit: 'samples',
    help: narrower,
  },
  {
    name: 'pointsMax',
    key: 'query.promql.points_max',
    estimateOf: ({ points }) => Math.round(points),
    sentence: (estimate, limit) => `the query would return an estimated ${estimate} points, the limit is ${limit}`,
    unit: 'points',
    help: coarser,
  },
  {
    name: 'answerBytesMax',
    key: 'query.promql.answer_bytes_max',
    estimateOf: ({ answerBytes }) => Math.round(answerBytes),
    sentence: (estimate, limit) => `the query would return an estimated ${estimate} bytes, the limit is ${limit}`,
    unit: 'bytes',
    help: coarser,
  },
  {
    name: 'timeMsMax',
    key: 'query.promql.time_max',
    estimateOf: () => undefined,
    sentence: (estimate, limit) => `the query would take ${estimate} ms, the limit is ${limit}`,
    unit: 'milliseconds',
    help: narrower,
  },
];

export const limitVerdicts = (estimate: QueryEstimate, limits: QueryLimits): LimitVerdict[] =>
  bounded.map(({ name, key, estimateOf }) => {
    const expected = estimateOf(estimate);
    const limit = limits[name];
    return { key, limit, estimate: expected, isPassed: expected !== undefined && expected > limit };
  });

/** Why the query is refused before it runs, if it is: `query_too_large`. */
export function refusalOf(estimate: QueryEstimate, limits: QueryLimits): BarographError | undefined {
  const passed = bounded.find(({ name, estimateOf }) => (estimateOf(estimate) ?? 0) > limits[name]);
  if (passed === undefined) return undefined;
  const { name, key, sentence, estimateOf, help } = passed;
  return new BarographError('query_too_large', `${sentence(estimateOf(estimate)!, limits[name])} (${key}); ${help}`);
}

/** Throws `query_too_large` where an answer that is there is past a limit. */
export function checkAnswer(name: 'pointsMax' | 'answerBytesMax', got: number, limits: QueryLimits): void {
  if (got <= limits[name]) return;
  const { key, unit, help } = bounded.find((each) => each.name === name)!;
  throw new BarographError(
    'query_too_large',
    `the answer has ${got} ${unit}, the limit is ${limits[name]} (${key}); ${help}`,
  );
}
