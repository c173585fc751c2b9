/**
 * Request bodies as they were before they were compressed, piece by piece and within bounds. A body that lies about its
 * size, or inflates without end, is refused while it inflates: what is held at a time is bounded, whatever it unfolds to.
 */
import { createGunzip } from 'node:zlib';
import { Decompress } from 'fzstd';
import { BarographError, isBarographError, messageOf } from '../base/errors.js';

export type ContentEncoding = 'identity' | 'gzip' | 'zstd';

const encodings: Readonly<Record<string, ContentEncoding>> = {
  identity: 'identity',
  gzip: 'gzip',
  'x-gzip': 'gzip',
  zstd: 'zstd',
};

/** The encoding that a Content-Encoding header names. Fails with `unsupported_encoding` for another, or for several. */
export function parseContentEncoding(header: string | undefined): ContentEncoding {
  const encoding = encodings[(header ?? 'identity').trim().toLowerCase() || 'identity'];
  if (encoding !== undefined) return encoding;
  throw new BarographError('unsupported_encoding', `content-encoding is ${header}; wanted gzip, zstd or identity`);
}

export interface BodyBounds {
  readonly encoding: ContentEncoding;
  /** Largest body as sent, bytes. */
  readonly encodedBytesMax: number;
  /** Largest body once decompressed, bytes. */
  readonly decodedBytesMax: number;
  /** What the sender announced, bytes; a body that is too large is then refused before it is read. */
  readonly contentLength?: number;
}

/**
 * The pieces of a body, decompressed. Fails with `body_too_large` past a bound, `incomplete_body` where the source or the
 * compressed data breaks off, `corrupt_encoding` where they are not what the encoding says, or go on past its end.
 */
export async function* decodedBody(source: AsyncIterable<Uint8Array>, bounds: BodyBounds): AsyncIterable<Uint8Array> {
  const { encoding, encodedBytesMax, decodedBytesMax, contentLength } = bounds;
  if (contentLength !== undefined && contentLength > encodedBytesMax) throw tooLarge('as sent', encodedBytesMax);
  const encoded = bounded(whole(source), encodedBytesMax, 'as sent');
  switch (encoding) {
    case 'identity':
      yield* bounded(encoded, decodedBytesMax, 'as sent');
      return;
    case 'gzip':
      yield* bounded(gunzipped(encoded), decodedBytesMax, 'once decompressed');
      return;
    case 'zstd':
      yield* unzstd(encoded, decodedBytesMax);
  }
}

const tooLarge = (when: string, bytesMax: number): BarographError =>
  new BarographError('body_too_large', `the body has more than ${bytesMax} bytes ${when}, the limit`, {
    hint: 'Send it in several bodies, or raise ingest.body_bytes_max or ingest.decoded_bytes_max.',
  });

async function* bounded(source: AsyncIterable<Uint8Array>, bytesMax: number, when: string): AsyncIterable<Uint8Array> {
  let bytes = 0;
  for await (const piece of source) {
    bytes += piece.byteLength;
    if (bytes > bytesMax) throw tooLarge(when, bytesMax);
    yield piece;
  }
}

/** The source as it comes. A connection that breaks off is the sender's doing. */
async function* whole(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  try {
    yield* source;
  } catch (error) {
    if (isBarographError(error)) throw error;
    throw new BarographError('incomplete_body', `the body broke off: ${messageOf(error)}`, { cause: error });
  }
}

async function* gunzipped(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const gunzip = createGunzip();
  let sentBytes = 0;
  let failure: unknown;
  const feed = (async () => {
    for await (const piece of source) {
      sentBytes += piece.byteLength;
      if (!gunzip.write(piece)) await drained(gunzip);
      if (gunzip.destroyed) return;
    }
    gunzip.end();
  })().catch((error: unknown) => {
    failure = error;
    gunzip.destroy();
  });
  try {
    for await (const piece of gunzip) yield piece as Uint8Array;
    // Zlib passes over what follows the last member in silence.
    if (gunzip.bytesWritten < sentBytes) throw corrupt('gzip', 'bytes follow its end');
  } catch (error) {
    throw failure ?? gzipFailure(error);
  } finally {
    gunzip.destroy();
    await feed;
  }
  if (failure !== undefined) throw failure;
}

/** Resolves when the stream takes more, or never will. */
const drained = (stream: ReturnType<typeof createGunzip>): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done).off('close', done);
      resolve();
    };
    if (stream.destroyed) resolve();
    else stream.once('drain', done).once('close', done);
  });

function gzipFailure(error: unknown): unknown {
  if (isBarographError(error)) return error;
  return (error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR'
    ? new BarographError('incomplete_body', 'the gzip data end too early')
    : corrupt('gzip', messageOf(error));
}

const corrupt = (encoding: string, why: string): BarographError =>
  new BarographError('corrupt_encoding', `the body is not valid ${encoding}: ${why}`);

/** Bytes handed to the decompressor at a time: 4 bytes can unfold to a block of 128 KiB, so this bounds what one step holds. */
const zstdStepBytes = 4096;
/** Largest window of a frame, as the reference decoder's default: it is held in memory whole. */
const zstdWindowBytesMax = 128 * 1024 * 1024;
/** Of fzstd's error codes, the one that says that data are missing. */
const zstdUnexpectedEnd = 5;

async function* unzstd(source: AsyncIterable<Uint8Array>, decodedBytesMax: number): AsyncIterable<Uint8Array> {
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  const zstd = new Decompress((piece) => {
    bytes += piece.byteLength;
    if (bytes > decodedBytesMax) throw tooLarge('once decompressed', decodedBytesMax);
    pieces.push(piece);
  });
  let head = Buffer.alloc(0);
  const step = (piece: Uint8Array, final: boolean): Uint8Array[] => {
    pieces = [];
    try {
      zstd.push(piece, final);
    } catch (error) {
      throw zstdFailure(error);
    }
    return pieces;
  };
  for await (const piece of source) {
    if (head.length < 6) {
      head = Buffer.concat([head, piece.subarray(0, 6)]);
      checkWindow(head);
    }
    for (let from = 0; from < piece.length; from += zstdStepBytes)
      yield* step(piece.subarray(from, from + zstdStepBytes), false);
  }
  yield* step(new Uint8Array(0), true);
}

/** Refuses a first frame whose window is too large. Source: RFC 8878, 3.1.1.1. */
function checkWindow(head: Buffer): void {
  if (head.length < 6 || head.readUInt32LE(0) !== 0xfd2fb528) return;
  const isSingleSegment = (head[4]! & 0x20) !== 0;
  if (isSingleSegment) return;
  const base = 2 ** (10 + (head[5]! >> 3));
  const windowBytes = base + (base / 8) * (head[5]! & 7);
  if (windowBytes > zstdWindowBytesMax)
    throw corrupt('zstd', `its window of ${windowBytes} bytes is larger than ${zstdWindowBytesMax}, the limit`);
}

function zstdFailure(error: unknown): unknown {
  if (isBarographError(error)) return error;
  return (error as { code?: unknown }).code === zstdUnexpectedEnd
    ? new BarographError('incomplete_body', 'the zstd data end too early')
    : corrupt('zstd', messageOf(error));
}
