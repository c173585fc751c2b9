/** Clients that send `rate({__name__=~".+"}[30d])` again and again, beside a dashboard and a writer. */
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import { dataStartMs, pathOf } from './query-data.js';

export interface SiegeOptions {
  readonly url: string;
  readonly clients: number;
  readonly seconds: number;
  /** Time of the queries, seconds since the epoch; the end of the tests' data where absent. */
  readonly time?: number;
  /** What the dashboard asks for. */
  readonly dashboard?: string;
}

export interface Served {
  answered: number;
  longestMs: number;
  /** What was answered otherwise than it should have been, each text once. */
  readonly failures: string[];
}

export interface DeathOutcome {
  /** Answers to the queries of death by HTTP status. */
  readonly statuses: Record<string, number>;
  /** Why they were refused, each text once, numbers aside. */
  readonly reasons: readonly string[];
  readonly dashboards: Served;
  readonly writes: Served;
}

const deadly = 'rate({__name__=~".+"}[30d])';

export async function sendQueriesOfDeath(options: SiegeOptions): Promise<DeathOutcome> {
  const { url, clients, seconds, time = dataStartMs / 1000 + 14_000 } = options;
  const { dashboard = 'sum by (zone) (rate(requests_total{pod=~"p1|p2|p3"}[5m]))' } = options;
  const endMs = performance.now() + seconds * 1000;
  const isOver = (): boolean => performance.now() >= endMs;
  const pool = new Pool(url, { connections: clients });
  // Their own connections: what is measured is the server, not the queue of a client.
  const others = new Pool(url, { connections: 2 });
  const statuses: Record<string, number> = {};
  const reasons = new Map<string, string>();
  const attack = async (): Promise<void> => {
    while (!isOver()) {
      const { statusCode, body } = await pool.request({
        method: 'GET',
        path: pathOf('query', { query: deadly, time }),
      });
      const text = await body.text();
      statuses[statusCode] = (statuses[statusCode] ?? 0) + 1;
      if (statusCode !== 200) noteReason(reasons, (JSON.parse(text) as { error: string }).error);
    }
  };
  const dashboards: Served = { answered: 0, longestMs: 0, failures: [] };
  const writes: Served = { answered: 0, longestMs: 0, failures: [] };
  const ask = () => others.request({ method: 'GET', path: pathOf('query', { query: dashboard, time }) });
  const write = () =>
    others.request({ method: 'POST', path: '/api/v1/import', body: line(time * 1000 + writes.answered) });
  await Promise.all([
    ...Array.from({ length: clients }, attack),
    serve(dashboards, isOver, 200, ask),
    serve(writes, isOver, 204, write),
  ]);
  await Promise.all([pool.close(), others.close()]);
  return { statuses, reasons: [...reasons.values()], dashboards, writes };
}

function noteReason(reasons: Map<string, string>, reason: string): void {
  const kind = reason.replaceAll(/\d+/g, 'n');
  if (!reasons.has(kind)) reasons.set(kind, reason);
}

const line = (timeMs: number): string =>
  JSON.stringify({ metric: { __name__: 'written_meanwhile' }, values: [timeMs], timestamps: [timeMs] });

type Response = Awaited<ReturnType<Pool['request']>>;

/** Asks again and again, and notes what is not answered with `wanted`. */
async function serve(
  served: Served,
  isOver: () => boolean,
  wanted: number,
  ask: () => Promise<Response>,
): Promise<void> {
  while (!isOver()) {
    const startedMs = performance.now();
    const { statusCode, body } = await ask();
    const text = await body.text();
    if (statusCode === wanted) served.answered++;
    else if (!served.failures.includes(text)) served.failures.push(text);
    served.longestMs = Math.max(served.longestMs, performance.now() - startedMs);
    await delay(pauseMs);
  }
}

/** Between two questions of the dashboard, and between two writes. */
const pauseMs = 10;
