/** How endpoints of Prometheus' API answer: its envelope, its status codes, its types of errors. Source: Prometheus, web/api/v1/api.go. */
import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import { type BarographError, BarographError as Failure, messageOf } from '../../base/errors.js';
import type { PrometheusErrorType } from '../contract/prometheus.js';
import { toBarographError } from '../request-failure.js';

export interface Notes {
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
}

/** The envelope of `data`. */
export const success = (data: unknown, { warnings = [], infos = [] }: Notes = {}) => ({
  status: 'success',
  data,
  ...(warnings.length > 0 ? { warnings } : {}),
  ...(infos.length > 0 ? { infos } : {}),
});

/** The warning of an answer that `limit` cut. */
export const truncated = 'results truncated due to limit';

/** A parameter that cannot be taken, in Prometheus' words. */
export const invalidParameter = (name: string, cause: unknown): BarographError =>
  new Failure('bad_request', `invalid parameter ${JSON.stringify(name)}: ${messageOf(cause)}`, { cause });

export interface PrometheusFailure {
  readonly status: number;
  readonly errorType: PrometheusErrorType;
}

/** Prometheus' status and type for an error. */
export function prometheusFailureOf({ code, kind }: BarographError): PrometheusFailure {
  switch (code) {
    case 'query_failed':
    case 'query_memory':
    case 'query_too_large':
      return { status: 422, errorType: 'execution' };
    case 'query_timeout':
      return { status: 503, errorType: 'timeout' };
    case 'query_cancelled':
      return { status: 499, errorType: 'canceled' };
    case 'not_found':
      return { status: 404, errorType: 'not_found' };
  }
  if (kind.retryable) return { status: kind.status, errorType: 'unavailable' };
  return { status: kind.status, errorType: kind.status >= 500 ? 'internal' : 'bad_data' };
}

/** What a scope's error handler was given, as Prometheus tells it. What is the server's own fault goes to its log. */
export function failureOf(thrown: unknown, reply: FastifyReply): PrometheusFailure & { readonly message: string } {
  const error = toBarographError(thrown as FastifyError);
  const failure = prometheusFailureOf(error);
  if (error.retryAfterSeconds !== undefined) reply.header('retry-after', String(error.retryAfterSeconds));
  if (failure.errorType === 'internal') reply.log.error({ err: error.cause ?? error }, error.message);
  return { ...failure, message: error.message };
}

/** Makes all failures of a scope's endpoints Prometheus'. */
export function answerAsPrometheus(scope: FastifyInstance): void {
  scope.setErrorHandler((thrown, _request, reply) => {
    const { status, errorType, message } = failureOf(thrown, reply);
    return reply
      .code(status)
      .type('application/json; charset=utf-8')
      .send({ status: 'error', errorType, error: message });
  });
}
