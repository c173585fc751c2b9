/** Clients that put loads on a server through its deaths: each sends a load's bodies one after the other until it is told to finish. */
import { setTimeout as delay } from 'node:timers/promises';
import { createConnection } from './connection.js';
import { createDerivedLoad } from './derived-load.js';
import { createEventLoad } from './event-load.js';
import { createFoldedLoad } from './folded-load.js';
import { createSampleLoad } from './sample-load.js';

export interface Clients {
  /** Tells the clients where the server is now. */
  moveTo(url: string): void;
  /** Lets each client finish what it is sending, then ends. Needs a running server. */
  finish(): Promise<void>;
  /** How much was acknowledged, in words. */
  sent(): string;
  /** Everything that is not as it was acknowledged, in words. */
  problems(url: string): Promise<string[]>;
}

export interface ClientsOptions {
  readonly url: string;
  /** So many clients for each load. */
  readonly count: number;
  readonly seed: number;
  /** Between two steps of a client. Without a pause they write as fast as they are answered. */
  readonly pauseMs?: number;
}

/** What the server must be set to: derivation and flushes come often, and a label of one metric is bucketed. */
export const serverSettings: readonly string[] = [
  'metrics.derived.interval=300ms',
  'metrics.flush_interval=500ms',
  `metrics.cardinality.rules=${JSON.stringify([{ metric: 'torture_folded_.*', label: 'path', action: 'bucket', top: 4 }])}`,
];

export function startClients({ url, count, seed, pauseMs = 0 }: ClientsOptions): Clients {
  const connection = createConnection(url);
  const loads = [
    createEventLoad(connection),
    createSampleLoad(connection, seed),
    createFoldedLoad(connection, seed),
    createDerivedLoad(),
  ];
  let finishing = false;
  const running = Promise.all(
    loads.flatMap((load) =>
      Array.from({ length: count }, async (_, client) => {
        for (let step = 0; !finishing; step++) {
          await load.step(client, step);
          await delay(pauseMs);
        }
      }),
    ),
  );
  return {
    moveTo: connection.moveTo,
    async finish() {
      finishing = true;
      await running;
    },
    sent: () => loads.map((load) => load.sent()).join(', '),
    async problems(at) {
      const found: string[] = [];
      for (const load of loads) found.push(...(await load.problems(at)));
      return found;
    },
  };
}
