/**
 * Refusals while a body is still on its way. A connection closed on a client that sends is a reset to it, and it may never read why: so
 * the answer goes out at once, and what still comes is read and thrown away before the answer ends, within bounds.
 */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';

/** What is read at most of a body that was refused. A guess: more than senders have in one body that is a little too large. */
const discardedBytesMax = 512 * 1024 * 1024;
/** For so long at most. A guess. */
const discardMsMax = 10_000;

/** The pieces of a body. Who leaves them before the end leaves the rest unread; by Node's default that would end the connection without an answer. */
export const bodyPieces = (request: IncomingMessage): AsyncIterable<Uint8Array> =>
  request.iterator({ destroyOnReturn: false });

/** Lets clients of these routes read why their body was refused. */
export function answerBeforeClosing(app: FastifyInstance): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    if (reply.statusCode < 400 || typeof payload !== 'string' || !isSending(request.raw)) {
      done(null, payload);
      return;
    }
    reply.header('content-length', Buffer.byteLength(payload));
    done(null, Readable.from(thenDiscard(payload, request.raw), { objectMode: false }));
  });
}

const isSending = ({ complete, destroyed, headers }: IncomingMessage): boolean =>
  !complete && !destroyed && (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0);

async function* thenDiscard(payload: string, request: IncomingMessage): AsyncIterable<string> {
  yield payload;
  if (!(await discardRest(request))) setImmediate(() => request.socket.destroySoon());
}

/** Reads to the end of a request, and tells whether it came. */
function discardRest(request: IncomingMessage): Promise<boolean> {
  return new Promise((resolve) => {
    let bytes = 0;
    const stop = (): void => {
      clearTimeout(timer);
      request.off('data', count).off('close', stop).off('end', stop);
      request.pause();
      resolve(request.complete);
    };
    const count = (piece: Buffer): void => {
      bytes += piece.length;
      if (bytes > discardedBytesMax) stop();
    };
    const timer = setTimeout(stop, discardMsMax);
    if (request.destroyed || request.readableEnded) stop();
    else request.on('data', count).on('end', stop).on('close', stop).resume();
  });
}
