/** A server that stands for a target or a discovery. */
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface TestTarget {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  /** Requests so far. */
  readonly requests: readonly IncomingMessage[];
  /** Connections so far. */
  readonly connections: () => number;
  close(): Promise<void>;
}

/** Starts a server on a free port; with `tls` it speaks HTTPS. */
export async function startTestTarget(answer: RequestListener, tls?: ServerOptions): Promise<TestTarget> {
  const requests: IncomingMessage[] = [];
  let connections = 0;
  const listener: RequestListener = (request, response) => {
    requests.push(request);
    answer(request, response);
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
