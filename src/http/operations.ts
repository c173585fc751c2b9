/** /healthz, /readyz and /metrics. */
import type { FastifyInstance } from 'fastify';
import { failures } from './contract/errors.js';
import { healthAnswer, type ReadinessAnswer, readinessAnswer } from './contract/operations.js';

export interface OperationsServices {
  readonly readiness: () => Promise<ReadinessAnswer>;
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
}

export function registerOperations(app: FastifyInstance, { readiness, metrics }: OperationsServices): void {
  const tags = ['Operations'];
  app.get(
    '/healthz',
    { schema: { tags, summary: 'Whether the process answers at all', response: { 200: healthAnswer } } },
    () => ({ status: 'ok' as const }),
  );
  app.get(
    '/readyz',
    {
      schema: {
        tags,
        summary: 'Whether it can do its work, and if not, why',
        response: {
          200: readinessAnswer,
          503: { description: 'Not ready; problems says why.', $ref: 'Readiness#' },
          ...failures,
        },
      },
    },
    async (_request, reply) => {
      const answer = await readiness();
      return reply.code(answer.ready ? 200 : 503).send(answer);
    },
  );
  app.get(
    '/metrics',
    {
      schema: {
        tags,
        summary: 'Metrics of this server in Prometheus’ text format',
        response: { 200: { description: 'Prometheus text exposition format 0.0.4.', type: 'string' } },
      },
    },
    async (_request, reply) => {
      const { contentType, text } = await metrics();
      return reply.type(contentType).send(text);
    },
  );
}
