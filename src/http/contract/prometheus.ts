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

/** Answers of an endpoint of Prometheus' API, for OpenAPI. */
export const prometheusAnswers = (data: string) => ({
  200: { description: data, $ref: 'PrometheusSuccess#' },
  '4xx': { description: 'The request cannot be served as it is.', $ref: 'PrometheusError#' },
  '5xx': { description: 'The server cannot serve the request now.', $ref: 'PrometheusError#' },
});
