/**
 * POST /api/v1/write: Prometheus remote write 1.0 and 2.0. A sender tries again what is answered with 5xx or 429 and drops what is
 * answered with 4xx, so a request of which a part cannot be taken is answered 400 after the rest is on disk.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { MetricIntakeResult } from '../../ingest/metrics/metric-intake.js';
import { announcedVersion, decompressSnappy, writtenHeaders } from '../../protocols/remote-write/body.js';
import { createRemoteWrite1Decoder } from '../../protocols/remote-write/version-1.js';
import { createRemoteWrite2Decoder } from '../../protocols/remote-write/version-2.js';
import { failures } from '../contract/errors.js';
import { encodedBody, type MetricServices, sourceOf } from './metric-services.js';

export function registerRemoteWrite(app: FastifyInstance, { intake, kernel, refusal, limits }: MetricServices): void {
  const decoders = { 1: createRemoteWrite1Decoder(kernel), 2: createRemoteWrite2Decoder() };
  app.post(
    '/api/v1/write',
    {
      schema: {
        tags: ['Metrics'],
        summary: 'Prometheus remote write',
        description:
          'Versions 1.0 and 2.0, protobuf in snappy’s block format. The answer comes once every sample that is taken is on disk. Native histograms are stored as they come; those that are not sound are left out.',
        consumes: ['application/x-protobuf'],
        response: {
          204: { description: 'Every sample is on disk.', type: 'null' },
          400: { description: 'What cannot be taken was left out, and the rest is on disk; in words.', type: 'string' },
          ...failures,
        },
      },
    },
    async (request, reply) => {
      const refused = refusal();
      if (refused !== undefined) throw refused;
      const version = announcedVersion({
        contentType: request.headers['content-type'],
        contentEncoding: request.headers['content-encoding'],
      });
      const body = await encodedBody(request, limits);
      // From here to the log nothing waits: the batch is memory that the next request uses again.
      const message = decompressSnappy(kernel, body, limits.decodedBytesMax);
      const result = await intake.take(decoders[version].decode(message), sourceOf(request, `remote_write_${version}`));
      const { accepted: samples, histograms, exemplars } = result;
      if (version === 2) reply.headers(writtenHeaders({ samples, histograms, exemplars }));
      return result.rejected === 0 ? reply.code(204).send() : sendPartial(reply, result);
    },
  );
}

/** As Prometheus says it: plain text. */
function sendPartial(
  reply: FastifyReply,
  { accepted, histograms, rejected, errors }: MetricIntakeResult,
): FastifyReply {
  const told = errors.slice(0, linesMax).map(({ line, code, message }) => `series ${line}: ${message} (${code})`);
  const text = [`${rejected} samples were not taken, ${accepted + histograms} were`, ...told].join('\n');
  reply.removeHeader('content-type');
  return reply.code(400).serializer(String).type('text/plain; charset=utf-8').send(`${text}\n`);
}

/** Senders log the answer: so many reasons are enough there. */
const linesMax = 10;
