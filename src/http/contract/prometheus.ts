/** The envelope of Prometheus' API. Source: prometheus.io/docs/prometheus/latest/querying/api. */
import Type from 'typebox';

export const prometheusErrorTypes = [
  'bad_data',
  'execution',
  'timeout',
  'canceled',
  'not_found',
  'unavailable',
  'internal',
] as const;
export type PrometheusErrorType = (typeof prometheusErrorTypes)[number];

export const prometheusSuccess = Type.Object(
  {
    status: Type.Literal('success'),
    data: Type.Unknown(),
    warnings: Type.Optional(Type.Array(Type.String())),
    infos: Type.Optional(Type.Array(Type.String())),
  },
  { $id: 'PrometheusSuccess', description: 'What Prometheus answers where all went well.' },
);

export const prometheusError = Type.Object(
  {
    status: Type.Literal('error'),
    errorType: Type.Enum([...prometheusErrorTypes]),
    error: Type.String(),
  },
  { $id: 'PrometheusError', description: 'What Prometheus answers where a request failed.' },
);

export const prometheusQueryAnswer = Type.Object(
  {
    status: Type.Literal('success'),
    data: Type.Object({
      resultType: Type.Enum(['matrix', 'vector', 'scalar', 'string']),
      result: Type.Array(
        Type.Unknown({
          description:
            'Of a matrix, series with `metric`, `values` and `histograms`; of a vector with `metric` and `value` or `histogram`. A scalar or string is one point.',
          examples: [{ metric: { __name__: 'up', job: 'api' }, value: [1_767_225_600, '1'] }],
        }),
      ),
      stats: Type.Optional(
        Type.Unknown({ description: 'With `stats`: timings, samples, and what was read from where.' }),
      ),
    }),
    warnings: Type.Optional(Type.Array(Type.String())),
    infos: Type.Optional(Type.Array(Type.String())),
  },
  { $id: 'PrometheusQuery', description: 'The result of a PromQL query.' },
);

/** Failures of an endpoint of Prometheus' API, for OpenAPI. */
export const prometheusFailures = {
  '4xx': {
    description: 'The request cannot be served as it is: `bad_data`, or `execution` with 422.',
    $ref: 'PrometheusError#',
  },
  '5xx': {
    description: 'It cannot be served now: `timeout`, `unavailable` or `internal`.',
    $ref: 'PrometheusError#',
  },
};

/** Answers of an endpoint of Prometheus' API, for OpenAPI. */
export const prometheusAnswers = (data: string) => ({
  200: { description: data, $ref: 'PrometheusSuccess#' },
  ...prometheusFailures,
});
