/** /healthz, /readyz and /metrics; and /-/healthy, /-/ready and /-/reload, as tools of Prometheus ask. */
import type { FastifyInstance } from 'fastify';
import { messageOf } from '../base/errors.js';
import { failures } from './contract/errors.js';
import { healthAnswer, type ReadinessAnswer, readinessAnswer } from './contract/operations.js';

export interface OperationsServices {
  readonly readiness: () => Promise<ReadinessAnswer>;
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
  /** Reads the configuration again and tells which changed keys wait for the next start. Throws where it is broken. */
  readonly reload: () => { readonly keysLeft: readonly string[] };
}

export function registerOperations(app: FastifyInstance, services: OperationsServices): void {
  const { readiness, metrics } = services;
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
  registerPlainHealth(app, readiness);
  registerReload(app, services);
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

function registerPlainHealth(app: FastifyInstance, readiness: OperationsServices['readiness']): void {
  const tags = ['Operations'];
  const words = (description: string) => ({ description, type: 'string' });
  app.get(
    '/-/healthy',
    { schema: { tags, summary: 'As /healthz, in words', response: { 200: words('It answers.') } } },
    async (_request, reply) => reply.type('text/plain; charset=utf-8').send('Barograph is Healthy.\n'),
  );
  app.get(
    '/-/ready',
    {
      schema: {
        tags,
        summary: 'As /readyz, in words',
        response: { 200: words('Ready.'), 503: words('Not ready, and why.'), ...failures },
      },
    },
    async (_request, reply) => {
      const { ready, problems } = await readiness();
      const text = ready ? 'Barograph is Ready.\n' : `Service Unavailable: ${problems.join('; ')}\n`;
      return reply
        .code(ready ? 200 : 503)
        .type('text/plain; charset=utf-8')
        .send(text);
    },
  );
}

const plainText = 'text/plain; charset=utf-8';

function registerReload(app: FastifyInstance, { reload }: OperationsServices): void {
  // Whatever a body says is passed over.
  app.addContentTypeParser('*', (_request, payload, done) => {
    payload.resume();
    done(null);
  });
  app.route({
    method: ['POST', 'PUT'],
    url: '/-/reload',
    schema: {
      tags: ['Operations'],
      summary: 'Reads the configuration again; what is scraped follows it at once',
      description: 'As SIGHUP does. Other keys that changed count from the next start on; the answer names them.',
      response: {
        200: { description: 'It was read; in words what waits for the next start.', type: 'string' },
        500: { description: 'It is broken and everything stays as it was; in words why.', type: 'string' },
      },
    },
    handler: async (_request, reply) => {
      reply.type(plainText);
      try {
        const { keysLeft } = reload();
        return reply.send(keysLeft.length === 0 ? '' : `count from the next start on: ${keysLeft.join(', ')}\n`);
      } catch (error) {
        return reply.code(500).send(`failed to reload config: ${messageOf(error)}\n`);
      }
    },
  });
}
