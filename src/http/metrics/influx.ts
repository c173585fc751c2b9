/**
 * POST /write, /api/v2/write and /api/v3/write_lp: the Influx line protocol, with the parameters and answers of each version. A part that
 * cannot be taken is told after the rest is on disk, in the form that each version's clients know.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type BarographError, isBarographError } from '../../base/errors.js';
import { decodeLineProtocol } from '../../protocols/influx/decode-line-protocol.js';
import { type Precision, parsePrecision } from '../../protocols/influx/precision.js';
import { failures } from '../contract/errors.js';
import { type MetricServices, plainBody, sourceOf } from './metric-services.js';

interface InfluxQuery {
  readonly db?: string;
  readonly bucket?: string;
  readonly precision?: string;
}

interface InfluxVersion {
  readonly path: string;
  readonly summary: string;
  readonly precision: Precision;
  readonly databaseOf: (query: InfluxQuery) => string | undefined;
  /** The body of an answer about lines, or about the request. */
  readonly failureBody: (message: string, isPartial: boolean) => object;
}

const versions: readonly InfluxVersion[] = [
  {
    path: '/write',
    summary: 'Influx line protocol, version 1',
    precision: 'ns',
    databaseOf: ({ db }) => db,
    failureBody: (message, isPartial) => ({ error: isPartial ? `partial write: ${message}` : message }),
  },
  {
    path: '/api/v2/write',
    summary: 'Influx line protocol, version 2',
    precision: 'ns',
    databaseOf: ({ bucket }) => bucket,
    failureBody: (message) => ({ code: 'invalid', message }),
  },
  {
    path: '/api/v3/write_lp',
    summary: 'Influx line protocol, version 3',
    precision: 'auto',
    databaseOf: ({ db }) => db,
    failureBody: (message, isPartial) => ({
      error: isPartial ? `partial write of line protocol occurred: ${message}` : message,
      data: null,
    }),
  },
];

export function registerInflux(app: FastifyInstance, services: MetricServices): void {
  for (const version of versions) registerVersion(app, services, version);
  // Clients of versions 1 and 2 ask whether the server is there.
  app.get('/ping', { schema: { hide: true } }, (_request, reply) => reply.code(204).send());
}

function registerVersion(
  app: FastifyInstance,
  { intake, refusal, limits }: MetricServices,
  { path, summary, precision: byDefault, databaseOf, failureBody }: InfluxVersion,
): void {
  app.post(
    path,
    {
      schema: {
        tags: ['Metrics'],
        summary,
        description:
          'Numeric fields become `<measurement>_<field>`, tags become labels, and the database or bucket the label `db`. Text fields are left out. The answer comes once every sample that is taken is on disk.',
        consumes: ['text/plain'],
        response: {
          204: { description: 'Every line is on disk.', type: 'null' },
          400: { description: 'Lines that are wrong were left out, and the rest is on disk.' },
          ...failures,
        },
      },
    },
    async (request: FastifyRequest, reply: FastifyReply) => {
      const fail = (status: number, message: string, isPartial: boolean): FastifyReply =>
        reply.code(status).type('application/json; charset=utf-8').send(failureBody(message, isPartial));
      try {
        const refused = refusal();
        if (refused !== undefined) throw refused;
        const query = request.query as InfluxQuery;
        const precision = parsePrecision(query.precision, byDefault);
        const body = await plainBody(request, limits);
        const database = databaseOf(query);
        const decoded = decodeLineProtocol(body, {
          nowMs: Date.now(),
          precision,
          ...(database === undefined || database === '' ? {} : { database }),
        });
        const { rejected, errors } = await intake.take(decoded, sourceOf(request, 'influx'));
        if (rejected === 0) return reply.code(204).send();
        const told = errors.slice(0, messagesMax).map(({ line, message }) => `line ${line}: ${message}`);
        return fail(400, told.join('; '), true);
      } catch (error) {
        if (!isBarographError(error)) throw error;
        if (error.retryAfterSeconds !== undefined) reply.header('retry-after', String(error.retryAfterSeconds));
        return fail(error.kind.status, withHint(error), false);
      }
    },
  );
}

const withHint = ({ message, hint }: BarographError): string => (hint === undefined ? message : `${message}. ${hint}`);

const messagesMax = 10;
