/** Sends the census data to a server in the order of its time: predictions month by month, and the truths that fall due. */
import { BarographError } from '../../base/errors.js';
import {
  type CensusRow,
  correctedTruthLine,
  firstTruthLine,
  isFaulty,
  predictionLine,
  truthDelayMs,
} from './demo-data.js';
import { failureOf, type HttpClient, type HttpRequest, parseAnswer } from './http-client.js';
import { createBatch } from './import-batch.js';

export interface ReplayProgress {
  /** The month that the replay has reached, `2016-03`. */
  readonly month: string;
  readonly predictions: number;
  readonly truths: number;
}

export interface ReplayResult {
  readonly predictions: number;
  readonly truths: number;
  readonly seconds: number;
}

const predictionsPath = '/api/ml/predictions';
const truthsPath = '/api/ml/ground-truth';
/** Bodies on their way at a time: enough that the server never waits for the next one. */
const concurrency = 4;

/** Replays everything up to the first delivery of the last truth. Fails where the server does not take a row. */
export async function replay(
  client: HttpClient,
  rows: readonly CensusRow[],
  onProgress: (progress: ReplayProgress) => void,
): Promise<ReplayResult> {
  const startedMs = performance.now();
  const post = inTurn(concurrency);
  let predictions = 0;
  let truths = 0;
  for (const { month, served, due } of monthsOf(rows)) {
    await post(async () => {
      await postLines(client, predictionsPath, served.map(predictionLine));
      predictions += served.length;
      onProgress({ month, predictions, truths });
    });
    await post(async () => {
      await postLines(client, truthsPath, due.map(firstTruthLine));
      truths += due.length;
      onProgress({ month, predictions, truths });
    });
  }
  await post.settled();
  return { predictions, truths, seconds: (performance.now() - startedMs) / 1000 };
}

/** Sends the corrections of the faulty truths; gives how many they were. */
export async function correct(client: HttpClient, rows: readonly CensusRow[]): Promise<number> {
  const faulty = rows.filter(isFaulty);
  await postLines(client, truthsPath, faulty.map(correctedTruthLine));
  return faulty.length;
}

interface Month {
  readonly month: string;
  /** Predictions of the month. */
  readonly served: readonly CensusRow[];
  /** Rows whose truth falls due in the month. */
  readonly due: readonly CensusRow[];
}

function monthsOf(rows: readonly CensusRow[]): Month[] {
  const months = new Map<string, { month: string; served: CensusRow[]; due: CensusRow[] }>();
  const at = (timeMs: number) => {
    const month = new Date(timeMs).toISOString().slice(0, 7);
    const found = months.get(month) ?? { month, served: [], due: [] };
    months.set(month, found);
    return found;
  };
  for (const row of rows) {
    at(row.tsMs).served.push(row);
    at(row.tsMs + truthDelayMs).due.push(row);
  }
  return Array.from(months.values()).sort((a, b) => (a.month < b.month ? -1 : 1));
}

/** Runs work in the order given, at most `widthMax` at a time. The first failure is thrown by a later call. */
function inTurn(widthMax: number): ((work: () => Promise<void>) => Promise<void>) & { settled(): Promise<void> } {
  const underway = new Set<Promise<void>>();
  let failure: { error: unknown } | undefined;
  const throwFailure = (): void => {
    if (failure !== undefined) throw failure.error;
  };
  const run = async (work: () => Promise<void>): Promise<void> => {
    while (underway.size >= widthMax) await Promise.race(underway);
    throwFailure();
    const settled: Promise<void> = work()
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => underway.delete(settled));
    underway.add(settled);
  };
  const settled = async (): Promise<void> => {
    await Promise.all(underway);
    throwFailure();
  };
  return Object.assign(run, { settled });
}

async function postLines(client: HttpClient, path: string, lines: readonly (string | Uint8Array)[]): Promise<void> {
  if (lines.length === 0) return;
  const batch = createBatch();
  lines.forEach((line, i) => {
    batch.add({ line, key: '', file: path, row: i + 1, count: 1 });
  });
  const request: HttpRequest = { method: 'POST', path, body: batch.body(), contentType: 'application/x-ndjson' };
  const answer = await client.send(request);
  if (answer.status !== 200) throw failureOf(request, answer);
  const { accepted, rejected, errors } = parseAnswer(request, answer) as {
    accepted: number;
    rejected: number;
    errors: { message: string }[];
  };
  if (accepted === lines.length) return;
  const reason = errors[0]?.message ?? 'no reason given';
  throw new BarographError('unexpected_answer', `${path} rejected ${rejected} of ${lines.length} rows: ${reason}`);
}
