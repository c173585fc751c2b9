/** What routes that take metrics need. */
import type { FastifyRequest } from 'fastify';
import { type BarographError, BarographError as Failure } from '../../base/errors.js';
import type { MetricIntake } from '../../ingest/metrics/metric-intake.js';
import type { MetricSource } from '../../ingest/metrics/metric-source.js';
import type { Kernel } from '../../kernel/kernel.js';
import { decodedBody, parseContentEncoding } from '../../protocols/content-encoding.js';

export interface MetricServices {
  readonly intake: MetricIntake;
  readonly kernel: Kernel;
  /** Why writes are refused for now, if they are. */
  readonly refusal: () => BarographError | undefined;
  readonly limits: BodyLimits;
}

export interface BodyLimits {
  /** Largest body as sent, bytes. */
  readonly encodedBytesMax: number;
  /** Largest body once decompressed, bytes. */
  readonly decodedBytesMax: number;
}

/** The sender of a request, for what is told of its clock. */
export const sourceOf = (request: FastifyRequest, protocol: string): MetricSource => ({
  name: request.ip,
  protocol,
});

/** The body of a request as it was sent, in one piece. Fails with `body_too_large`, `incomplete_body`, or `empty_body`. */
export async function encodedBody(request: FastifyRequest, { encodedBytesMax }: BodyLimits): Promise<Buffer> {
  return wholeBody(request, { encoding: 'identity', encodedBytesMax, decodedBytesMax: encodedBytesMax });
}

/** The body of a request, decompressed as its Content-Encoding says, in one piece. Fails as `decodedBody` does. */
export async function plainBody(request: FastifyRequest, limits: BodyLimits): Promise<Buffer> {
  return wholeBody(request, { encoding: parseContentEncoding(request.headers['content-encoding']), ...limits });
}

async function wholeBody(
  request: FastifyRequest,
  bounds: Omit<Parameters<typeof decodedBody>[1], 'contentLength'>,
): Promise<Buffer> {
  const announced = request.headers['content-length'];
  const pieces: Uint8Array[] = [];
  const contentLength = announced === undefined ? {} : { contentLength: Number(announced) };
  for await (const piece of decodedBody(request.raw, { ...bounds, ...contentLength })) pieces.push(piece);
  const body =
    pieces.length === 1
      ? Buffer.from(pieces[0]!.buffer, pieces[0]!.byteOffset, pieces[0]!.length)
      : Buffer.concat(pieces);
  if (body.length === 0) throw new Failure('empty_body', 'the body is empty');
  return body;
}
