/** Endpoints of Prometheus that are outside of its API tell failures as plain text. */
import type { FastifyError, FastifyInstance } from 'fastify';
import { toBarographError } from '../request-failure.js';
import { prometheusFailureOf } from './prometheus-answer.js';

export function failInPlainText(scope: FastifyInstance): void {
  scope.setErrorHandler((thrown, _request, reply) => {
    const error = toBarographError(thrown as FastifyError);
    const { status, errorType } = prometheusFailureOf(error);
    if (error.retryAfterSeconds !== undefined) reply.header('retry-after', String(error.retryAfterSeconds));
    if (errorType === 'internal') reply.log.error({ err: error.cause ?? error }, error.message);
    reply.removeHeader('content-type').removeHeader('content-encoding');
    return reply.code(status).serializer(String).type('text/plain; charset=utf-8').send(`${error.message}\n`);
  });
}

/** The failures, for OpenAPI. */
export const plainFailures = {
  '4xx': { description: 'The request cannot be served as it is; in words.', type: 'string' },
  '5xx': { description: 'The server cannot serve the request now; in words.', type: 'string' },
};
