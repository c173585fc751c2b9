/** Writes requests at a steady rate of samples, in the background, until it is stopped or they have all been sent. */
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import type { MeasuredServer } from '../servers/measured-server.js';
import { remoteWriteHeaders } from './replay.js';

export interface PacedWrites {
  /** Resolves when the requests under way have been answered. */
  stop(): Promise<PacedResult>;
  /** Resolves when all requests have been sent and answered. */
  finish(): Promise<PacedResult>;
}

export interface PacedResult {
  readonly samples: number;
  readonly seconds: number;
  readonly ackP99Ms: number;
}

const connections = 4;

export interface PacedLoad {
  /** Body i is of group i % groups, and is sent once the group's body before it was acknowledged. */
  readonly bodies: readonly Buffer[];
  readonly groups: number;
  readonly samplesPerBody: number;
  readonly samplesPerSecond: number;
}

export function startPacedWrites(
  { writeUrl }: MeasuredServer,
  { bodies, groups, samplesPerBody, samplesPerSecond }: PacedLoad,
): PacedWrites {
  const { origin, pathname: path } = new URL(writeUrl);
  const pool = new Pool(origin, { connections });
  const timesMs: number[] = [];
  const startedMs = performance.now();
  let next = 0;
  let isStopped = false;
  const acknowledged: Promise<void>[] = Array.from({ length: groups }, () => Promise.resolve());
  const post = async (i: number): Promise<void> => {
    const sentMs = performance.now();
    const answer = await pool.request({ path, method: 'POST', headers: remoteWriteHeaders, body: bodies[i]! });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw new Error(`${writeUrl}: ${answer.statusCode} ${text.slice(0, 300)}`);
    timesMs.push(performance.now() - sentMs);
  };
  const sender = async (): Promise<void> => {
    while (!isStopped && next < bodies.length) {
      const i = next++;
      const dueMs = startedMs + (1000 * i * samplesPerBody) / samplesPerSecond;
      if (dueMs > performance.now()) await delay(dueMs - performance.now());
      const sent = acknowledged[i % groups]!.then(() => post(i));
      acknowledged[i % groups] = sent;
      await sent;
    }
  };
  const senders = Promise.all(Array.from({ length: connections }, sender));
  // Whoever stops it hears of a failure.
  senders.catch(() => {});
  const finish = async (): Promise<PacedResult> => {
    try {
      await senders;
    } finally {
      await pool.destroy();
    }
    timesMs.sort((a, b) => a - b);
    return {
      samples: timesMs.length * samplesPerBody,
      seconds: (performance.now() - startedMs) / 1000,
      ackP99Ms: timesMs[Math.floor(0.99 * (timesMs.length - 1))] ?? 0,
    };
  };
  return {
    finish,
    stop() {
      isStopped = true;
      return finish();
    },
  };
}
