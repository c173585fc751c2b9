/**
 * POST /v1/metrics: OTLP over HTTP, protobuf and JSON. Whatever is answered is in the format of the request, errors too, as the
 * protocol wants it. Deltas are added up here, so a server's restart is a reset of their totals.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { BarographError, isBarographError } from '../../base/errors.js';
import type { MetricIntakeResult } from '../../ingest/metrics/metric-intake.js';
import { decodeOtlpMetrics } from '../../protocols/otlp/decode-metrics.js';
import { createDeltaAccumulator } from '../../protocols/otlp/delta-accumulator.js';
import {
  exportMetricsResponse,
  type OtlpFormat,
  otlpContentTypes,
  statusBody,
} from '../../protocols/otlp/export-response.js';
import { mediaTypeOf } from '../content-types.js';
import { failures } from '../contract/errors.js';
import { type MetricServices, plainBody, sourceOf } from './metric-services.js';

export function registerOtlpMetrics(app: FastifyInstance, { intake, refusal, limits }: MetricServices): void {
  const deltas = createDeltaAccumulator();
  app.post(
    '/v1/metrics',
    {
      schema: {
        tags: ['Metrics'],
        summary: 'OpenTelemetry metrics',
        description:
          'OTLP over HTTP: ExportMetricsServiceRequest as protobuf or JSON, gzip and zstd allowed. Names, units and attributes become Prometheus’ as the compatibility specification says; delta streams become cumulative, exponential histograms native ones.',
        consumes: ['application/x-protobuf', 'application/json'],
        response: { 200: { description: 'ExportMetricsServiceResponse, with what was left out.' }, ...failures },
      },
    },
    async (request, reply) => {
      const format = formatOf(request.headers['content-type']);
      try {
        const refused = refusal();
        if (refused !== undefined) throw refused;
        const decoded = decodeOtlpMetrics(await plainBody(request, limits), format, { deltas });
        const result = await intake.take(decoded, sourceOf(request, 'otlp'));
        return send(reply, format, 200, exportMetricsResponse(format, partialSuccess(result)));
      } catch (error) {
        if (!isBarographError(error)) throw error;
        if (error.retryAfterSeconds !== undefined) reply.header('retry-after', String(error.retryAfterSeconds));
        return send(reply, format, retryableStatus(error), statusBody(format, grpcCode(error), error.message));
      }
    },
  );
}

function formatOf(contentType: string | undefined): OtlpFormat {
  const type = mediaTypeOf(contentType);
  for (const [format, known] of Object.entries(otlpContentTypes) as [OtlpFormat, string][])
    if (type === known) return format;
  throw new BarographError(
    'unsupported_content_type',
    `content-type is ${contentType ?? 'absent'}; wanted ${Object.values(otlpContentTypes).join(' or ')}`,
  );
}

const send = (reply: FastifyReply, format: OtlpFormat, status: number, body: Buffer): FastifyReply =>
  reply.code(status).header('content-type', otlpContentTypes[format]).send(body);

const partialSuccess = ({ rejected, errors }: MetricIntakeResult) => ({
  rejectedDataPoints: rejected,
  errorMessage: errors
    .slice(0, messagesMax)
    .map(({ line, message }) => `data point ${line}: ${message}`)
    .join('; '),
});

const messagesMax = 5;

/** Clients try again only what is answered 429, 502, 503 or 504. Source: OTLP specification, "Retryable Response Codes". */
const retryableStatus = ({ kind: { status, retryable } }: BarographError): number =>
  retryable && status !== 429 ? 503 : status;

/** Codes of google.rpc.Code. */
function grpcCode({ kind: { status, retryable } }: BarographError): number {
  if (status === 429 || status === 413) return 8; // RESOURCE_EXHAUSTED
  if (retryable) return 14; // UNAVAILABLE
  return status < 500 ? 3 : 13; // INVALID_ARGUMENT, INTERNAL
}
