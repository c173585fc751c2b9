/**
 * A request's body in one piece, as it was sent. By events, not by an async iterator: for the bodies of remote write, which come by the
 * hundred a second, the iterators' promises cost as much as decoding.
 */
import type { IncomingMessage } from 'node:http';
import { BarographError } from '../base/errors.js';

/** Fails with `body_too_large` past `bytesMax`, before reading on; with `incomplete_body` where the connection ends first. */
export function wholeBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    // The listener for errors stays: one that nobody listens to would end the process.
    const done = (): void => void request.off('data', take).off('end', end).off('close', breakOff);
    const fail = (error: BarographError): void => {
      done();
      request.pause();
      reject(error);
    };
    const take = (piece: Buffer): void => {
      bytes += piece.length;
      if (bytes > bytesMax) fail(tooLarge(bytesMax));
      else pieces.push(piece);
    };
    const end = (): void => {
      done();
      resolve(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, bytes));
    };
    const breakOff = (error?: Error): void =>
      fail(
        new BarographError('incomplete_body', `the body broke off${error === undefined ? '' : `: ${error.message}`}`),
      );
    if (Number(request.headers['content-length'] ?? 0) > bytesMax) reject(tooLarge(bytesMax));
    else if (request.destroyed) breakOff();
    else request.on('data', take).on('end', end).on('close', breakOff).on('error', breakOff);
  });
}

const tooLarge = (bytesMax: number): BarographError =>
  new BarographError('body_too_large', `the body has more than ${bytesMax} bytes as sent, the limit`, {
    hint: 'Send it in several bodies, or raise ingest.body_bytes_max or ingest.decoded_bytes_max.',
  });
