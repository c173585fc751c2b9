/** Asks a server one question again and again, and keeps its answer. */
import { Pool } from 'undici';
import type { BenchQuestion } from '../questions/question.js';
import type { MeasuredServer } from '../servers/measured-server.js';

export interface QueryRun {
  readonly medianMs: number;
  readonly text: string;
}

/** Questions before those that count: programs are compiled while they run. */
const warmUps = 3;

/** Also goes to servers that do not know the parameter, and ignore it. */
export const withoutCache = { nocache: '1' };

export async function queryRun(
  server: MeasuredServer,
  { path, parameters }: BenchQuestion,
  further: Readonly<Record<string, string>>,
  rounds: number,
): Promise<QueryRun> {
  const pool = new Pool(server.url, { connections: 1 });
  const url = `${path}?${new URLSearchParams({ ...parameters, ...further })}`;
  const timesMs: number[] = [];
  let text = '';
  try {
    for (let i = rounds === 1 ? 0 : -warmUps; i < rounds; i++) {
      const startedMs = performance.now();
      const { statusCode, body } = await pool.request({ path: url, method: 'GET', bodyTimeout: 0, headersTimeout: 0 });
      text = await body.text();
      if (i >= 0) timesMs.push(performance.now() - startedMs);
      if (statusCode !== 200) throw new Error(`${server.name} ${url}: ${statusCode} ${text.slice(0, 300)}`);
    }
  } finally {
    await pool.destroy();
  }
  timesMs.sort((a, b) => a - b);
  return { medianMs: timesMs[Math.floor((timesMs.length - 1) / 2)]!, text };
}
