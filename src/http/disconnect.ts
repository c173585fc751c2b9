import type { FastifyReply, FastifyRequest } from 'fastify';
import { BarographError } from '../base/errors.js';

/** A signal that aborts when the client goes away before its answer is complete: the controller's. */
export function cancelOnDisconnect(
  _request: FastifyRequest,
  reply: FastifyReply,
  controller = new AbortController(),
): AbortSignal {
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort(new BarographError('query_cancelled', 'the client went away'));
  });
  return controller.signal;
}
