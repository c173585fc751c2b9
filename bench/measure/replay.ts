/** Sends a load as fast as a server takes it, as senders do: a group's next request waits for the answer to the one before. */
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import type { MetricLoad } from '../load/metric-load.js';

export interface Replayed {
  readonly seconds: number;
  readonly retries: number;
  /** Of each request, its retries included, in rising order. */
  readonly latenciesMs: Float64Array;
  /** What this process took meanwhile: it must not be what is measured. */
  readonly clientCpuSeconds: number;
}

/** As Prometheus' sender begins its back-off, 30 ms. */
const retryAfterMs = 30;
/** A server that refuses a request for so long is broken. */
const retriesMax = 1_000;

export const remoteWriteHeaders = {
  'content-type': 'application/x-protobuf',
  'content-encoding': 'snappy',
  'x-prometheus-remote-write-version': '0.1.0',
};

/** Rejects where a request is refused for another reason than a want of room. */
export async function replay({ bodies, groups }: MetricLoad, url: string, senders: number): Promise<Replayed> {
  const { origin, pathname: path } = new URL(url);
  const pool = new Pool(origin, { connections: senders, pipelining: 1 });
  const latenciesMs = new Float64Array(bodies.length);
  const acknowledged: Promise<void>[] = Array.from({ length: groups }, () => Promise.resolve());
  let retries = 0;
  let next = 0;
  const post = async (i: number): Promise<void> => {
    const startedMs = performance.now();
    for (let attempt = 0; ; attempt++) {
      const answer = await pool.request({ path, method: 'POST', headers: remoteWriteHeaders, body: bodies[i]! });
      const text = await answer.body.text();
      if (answer.statusCode < 300) break;
      const isBusy = answer.statusCode === 429 || answer.statusCode >= 500;
      if (!isBusy || attempt === retriesMax) throw new Error(`${url}: ${answer.statusCode} ${text.slice(0, 300)}`);
      retries++;
      await delay(retryAfterMs);
    }
    latenciesMs[i] = performance.now() - startedMs;
  };
  const sender = async (): Promise<void> => {
    while (next < bodies.length) {
      const i = next++;
      const sent = acknowledged[i % groups]!.then(() => post(i));
      acknowledged[i % groups] = sent;
      await sent;
    }
  };
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  try {
    await Promise.all(Array.from({ length: senders }, sender));
  } finally {
    await pool.destroy();
  }
  const { user, system } = process.cpuUsage(cpu);
  return {
    seconds: (performance.now() - startedMs) / 1000,
    retries,
    latenciesMs: latenciesMs.sort(),
    clientCpuSeconds: (user + system) / 1e6,
  };
}
