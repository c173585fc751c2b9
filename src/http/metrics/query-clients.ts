/** Counts the queries of each client, so that one of them cannot take all turns. */
import type { FastifyRequest } from 'fastify';
import { BarographError } from '../../base/errors.js';

export interface ClientLimits {
  /** Queries of a client at a time, those that wait included. */
  readonly concurrentMax: number;
  /** Of them, heavy ones. */
  readonly heavyMax: number;
  /** The header that names the client; undefined: its address does. */
  readonly header: string | undefined;
}

export interface QueryClient {
  /** As it is told in refusals. */
  readonly name: string;
  /** Counts a heavy query until the returned function is called. Throws `too_many_requests` past the limit. */
  enterHeavy(): () => void;
  /** Ends the count of the query itself. */
  leave(): void;
}

export interface QueryClients {
  /** Counts a query. Throws `too_many_requests` past the limit. */
  enter(request: FastifyRequest): QueryClient;
}

/** Identities are cut there: a header may be of any length. */
const nameLengthMax = 200;

export function createQueryClients({ concurrentMax, heavyMax, header }: ClientLimits): QueryClients {
  const all = new Map<string, number>();
  const heavy = new Map<string, number>();
  return {
    enter(request) {
      const name = nameOf(request, header);
      const leave = count(all, name, concurrentMax, 'queries', 'query.promql.client.concurrent_max');
      return {
        name,
        enterHeavy: () => count(heavy, name, heavyMax, 'heavy queries', 'query.promql.client.heavy_max'),
        leave,
      };
    },
  };
}

function nameOf(request: FastifyRequest, header: string | undefined): string {
  const given = header === undefined ? undefined : request.headers[header.toLowerCase()];
  const text = Array.isArray(given) ? given[0] : given;
  return text === undefined || text === '' ? request.ip : text.slice(0, nameLengthMax);
}

function count(counts: Map<string, number>, name: string, max: number, what: string, key: string): () => void {
  const before = counts.get(name) ?? 0;
  if (before >= max)
    throw new BarographError(
      'too_many_requests',
      `${name} has ${before} ${what} under way, the limit for one client is ${max} (${key})`,
      { retryAfterSeconds: 1 },
    );
  counts.set(name, before + 1);
  let hasLeft = false;
  return () => {
    if (hasLeft) return;
    hasLeft = true;
    const now = counts.get(name)! - 1;
    if (now === 0) counts.delete(name);
    else counts.set(name, now);
  };
}
