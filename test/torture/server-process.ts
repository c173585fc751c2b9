/**
 * A server as a process of its own that is killed while clients write to it. Every client sends a row again until it is
 * acknowledged, as a real one does. Afterwards each acknowledged row must be there once, with the values it was sent with.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../../bin/barograph.mjs', import.meta.url));

export interface ServerProcess {
  readonly url: string;
  readonly pid: number;
  /** Ends the process and resolves when it is gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** Starts a server on a folder and resolves once it is ready. */
export function startServerProcess(folder: string, set: readonly string[] = []): Promise<ServerProcess> {
  const flags = ['log.level=error', ...set].flatMap((each) => ['--set', each]);
  const child = spawn(process.execPath, [program, 'serve', '--data', folder, '--listen', '127.0.0.1:0', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
      const url = /ready at (http:\S+)/.exec(printed)?.[1];
      if (url !== undefined) resolve({ url, pid: child.pid!, kill: (signal) => ended(child, signal) });
    });
    child.once('exit', (code, signal) =>
      reject(new Error(`the server ended with ${code ?? signal} before it was ready`)),
    );
  });
}

function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill(signal);
  });
}

/** Process ids of the children of a process; empty where the system has no /proc. */
export function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

/** What the clients were told is safe. */
export interface Acknowledged {
  predictions: number;
  truths: number;
}

export interface Clients {
  readonly acknowledged: Acknowledged;
  /** Tells the clients where the server is now. */
  moveTo(url: string): void;
  /** Lets each client finish the body it is sending, then ends. Needs a running server. */
  finish(): Promise<void>;
}

export const rowsPerBody = 200;
const retryPauseMs = 20;

/**
 * Clients that write: bodies of predictions, each followed by truth for every second row, and then a pause. Without one they write as fast
 * as they are answered.
 */
export function startClients(count: number, firstUrl: string, pauseMs = 0): Clients {
  const acknowledged: Acknowledged = { predictions: 0, truths: 0 };
  let url = firstUrl;
  let finishing = false;

  async function sendUntilAcknowledged(path: string, rows: readonly object[]): Promise<void> {
    const body = rows.map((row) => JSON.stringify(row)).join('\n');
    for (;;) {
      try {
        const response = await fetch(url + path, {
          method: 'POST',
          body,
          headers: { 'content-type': 'application/x-ndjson' },
        });
        const answer = (await response.json()) as { accepted?: number };
        if (response.status === 200 && answer.accepted === rows.length) return;
        if (response.status < 429) throw new TypeError(`answered ${response.status}: ${JSON.stringify(answer)}`);
      } catch (error) {
        if (error instanceof TypeError && error.message.startsWith('answered')) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, retryPauseMs));
    }
  }

  async function client(name: number): Promise<void> {
    for (let body = 0; !finishing; body++) {
      const ids = Array.from({ length: rowsPerBody }, (_, i) => body * rowsPerBody + i);
      await sendUntilAcknowledged(
        '/api/ml/predictions',
        ids.map((id) => predictionOf(name, id)),
      );
      acknowledged.predictions += ids.length;
      const truths = ids.filter((id) => id % 2 === 0).map((id) => ({ request_id: `${name}-${id}`, label: id % 3 }));
      await sendUntilAcknowledged('/api/ml/ground-truth', truths);
      acknowledged.truths += truths.length;
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  const running = Array.from({ length: count }, (_, name) => client(name));
  return {
    acknowledged,
    moveTo(next) {
      url = next;
    },
    async finish() {
      finishing = true;
      await Promise.all(running);
    },
  };
}

/** Every third row carries no time of its own; the others lie in several weeks. */
const predictionOf = (client: number, id: number): object => ({
  request_id: `${client}-${id}`,
  model: `model-${client % 2}`,
  version: '1',
  score: id,
  prediction: id % 3,
  ...(id % 3 === 0 ? {} : { ts: Date.parse('2026-01-01T00:00:00Z') + (id % 40) * 86_400_000 }),
});

export interface Found {
  readonly predictions: number;
  readonly distinct: number;
  readonly misfits: number;
  readonly withTruth: number;
  readonly wrongTruth: number;
}

/** Counts what is there, with the values of each row checked against its id. */
export async function countStored(url: string): Promise<Found> {
  await fetch(`${url}/api/ml/models?fresh=1`);
  const ask = async (query: string): Promise<Record<string, string>> => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${url}/api/sql`, { method: 'POST', headers, body: JSON.stringify({ query }) });
    const answer = (await response.json()) as { data: Record<string, string>[] };
    if (response.status !== 200) throw new Error(JSON.stringify(answer));
    return answer.data[0]!;
  };
  const number = "toUInt64(splitByChar('-', request_id)[2])";
  const rows = await ask(
    `SELECT count() AS predictions, uniqExact(request_id) AS distinct_ids, countIf(score != ${number}) AS misfits FROM predictions`,
  );
  const truth = await ask(
    `SELECT count() AS with_truth, countIf(label_number != ${number} % 3) AS wrong FROM labelled_predictions`,
  );
  return {
    predictions: Number(rows.predictions),
    distinct: Number(rows.distinct_ids),
    misfits: Number(rows.misfits),
    withTruth: Number(truth.with_truth),
    wrongTruth: Number(truth.wrong),
  };
}
