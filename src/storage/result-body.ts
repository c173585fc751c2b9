/** The body of an answer, guarded: an exception that ClickHouse wrote into it ends the stream with an error instead of data. */
import { Readable } from 'node:stream';
import { parseError } from '@clickhouse/client';
import { engineFailure } from './clickhouse-errors.js';

/** Longest exception text that is kept, bytes; ClickHouse itself sends 16 KiB at most. */
const exceptionBytesMax = 64 * 1024;

/**
 * `source` without the exception that ClickHouse appends when a query fails after its answer began.
 *
 * ClickHouse then writes `\r\n__exception__\r\n<tag>\r\n<text>…` and closes the connection inside the body, where the tag is
 * random and stands in the header `X-ClickHouse-Exception-Tag`, so that no data can look like it. Servers before
 * 25.11 send no tag and only close the connection.
 *
 * `onAbandoned` is called once when the body ends before its data did, whether by failure or because its reader left.
 */
export function guardedBody(source: Readable, tag: string | undefined, onAbandoned: () => void): Readable {
  const filter = exceptionFilter(tag);
  let whole = false;
  const body = new Readable({
    read: () => source.resume(),
    destroy(error, done) {
      source.destroy();
      if (!whole) onAbandoned();
      done(error);
    },
  });
  const pass = (chunk: Buffer) => {
    for (const part of filter.data(chunk)) if (!body.push(part)) source.pause();
  };
  const end = (failure: Error | undefined) => {
    const { rest, exception } = filter.end();
    whole = true;
    const error = exception === undefined ? failure : parseError(exception);
    if (error !== undefined) return void body.destroy(engineFailure(error));
    if (rest.length > 0) body.push(rest);
    body.push(null);
  };
  source.on('data', pass);
  source.once('end', () => end(undefined));
  source.once('error', (error) => {
    // The connection closes right behind the exception, which then may still lie in the source's buffer.
    const buffered = source.read() as Buffer | null;
    if (buffered !== null) filter.data(buffered);
    end(error);
  });
  source.once('close', () => {
    if (!whole) end(new Error('the connection closed before the answer ended'));
  });
  source.pause();
  return body;
}

interface ExceptionFilter {
  /** The parts of a chunk, and of what was held back before it, that are surely data. */
  data(chunk: Buffer): readonly Buffer[];
  /** What was held back and turned out to be data, or the text of the exception. */
  end(): { rest: Buffer; exception?: string };
}

function exceptionFilter(tag: string | undefined): ExceptionFilter {
  const marker = Buffer.from(`\r\n__exception__\r\n${tag}\r\n`, 'latin1');
  // The last bytes seen: never as many as the marker's, so that a marker cut by a chunk's end is found with the next chunk.
  let held: Buffer = Buffer.alloc(0);
  let exception: Buffer | undefined;

  function data(chunk: Buffer): readonly Buffer[] {
    if (tag === undefined) return [chunk];
    if (exception !== undefined) {
      if (exception.length < exceptionBytesMax) exception = Buffer.concat([exception, chunk]);
      return [];
    }
    const joined = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    const at = joined.indexOf(marker);
    if (at >= 0) {
      exception = joined.subarray(at + marker.length);
      held = Buffer.alloc(0);
      return at === 0 ? [] : [joined.subarray(0, at)];
    }
    const safe = Math.max(0, joined.length - marker.length + 1);
    held = joined.subarray(safe);
    return safe === 0 ? [] : [joined.subarray(0, safe)];
  }

  const end = () => ({ rest: held, ...(exception === undefined ? {} : { exception: exception.toString('utf8') }) });
  return { data, end };
}
