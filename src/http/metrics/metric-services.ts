/** What routes that take metrics need. */
import type { FastifyRequest } from 'fastify';
import { type BarographError, BarographError as Failure } from '../../base/errors.js';
import type { MetricIntake } from '../../ingest/metrics/metric-intake.js';
import type { MetricSource } from '../../ingest/metrics/metric-source.js';
import type { PushGroups } from '../../ingest/push/push-groups.js';
import type { Kernel } from '../../kernel/kernel.js';
import { decodedBody, parseContentEncoding } from '../../protocols/content-encoding.js';
import { bodyPieces } from '../unread-body.js';
import { wholeBody } from '../whole-body.js';

export interface MetricServices {
  readonly intake: MetricIntake;
  readonly kernel: Kernel;
  readonly pushGroups: PushGroups;
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
  return notEmpty(await wholeBody(request.raw, encodedBytesMax));
}

/** The body of a request, decompressed as its Content-Encoding says, in one piece. Fails as `decodedBody` does, or with `empty_body`. */
export async function plainBody(request: FastifyRequest, limits: BodyLimits): Promise<Buffer> {
  return notEmpty(await plainBodyOrNone(request, limits));
}

/** The same for requests whose body may be empty. */
export async function plainBodyOrNone(request: FastifyRequest, limits: BodyLimits): Promise<Buffer> {
  const encoding = parseContentEncoding(request.headers['content-encoding']);
  if (encoding === 'identity') return wholeBody(request.raw, Math.min(limits.encodedBytesMax, limits.decodedBytesMax));
  const announced = request.headers['content-length'];
  const contentLength = announced === undefined ? {} : { contentLength: Number(announced) };
  const pieces: Uint8Array[] = [];
  const decoded = decodedBody(bodyPieces(request.raw), { encoding, ...limits, ...contentLength });
  for await (const piece of decoded) pieces.push(piece);
  return Buffer.concat(pieces);
}

function notEmpty(body: Buffer): Buffer {
  if (body.length === 0) throw new Failure('empty_body', 'the body is empty');
  return body;
}
