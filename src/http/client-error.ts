/** Requests that break off or are not HTTP, before or below Fastify: they too are answered in the one form of errors. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { BarographError } from '../base/errors.js';
import { errorAnswerOf, errorContentType } from './contract/errors.js';

/** What Node's HTTP parser says of a connection that it gives up. */
export interface ConnectionFailure extends Error {
  readonly code: string;
}

/** Answers on the bare socket and closes it; where nobody is left to read, it just closes. */
export function answerClientError(failure: ConnectionFailure, socket: Socket): void {
  if (failure.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy(failure);
    return;
  }
  const error = explain(failure);
  const { status } = error.kind;
  const body = JSON.stringify(errorAnswerOf(error));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `content-type: ${errorContentType}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

function explain(failure: ConnectionFailure): BarographError {
  switch (failure.code) {
    case 'HPE_INVALID_EOF_STATE':
      return new BarographError('incomplete_body', 'the connection ended before the request did');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new BarographError('incomplete_body', 'the request did not arrive whole in time');
    case 'HPE_HEADER_OVERFLOW':
      return new BarographError('bad_request', 'the headers are longer than their limit');
    default:
      return new BarographError('bad_request', `what was sent is not HTTP: ${failure.message}`);
  }
}
