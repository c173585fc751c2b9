/**
 * Every function of PromQL with the types of its arguments and of its result. Source: Prometheus 3.14,
 * promql/parser/functions.go. Aggregations are no functions; see ast.ts.
 */
import type { ValueType } from './value-type.js';

export interface FunctionSignature {
  readonly name: string;
  /** The last one is also that of every further argument, where `variadic` is not 0. */
  readonly argTypes: readonly ValueType[];
  /**
   * 0: exactly `argTypes.length` arguments. n: the last argument may be left out, and up to n arguments stand from its
   * place on; Infinity sets no most.
   */
  readonly variadic: number;
  readonly returnType: ValueType;
  /** Behind a feature flag in Prometheus. */
  readonly isExperimental: boolean;
}

const signature = (
  name: string,
  argTypes: readonly ValueType[],
  returnType: ValueType,
  { variadic = 0, isExperimental = false }: { readonly variadic?: number; readonly isExperimental?: boolean } = {},
): FunctionSignature =>
  Object.freeze({ name, argTypes: Object.freeze(argTypes), variadic, returnType, isExperimental });

const signatures: readonly FunctionSignature[] = [
  signature('abs', ['vector'], 'vector'),
  signature('absent', ['vector'], 'vector'),
  signature('absent_over_time', ['matrix'], 'vector'),
  signature('acos', ['vector'], 'vector'),
  signature('acosh', ['vector'], 'vector'),
  signature('asin', ['vector'], 'vector'),
  signature('asinh', ['vector'], 'vector'),
  signature('atan', ['vector'], 'vector'),
  signature('atanh', ['vector'], 'vector'),
  signature('avg_over_time', ['matrix'], 'vector'),
  signature('ceil', ['vector'], 'vector'),
  signature('changes', ['matrix'], 'vector'),
  signature('clamp', ['vector', 'scalar', 'scalar'], 'vector'),
  signature('clamp_max', ['vector', 'scalar'], 'vector'),
  signature('clamp_min', ['vector', 'scalar'], 'vector'),
  signature('cos', ['vector'], 'vector'),
  signature('cosh', ['vector'], 'vector'),
  signature('count_over_time', ['matrix'], 'vector'),
  signature('day_of_month', ['vector'], 'vector', { variadic: 1 }),
  signature('day_of_week', ['vector'], 'vector', { variadic: 1 }),
  signature('day_of_year', ['vector'], 'vector', { variadic: 1 }),
  signature('days_in_month', ['vector'], 'vector', { variadic: 1 }),
  signature('deg', ['vector'], 'vector'),
  signature('delta', ['matrix'], 'vector'),
  signature('deriv', ['matrix'], 'vector'),
  signature('double_exponential_smoothing', ['matrix', 'scalar', 'scalar'], 'vector', { isExperimental: true }),
  signature('end', [], 'scalar', { isExperimental: true }),
  signature('exp', ['vector'], 'vector'),
  signature('first_over_time', ['matrix'], 'vector'),
  signature('floor', ['vector'], 'vector'),
  signature('histogram_avg', ['vector'], 'vector'),
  signature('histogram_count', ['vector'], 'vector'),
  signature('histogram_fraction', ['scalar', 'scalar', 'vector'], 'vector'),
  signature('histogram_quantile', ['scalar', 'vector'], 'vector'),
  signature('histogram_quantiles', ['vector', 'string', 'scalar', 'scalar'], 'vector', {
    variadic: 9,
    isExperimental: true,
  }),
  signature('histogram_stddev', ['vector'], 'vector'),
  signature('histogram_stdvar', ['vector'], 'vector'),
  signature('histogram_sum', ['vector'], 'vector'),
  signature('hour', ['vector'], 'vector', { variadic: 1 }),
  signature('idelta', ['matrix'], 'vector'),
  signature('increase', ['matrix'], 'vector'),
  signature('info', ['vector', 'vector'], 'vector', { variadic: 1, isExperimental: true }),
  signature('irate', ['matrix'], 'vector'),
  signature('label_join', ['vector', 'string', 'string', 'string'], 'vector', { variadic: Number.POSITIVE_INFINITY }),
  signature('label_replace', ['vector', 'string', 'string', 'string', 'string'], 'vector'),
  signature('last_over_time', ['matrix'], 'vector'),
  signature('ln', ['vector'], 'vector'),
  signature('log10', ['vector'], 'vector'),
  signature('log2', ['vector'], 'vector'),
  signature('mad_over_time', ['matrix'], 'vector', { isExperimental: true }),
  signature('max_of', ['scalar', 'scalar'], 'scalar', { isExperimental: true }),
  signature('max_over_time', ['matrix'], 'vector'),
  signature('min_of', ['scalar', 'scalar'], 'scalar', { isExperimental: true }),
  signature('min_over_time', ['matrix'], 'vector'),
  signature('minute', ['vector'], 'vector', { variadic: 1 }),
  signature('month', ['vector'], 'vector', { variadic: 1 }),
  signature('pi', [], 'scalar'),
  signature('predict_linear', ['matrix', 'scalar'], 'vector'),
  signature('present_over_time', ['matrix'], 'vector'),
  signature('quantile_over_time', ['scalar', 'matrix'], 'vector'),
  signature('rad', ['vector'], 'vector'),
  signature('range', [], 'scalar', { isExperimental: true }),
  signature('rate', ['matrix'], 'vector'),
  signature('resets', ['matrix'], 'vector'),
  signature('round', ['vector', 'scalar'], 'vector', { variadic: 1 }),
  signature('scalar', ['vector'], 'scalar'),
  signature('sgn', ['vector'], 'vector'),
  signature('sin', ['vector'], 'vector'),
  signature('sinh', ['vector'], 'vector'),
  signature('sort', ['vector'], 'vector'),
  signature('sort_by_label', ['vector', 'string'], 'vector', {
    variadic: Number.POSITIVE_INFINITY,
    isExperimental: true,
  }),
  signature('sort_by_label_desc', ['vector', 'string'], 'vector', {
    variadic: Number.POSITIVE_INFINITY,
    isExperimental: true,
  }),
  signature('sort_desc', ['vector'], 'vector'),
  signature('sqrt', ['vector'], 'vector'),
  signature('start', [], 'scalar', { isExperimental: true }),
  signature('start_timestamp', ['vector'], 'vector', { isExperimental: true }),
  signature('stddev_over_time', ['matrix'], 'vector'),
  signature('stdvar_over_time', ['matrix'], 'vector'),
  signature('step', [], 'scalar', { isExperimental: true }),
  signature('sum_over_time', ['matrix'], 'vector'),
  signature('tan', ['vector'], 'vector'),
  signature('tanh', ['vector'], 'vector'),
  signature('time', [], 'scalar'),
  signature('timestamp', ['vector'], 'vector'),
  signature('ts_of_first_over_time', ['matrix'], 'vector', { isExperimental: true }),
  signature('ts_of_last_over_time', ['matrix'], 'vector', { isExperimental: true }),
  signature('ts_of_max_over_time', ['matrix'], 'vector', { isExperimental: true }),
  signature('ts_of_min_over_time', ['matrix'], 'vector', { isExperimental: true }),
  signature('vector', ['scalar'], 'vector'),
  signature('year', ['vector'], 'vector', { variadic: 1 }),
];

/** By name. */
export const functionSignatures: ReadonlyMap<string, FunctionSignature> = new Map(
  signatures.map((each) => [each.name, each]),
);
