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
      await postRows(client, predictionsPath, served, predictionLine);
      predictions += served.length;
      onProgress({ month, predictions, truths });
    });
    await post(async () => {
      await postRows(client, truthsPath, due, firstTruthLine);
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
  await postRows(client, truthsPath, faulty, correctedTruthLine);
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
  const monthAt = (timeMs: number) => {
    const month = new Date(timeMs).toISOString().slice(0, 7);
    const found = months.get(month) ?? { month, served: [], due: [] };
    months.set(month, found);
    return found;
  };
  const served = byMonth((timeMs) => monthAt(timeMs).served);
  const due = byMonth((timeMs) => monthAt(timeMs).due);
  for (const row of rows) {
    served(row.tsMs).push(row);
    due(row.tsMs + truthDelayMs).push(row);
  }
  return Array.from(months.values()).sort((a, b) => (a.month < b.month ? -1 : 1));
}

/** The same as `find`, which is asked again only when the month changes: rows come in the order of time. */
function byMonth<T>(find: (timeMs: number) => T): (timeMs: number) => T {
  let endMs = Number.NEGATIVE_INFINITY;
  let found: T;
  return (timeMs) => {
    if (timeMs >= endMs) {
      const time = new Date(timeMs);
      endMs = Date.UTC(time.getUTCFullYear(), time.getUTCMonth() + 1);
      found = find(timeMs);
    }
    return found;
  };
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

async function postRows(
  client: HttpClient,
  path: string,
  rows: readonly CensusRow[],
  lineOf: (row: CensusRow) => string,
): Promise<void> {
  if (rows.length === 0) return;
  const batch = createBatch();
  for (const row of rows) batch.add({ line: lineOf(row), key: '', file: path, row: row.id, count: 1 });
  const request: HttpRequest = { method: 'POST', path, body: batch.body(), contentType: 'application/x-ndjson' };
  const answer = await client.send(request);
  if (answer.status !== 200) throw failureOf(request, answer);
  const { accepted, rejected, errors } = parseAnswer(request, answer) as {
    accepted: number;
    rejected: number;
    errors: { message: string }[];
  };
  if (accepted === rows.length) return;
  const reason = errors[0]?.message ?? 'no reason given';
  throw new BarographError('unexpected_answer', `${path} rejected ${rejected} of ${rows.length} rows: ${reason}`);
}
