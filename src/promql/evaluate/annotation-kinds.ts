/** Every remark that evaluation makes, in Prometheus' words. Source: Prometheus, util/annotations/annotations.go. */
import type { SourceRange } from '../ast.js';
import type { ForcedMonotonicity } from './annotation-detail.js';
import type { Annotation } from './annotations.js';
import { formatNumber } from './number-text.js';

const warning = (text: string, at: SourceRange): Annotation => ({
  level: 'warning',
  text: `PromQL warning: ${text}`,
  at,
  detail: undefined,
});

const info = (text: string, at: SourceRange): Annotation => ({
  level: 'info',
  text: `PromQL info: ${text}`,
  at,
  detail: undefined,
});

const quoted = JSON.stringify;

const forMetric = (name: string): string => (name === '' ? '' : ` for metric name ${quoted(name)}`);

export type HistogramOperation = 'addition' | 'subtraction' | 'aggregation';

export const invalidQuantile = (q: number, at: SourceRange): Annotation =>
  warning(`quantile value should be between 0 and 1, got ${formatNumber(q)}`, at);

export const invalidRatio = (ratio: number, limit: number, at: SourceRange): Annotation =>
  warning(`ratio value should be between -1 and 1, got ${formatNumber(ratio)}, capping to ${formatNumber(limit)}`, at);

export const badBucketLabel = (name: string, value: string, at: SourceRange): Annotation =>
  warning(`bucket label "le" is missing or has a malformed value of ${quoted(value)}${forMetric(name)}`, at);

export const mixedFloatsHistograms = (name: string, at: SourceRange): Annotation =>
  warning(`encountered a mix of histograms and floats for metric name ${quoted(name)}`, at);

export const mixedInAggregation = (at: SourceRange): Annotation =>
  warning('encountered a mix of histograms and floats for aggregation', at);

export const mixedClassicNative = (name: string, at: SourceRange): Annotation =>
  warning(`vector contains a mix of classic and native histograms${forMetric(name)}`, at);

export const notCounter = (name: string, at: SourceRange): Annotation =>
  warning(`this native histogram metric is not a counter: ${quoted(name)}`, at);

export const notGauge = (name: string, at: SourceRange): Annotation =>
  warning(`this native histogram metric is not a gauge: ${quoted(name)}`, at);

export const mixedSchemas = (name: string, at: SourceRange): Annotation =>
  warning(
    `vector contains a mix of histograms with exponential and custom buckets schemas for metric name ${quoted(name)}`,
    at,
  );

export const incompatibleBuckets = (operator: string, at: SourceRange): Annotation =>
  warning(`incompatible bucket layout encountered for binary operator ${operator}`, at);

export const sortInRangeQuery = (at: SourceRange): Annotation =>
  warning('sort is ineffective for range queries since results are always ordered by labels', at);

export const resetCollision = (operation: HistogramOperation, at: SourceRange): Annotation =>
  warning(`conflicting counter resets during histogram ${operation}`, at);

export const possibleNonCounter = (name: string, at: SourceRange): Annotation =>
  info(`metric might not be a counter, name does not end in _total/_sum/_count/_bucket: ${quoted(name)}`, at);

export const incompatibleTypes = (left: string, operator: string, right: string, at: SourceRange): Annotation =>
  info(
    `incompatible sample types encountered for binary operator ${quoted(operator)}: ${left} ${operator} ${right}`,
    at,
  );

export const ignoredInAggregation = (aggregation: string, at: SourceRange): Annotation =>
  info(`ignored histogram in ${aggregation} aggregation`, at);

export const ignoredInRange = (name: string, at: SourceRange): Annotation =>
  info(`ignored histograms in a range containing both floats and histograms for metric name ${quoted(name)}`, at);

export const quantileIsNaN = (name: string, at: SourceRange): Annotation =>
  info(`input to histogram_quantile has NaN observations, result is NaN${forMetric(name)}`, at);

export const quantileIsSkewed = (name: string, at: SourceRange): Annotation =>
  info(`input to histogram_quantile has NaN observations, result is skewed higher${forMetric(name)}`, at);

export const fractionExcludesNaN = (name: string, at: SourceRange): Annotation =>
  info(`input to histogram_fraction has NaN observations, which are excluded from all fractions${forMetric(name)}`, at);

export const reconciledBuckets = (operation: HistogramOperation, at: SourceRange): Annotation =>
  info(`mismatched custom buckets were reconciled during ${operation}`, at);

export const startTimeOverlap = (name: string, at: SourceRange): Annotation => ({
  ...warning(`sample has start time that overlaps with previous sample timestamp for metric ${quoted(name)}`, at),
  detail: { kind: 'overlap_count', count: 1 },
});

export const forcedMonotonicity = (name: string, forced: ForcedMonotonicity, at: SourceRange): Annotation => ({
  ...info(
    `input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)${forMetric(name)}`,
    at,
  ),
  detail: forced,
});
