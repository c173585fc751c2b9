/**
 * Sends lines in batches, several at a time. Lines belong to lanes by the hash of their key, and a lane has one request on
 * its way at most, so that lines of one key arrive in the order of the file, whatever is sent again: a later ground truth
 * of a request id must not be overtaken by an earlier one.
 */
import { BarographError, type ErrorCode } from '../../base/errors.js';
import { failureOf, type HttpClient, type HttpRequest, parseAnswer } from './http-client.js';
import { type Batch, createBatch, type OutgoingLine } from './import-batch.js';

export interface RejectedRow {
  readonly file: string;
  readonly row: number;
  readonly code: string;
  readonly message: string;
}

/** What became of everything that was read. */
export interface ImportTotals {
  accepted: number;
  rejected: number;
  /** The first rejected rows. */
  readonly rejections: RejectedRow[];
}

export interface SenderOptions {
  readonly client: HttpClient;
  readonly path: string;
  /** Rows of a request. */
  readonly batchRowsMax: number;
  /** Requests on their way at a time. */
  readonly concurrency: number;
}

export interface Sender {
  /** Takes a line; waits while its lane is full. Fails once a request has failed for good. */
  add(line: OutgoingLine): Promise<void> | undefined;
  /** Sends what is left and waits for every answer. */
  finish(): Promise<void>;
  /** Waits for the answers of what is on its way and sends nothing more. */
  stop(): Promise<void>;
}

/** First rejections that are kept and told. */
export const rejectionsMax = 20;
/** A request is sent once its lines are this long, however few: the server takes 64 MiB. */
const batchBytesMax = 8 * 1024 * 1024;

const dryLinesShown = 3;

interface Lane {
  /** Takes lines; the other one is empty, or on its way. */
  filling: Batch;
  other: Batch;
  /** Settles when the request on its way is answered. Never rejects: a failure is kept for all lanes. */
  underway: Promise<void> | undefined;
}

export function createSender(options: SenderOptions, totals: ImportTotals): Sender {
  const { batchRowsMax, concurrency } = options;
  const lanes = Array.from(
    { length: concurrency },
    (): Lane => ({ filling: createBatch(), other: createBatch(), underway: undefined }),
  );
  let failure: { error: unknown } | undefined;
  const throwFailure = (): void => {
    if (failure !== undefined) throw failure.error;
  };

  const flush = (lane: Lane): void => {
    const { filling: batch, other } = lane;
    if (batch.count === 0) return;
    Object.assign(lane, { filling: other, other: batch });
    lane.underway = postBatch(options, batch, totals)
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .then(() => {
        batch.clear();
        lane.underway = undefined;
      });
  };
  const flushInTurn = async (lane: Lane): Promise<void> => {
    await lane.underway;
    throwFailure();
    flush(lane);
  };
  const settled = async (): Promise<void> => void (await Promise.all(lanes.map(({ underway }) => underway)));
  return {
    add(line) {
      throwFailure();
      const lane = lanes[hashOf(line.key) % concurrency]!;
      lane.filling.add(line);
      const isFull = lane.filling.count >= batchRowsMax || lane.filling.byteLength >= batchBytesMax;
      return isFull ? flushInTurn(lane) : undefined;
    },
    async finish() {
      await Promise.all(lanes.map(flushInTurn));
      await settled();
      throwFailure();
    },
    stop: settled,
  };
}

/** A sender that sends nothing: it counts every line as taken, and shows the first few. */
export function createDrySender(totals: ImportTotals, show: (line: string) => void): Sender {
  let shownLines = 0;
  return {
    add({ line, count }) {
      totals.accepted += count;
      if (shownLines++ < dryLinesShown) show(typeof line === 'string' ? line : Buffer.from(line).toString('utf8'));
      return undefined;
    },
    finish: async () => undefined,
    stop: async () => undefined,
  };
}

/** Counts a row that was not taken, by the server or before it. */
export function countRejection(totals: ImportTotals, rejection: RejectedRow): void {
  totals.rejected++;
  if (totals.rejections.length < rejectionsMax) totals.rejections.push(rejection);
}

interface RowsAnswer {
  readonly accepted: number;
  readonly rejected: number;
  readonly errors: readonly { readonly line: number; readonly code: ErrorCode; readonly message: string }[];
}

async function postBatch(options: SenderOptions, batch: Batch, totals: ImportTotals): Promise<void> {
  const body = batch.body();
  const request: HttpRequest = { method: 'POST', path: options.path, body, contentType: 'application/x-ndjson' };
  const answer = await options.client.send(request);
  if (answer.status === 204) {
    totals.accepted += batch.count;
    return;
  }
  // 400 with counts is an answer about rows, none of which was good; without them it refuses the request.
  const counts = answer.status < 300 || answer.status === 400 ? parseAnswer(request, answer) : undefined;
  if (!isRowsAnswer(counts)) throw failureOf(request, answer);
  totals.accepted += counts.accepted;
  totals.rejected += counts.rejected;
  for (const { line, code, message } of counts.errors) {
    const source = batch.sourceOf(line);
    if (source === undefined || totals.rejections.length >= rejectionsMax) break;
    totals.rejections.push({ ...source, code, message });
  }
}

function isRowsAnswer(answer: unknown): answer is RowsAnswer {
  const { accepted, rejected, errors } = (answer ?? {}) as Partial<RowsAnswer>;
  return typeof accepted === 'number' && typeof rejected === 'number' && Array.isArray(errors);
}

/** FNV-1a over UTF-16 code units: any spread will do, the lanes are few. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** A failure in the middle of an import, with how far it got and that the import can be run again. */
export function interrupted(error: unknown, { accepted }: ImportTotals): unknown {
  if (!(error instanceof BarographError) || accepted === 0) return error;
  const hint = `${error.hint ?? ''} Rows are known by their request id: the same command can be run again.`.trim();
  // What is refused in the middle is the file's fault: bad use means that nothing was begun.
  const code = error.code === 'bad_use' ? 'invalid_file' : error.code;
  return new BarographError(code, `${error.message} (${accepted} rows had been accepted)`, { hint, cause: error });
}
