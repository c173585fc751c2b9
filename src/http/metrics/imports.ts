/**
 * POST /api/v1/import/prometheus and /api/v1/import: samples in Prometheus' text formats and as JSON lines. Lines that are wrong are
 * reported by their number, and their neighbours stored.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { BarographError } from '../../base/errors.js';
import type { MetricIntakeResult } from '../../ingest/metrics/metric-intake.js';
import { sortedLabels } from '../../model/labels.js';
import { decodedBody, parseContentEncoding } from '../../protocols/content-encoding.js';
import { expositionFormat } from '../../protocols/exposition/content-type.js';
import { decodeExposition } from '../../protocols/exposition/decode-exposition.js';
import { createJsonLinesDecoder } from '../../protocols/json-lines/json-lines-decoder.js';
import { jsonTypes, mediaTypeOf } from '../content-types.js';
import { failures } from '../contract/errors.js';
import { intakeAnswer } from '../contract/events.js';
import { bodyPieces } from '../unread-body.js';
import { type MetricServices, plainBody, sourceOf } from './metric-services.js';

const answers = {
  204: { description: 'Every sample is on disk.', type: 'null' },
  200: intakeAnswer,
  400: {
    description: 'No sample was accepted, or the body as a whole was not.',
    anyOf: [{ $ref: 'Intake#' }, { $ref: 'Error#' }],
  },
  ...failures,
};

export function registerImports(app: FastifyInstance, services: MetricServices): void {
  registerText(app, services);
  registerJsonLines(app, services);
}

function registerText(app: FastifyInstance, { intake, refusal, limits }: MetricServices): void {
  app.post(
    '/api/v1/import/prometheus',
    {
      schema: {
        tags: ['Metrics'],
        summary: 'Take samples in Prometheus’ text formats',
        description:
          'The text format and OpenMetrics, told apart by the content type; gzip or zstd allowed. Samples without a time are of now. `extra_label=name=value`, which may be repeated, adds a label to every series.',
        consumes: ['text/plain', 'application/openmetrics-text'],
        response: answers,
      },
    },
    async (request, reply) => {
      const refused = refusal();
      if (refused !== undefined) throw refused;
      const extra = extraLabels((request.query as { extra_label?: string | string[] }).extra_label);
      const decoded = decodeExposition(await plainBody(request, limits), {
        format: expositionFormat(request.headers['content-type'], 'text'),
        nowMs: Date.now(),
        mode: 'lenient',
        ...(extra.length === 0 ? {} : { labelling: { extraLabels: extra, onConflict: 'override' } }),
      });
      return sendIntake(reply, await intake.take(decoded, { ...sourceOf(request, 'prometheus_text'), isImport: true }));
    },
  );
}

function extraLabels(parameter: string | string[] | undefined) {
  return sortedLabels(
    [parameter ?? []].flat().map((text) => {
      const equals = text.indexOf('=');
      if (equals < 1)
        throw new BarographError('bad_request', `extra_label is ${JSON.stringify(text)}; wanted name=value`);
      return [text.slice(0, equals), text.slice(equals + 1)] as const;
    }),
  );
}

const lineTypes = [
  ...jsonTypes,
  // What curl sends where it is told nothing, as VictoriaMetrics' documentation shows.
  'application/x-www-form-urlencoded',
  'application/octet-stream',
];

/** A body is taken in pieces of about so many samples, so that one of any length needs no more memory than them. */
const samplesPerPiece = 200_000;

function registerJsonLines(app: FastifyInstance, { intake, refusal, limits }: MetricServices): void {
  app.post(
    '/api/v1/import',
    {
      schema: {
        tags: ['Metrics'],
        summary: 'Take samples as JSON lines',
        description:
          'One series a line, in the form that VictoriaMetrics imports and exports; gzip or zstd allowed. Any time is taken. A sample for a time that is there already takes its place. In place of `values` a line may have `histograms`, native ones as export writes them. Counts are of samples and histograms.',
        body: { type: 'array', items: { $ref: 'MetricLine#' } },
        consumes: ['application/x-ndjson', 'application/json'],
        response: answers,
      },
      validatorCompiler: () => () => true,
    },
    async (request, reply) => {
      const refused = refusal();
      if (refused !== undefined) throw refused;
      checkJson(request.headers['content-type']);
      const decoder = createJsonLinesDecoder();
      const source = { ...sourceOf(request, 'json_lines'), isImport: true };
      const results: MetricIntakeResult[] = [];
      const takePiece = async (): Promise<void> => void results.push(await intake.take(decoder.take(), source));
      const encoding = parseContentEncoding(request.headers['content-encoding']);
      for await (const piece of decodedBody(bodyPieces(request.raw), { encoding, ...limits })) {
        decoder.push(piece);
        if (decoder.sampleCount >= samplesPerPiece) await takePiece();
      }
      decoder.end();
      await takePiece();
      if (decoder.lineCount === 0) throw new BarographError('empty_body', 'the body holds no line');
      return sendIntake(reply, joined(results));
    },
  );
}

function checkJson(contentType: string | undefined): void {
  const type = mediaTypeOf(contentType);
  if (type === undefined || lineTypes.includes(type)) return;
  throw new BarographError(
    'unsupported_content_type',
    `content-type is ${contentType}; wanted application/x-ndjson or application/json`,
  );
}

const joined = (results: readonly MetricIntakeResult[]): MetricIntakeResult => ({
  accepted: results.reduce((sum, { accepted }) => sum + accepted, 0),
  histograms: results.reduce((sum, { histograms }) => sum + histograms, 0),
  exemplars: 0,
  rejected: results.reduce((sum, { rejected }) => sum + rejected, 0),
  rejectedByCode: new Map(),
  errors: results.flatMap(({ errors }) => errors).slice(0, 1_000),
});

export function sendIntake(reply: FastifyReply, result: MetricIntakeResult): FastifyReply {
  const { rejected, errors } = result;
  const accepted = result.accepted + result.histograms;
  if (rejected === 0) return reply.code(204).send();
  return reply.code(accepted > 0 ? 200 : 400).send({ accepted, rejected, errors });
}
