/** Endpoints of Prometheus that are outside of its API tell failures as plain text. */
import type { FastifyInstance } from 'fastify';
import { failureOf } from './prometheus-answer.js';

export function failInPlainText(scope: FastifyInstance): void {
  scope.setErrorHandler((thrown, _request, reply) => {
    const { status, message } = failureOf(thrown, reply);
    reply.removeHeader('content-type').removeHeader('content-encoding');
    return reply.code(status).serializer(String).type('text/plain; charset=utf-8').send(`${message}\n`);
  });
}

/** The failures, for OpenAPI. */
export const plainFailures = {
  '4xx': { description: 'The request cannot be served as it is; in words.', type: 'string' },
  '5xx': { description: 'The server cannot serve the request now; in words.', type: 'string' },
};
