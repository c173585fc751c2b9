/** The work of `barograph sql`, loaded when the command runs. */
import { pipeline } from 'node:stream/promises';
import { type Dispatcher, request } from 'undici';
import { BarographError, messageOf } from '../../base/errors.js';
import { failureOf, type HttpRequest } from './http-client.js';

export interface SqlQuery {
  readonly query: string;
  readonly params: Readonly<Record<string, string>>;
  readonly format: string;
}

const sqlRequest: HttpRequest = { method: 'POST', path: '/api/sql' };

/**
 * Runs a statement and prints its answer as it comes, of any size; the shared client would read it whole first.
 * Fails with the server's own code, or with `server_unreachable`.
 */
export async function printAnswer(url: string, query: SqlQuery): Promise<void> {
  const { statusCode, headers, body } = await send(url, query);
  if (statusCode >= 400) throw failureOf(sqlRequest, { status: statusCode, headers, text: await body.text() });
  try {
    await pipeline(body, process.stdout, { end: false });
  } catch (error) {
    // The reader has seen enough (`… | head`): that is its right, and the server stops the query.
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return;
    throw unreachable(`the answer of ${url} broke off`, error);
  }
}

async function send(url: string, query: SqlQuery): Promise<Dispatcher.ResponseData> {
  try {
    return await request(url + sqlRequest.path, {
      method: sqlRequest.method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(query),
      // How long a query may take is the server's business.
      headersTimeout: 0,
      bodyTimeout: 0,
      // One request is all there is: a connection kept alive would keep the program from ending.
      reset: true,
    });
  } catch (error) {
    throw unreachable(`no answer from ${url}`, error);
  }
}

const unreachable = (what: string, error: unknown): BarographError =>
  new BarographError('server_unreachable', `${what}: ${messageOf(error) || (error as NodeJS.ErrnoException).code}`, {
    hint: 'Start a server with `barograph serve`, or name another with --url.',
    cause: error,
  });
