/**
 * A stand-in for a server across the network: it keeps rows by request id as the API promises to, and fails where a
 * test says so. The rows' own checks are the real server's business, but for one: a `score` that is not a number.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

export interface FakeRequest {
  readonly path: string;
  readonly lines: readonly string[];
  readonly contentType: string | undefined;
}

/** What becomes of a request before it is taken: nothing, a broken connection, or an answer. */
export type Fault =
  | 'take'
  | 'break'
  | { readonly status: number; readonly body: string; readonly headers?: Record<string, string> };

export interface FakeApi {
  readonly url: string;
  /** Requests that were taken, in the order of their arrival. */
  readonly requests: readonly FakeRequest[];
  /** The row that counts of each request id: the last to arrive. */
  readonly rows: ReadonlyMap<string, Record<string, unknown>>;
  readonly attempts: number;
}

/** Runs `work` against a fake; `faultOf` is asked at every attempt, counted from 1. */
export async function withFakeApi<T>(
  work: (api: FakeApi) => Promise<T>,
  faultOf: (attempt: number) => Fault = () => 'take',
): Promise<T> {
  const requests: FakeRequest[] = [];
  const rows = new Map<string, Record<string, unknown>>();
  const state = { attempts: 0 };
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? '';
    const sent = await buffer(request);
    if (path === '/healthz') return void response.end('{"status":"ok"}');
    const fault = faultOf(++state.attempts);
    if (fault === 'break') return void request.socket.destroy();
    if (fault !== 'take') return void response.writeHead(fault.status, fault.headers).end(fault.body);
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent;
    const lines = body.toString('utf8').trimEnd().split('\n');
    requests.push({ path, lines, contentType: request.headers['content-type'] });
    if (path === '/api/v1/import') return void response.writeHead(204).end();
    const errors = lines.flatMap((line, i) => problemOf(line, i + 1, rows));
    const accepted = lines.length - errors.length;
    response.writeHead(accepted > 0 ? 200 : 400, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ accepted, rejected: errors.length, errors }));
  };
  const server = createServer((request, response) => void take(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return await work({
      url,
      requests,
      rows,
      get attempts() {
        return state.attempts;
      },
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function problemOf(line: string, number: number, rows: Map<string, Record<string, unknown>>) {
  const row = JSON.parse(line) as Record<string, unknown>;
  if (row.score !== undefined && typeof row.score !== 'number') {
    return [{ line: number, code: 'wrong_type', message: `score: got ${JSON.stringify(row.score)}, wanted a number` }];
  }
  rows.set(String(row.request_id), row);
  return [];
}
