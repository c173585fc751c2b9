/** POST /api/ml/predictions and /api/ml/ground-truth. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BarographError } from '../base/errors.js';
import type { EventKind } from '../ingest/counters.js';
import type { EventIntake, Intake } from '../ingest/events/event-intake.js';
import { parseContentEncoding } from '../protocols/content-encoding.js';
import { jsonTypes, mediaTypeOf, otherCharset } from './content-types.js';
import { failures } from './contract/errors.js';
import { intakeAnswer } from './contract/events.js';
import { bodyPieces } from './unread-body.js';

export interface IngestServices {
  readonly intake: EventIntake;
  /** Why writes are refused for now, if they are. */
  readonly refusal: () => BarographError | undefined;
}

export function registerIngest(app: FastifyInstance, services: IngestServices): void {
  // Bodies are read as streams by the decoder, whatever their type; the type is checked in `take`.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  const routes = [
    { kind: 'prediction', url: '/api/ml/predictions', row: 'PredictionRow', what: 'predictions' },
    { kind: 'ground_truth', url: '/api/ml/ground-truth', row: 'GroundTruthRow', what: 'ground truth' },
  ] as const;
  for (const { kind, url, row, what } of routes)
    app.post(
      url,
      {
        schema: {
          tags: ['ML'],
          summary: `Take ${what}`,
          description: `NDJSON, or one JSON array, of rows; gzip or zstd allowed. Rows that are wrong are reported by line, and the others are stored. The answer comes once they are on disk. Sending the same rows again changes nothing.`,
          body: { type: 'array', items: { $ref: `${row}#` } },
          consumes: ['application/x-ndjson', 'application/json'],
          response: { 200: intakeAnswer, 400: nothingTaken, ...failures },
        },
        ...unvalidated,
      },
      async (request, reply) => {
        const result = await take(kind, request, services);
        return reply.code(result.accepted > 0 ? 200 : 400).send(result);
      },
    );
}

const nothingTaken = {
  description: 'No row was accepted, or the body as a whole was not.',
  anyOf: [{ $ref: 'Intake#' }, { $ref: 'Error#' }],
};

/** A body's schema is for OpenAPI; the decoder checks it row by row. */
const unvalidated = { validatorCompiler: () => () => true };

function take(kind: EventKind, request: FastifyRequest, { intake, refusal }: IngestServices): Promise<Intake> {
  const refused = refusal();
  if (refused !== undefined) throw refused;
  const type = mediaTypeOf(request.headers['content-type']);
  if (type === undefined || !jsonTypes.includes(type))
    throw new BarographError(
      'unsupported_content_type',
      `content-type is ${type ?? 'absent'}; wanted application/x-ndjson or application/json`,
    );
  const charset = otherCharset(request.headers['content-type']);
  if (charset !== undefined)
    throw new BarographError('unsupported_content_type', `the charset is ${charset}; wanted utf-8`);
  const length = request.headers['content-length'];
  return intake.take(kind, {
    source: bodyPieces(request.raw),
    encoding: parseContentEncoding(request.headers['content-encoding']),
    ...(length === undefined ? {} : { contentLength: Number(length) }),
  });
}
