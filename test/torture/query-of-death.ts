/**
 * `npm run torture -- query-of-death [--seconds N]`: fifty clients send `rate({__name__=~".+"}[30d])` for a minute, beside a dashboard and a
 * writer; first where it is within the limits, then where it is past them. Ends with 1 where a dashboard or a write is not answered
 * as it should be, a refusal does not say why, or memory grows past its bound.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DeathOutcome, sendQueriesOfDeath } from '../http/metrics/queries-of-death.js';
import { dataStartMs, dataStepMs, loadCounters } from '../http/metrics/query-data.js';
import { startServerProcess } from './server-process.js';

const [series, samples] = [2_000, 1_920];
const seriesPerBody = 200;
const clients = 50;
const secondsDefault = 60;
const bytesPerSample = 16;
/** Objects of a query and of the server's own work beside its samples. A guess. */
const memorySpare = 2 ** 30;

/** By name, the settings under which the query of death is sent. */
const sieges: Readonly<Record<string, readonly string[]>> = {
  'within the limits': [],
  'past a limit': ['query.promql.samples_max=1000000'],
};

/** Answers the exit code. */
export async function queryOfDeath(seconds: number, say: (text: string) => void): Promise<number> {
  const problems: string[] = [];
  for (const [name, set] of Object.entries(sieges)) {
    const folder = await mkdtemp(join(tmpdir(), 'barograph-death-'));
    const server = await startServerProcess(folder, ['metrics.accept.behind=off', 'metrics.accept.ahead=off', ...set]);
    try {
      await load(server.url);
      const time = (dataStartMs + samples * dataStepMs) / 1000 - 60;
      const siege = { url: server.url, time, seconds: Number.isFinite(seconds) ? seconds : secondsDefault };
      const calm = await sendQueriesOfDeath({ ...siege, clients: 0, seconds: 3 });
      const before = residentBytes(server.pid);
      const outcome = await sendQueriesOfDeath({ ...siege, clients });
      const grown = residentBytes(server.pid) - before;
      say(`${name}: ${JSON.stringify(outcome.statuses)}; memory grew by ${Math.round(grown / 2 ** 20)} MiB`);
      for (const reason of outcome.reasons) say(`  refused: ${reason}`);
      for (const part of ['dashboards', 'writes'] as const)
        say(
          `  ${part}: ${outcome[part].answered} answered, the longest after ${Math.round(outcome[part].longestMs)} ms; before, ${calm[part].answered} in 3 s, ${Math.round(calm[part].longestMs)} ms`,
        );
      problems.push(...problemsOf(outcome, grown));
    } finally {
      await server.kill('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    }
  }
  for (const problem of problems) say(`PROBLEM: ${problem}`);
  return problems.length === 0 ? 0 : 1;
}

async function load(url: string): Promise<void> {
  const post = async <Body>(path: string, body: string | Uint8Array) => {
    const { status, headers } = await fetch(`${url}${path}`, {
      method: 'POST',
      body: body as string,
      headers: { 'content-type': 'application/x-ndjson' },
    });
    return { status, headers, body: undefined as Body };
  };
  for (let first = 0; first < series; first += seriesPerBody)
    await loadCounters({ post }, seriesPerBody, samples, first);
}

function problemsOf({ statuses, reasons, dashboards, writes }: DeathOutcome, grown: number): string[] {
  const unanswered = [...dashboards.failures, ...writes.failures].map((text) => `not served: ${text}`);
  const unknown = Object.keys(statuses).filter((status) => !['200', '422', '429', '503'].includes(status));
  const silent = reasons.filter((reason) => !reason.includes('query.promql.') && !reason.includes('timed out'));
  const most = series * samples * bytesPerSample + memorySpare;
  return [
    ...unanswered,
    ...unknown.map((status) => `answered with ${status}`),
    ...silent.map((reason) => `a refusal that names no limit: ${reason}`),
    ...(grown > most ? [`memory grew by ${grown} bytes, more than ${most}`] : []),
  ];
}

/** Memory of a process; 0 where the system has no /proc. */
function residentBytes(pid: number): number {
  try {
    const kibibytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kibibytes) * 1024;
  } catch {
    return 0;
  }
}
