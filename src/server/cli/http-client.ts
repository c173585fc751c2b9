/**
 * A small client of Barograph's own HTTP API, for the commands that talk to a running server. It compresses bodies where
 * a network lies between, and sends a request again when the answer says that it can succeed later or the connection
 * broke. That is safe for every request made with it: rows are idempotent by request id, reads change nothing.
 */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type Dispatcher, Pool } from 'undici';
import { BarographError, type ErrorCode, errorKinds, messageOf } from '../../base/errors.js';

export interface HttpClientOptions {
  /** Where the server answers, `http://host:port`, with a path where a proxy puts it under one. */
  readonly url: string;
  /** Most connections, and so most requests at a time. */
  readonly connectionsMax?: number;
  /** Longest wait for one answer, milliseconds. */
  readonly answerMsMax?: number;
  /** A request is given up when its next attempt would start this long after its first failure, milliseconds. 0: never again. */
  readonly patienceMs?: number;
  /** Told of every attempt that failed and will be made again. */
  readonly onRetry?: (retry: Retry) => void;
  /** Compress bodies. Absent: unless the server is on this machine, where it costs time and saves none. */
  readonly compress?: boolean;
  readonly clock?: RetryClock;
}

export interface Retry {
  readonly attempt: number;
  readonly waitMs: number;
  readonly reason: string;
}

/** Time as retries see it, so that tests need not wait. */
export interface RetryClock {
  nowMs(): number;
  sleep(ms: number): Promise<void>;
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Query parameters; absent ones are left out. */
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: Uint8Array;
  readonly contentType?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface HttpClient {
  readonly url: string;
  /**
   * Sends a request until it has an answer that is final, and gives that answer, whatever its status.
   * Fails with `server_unreachable` when nothing answers within the patience.
   */
  send(request: HttpRequest): Promise<HttpAnswer>;
  /** As `send`, for a JSON answer of status 2xx; any other fails with the server's own code, message and hint. */
  json<T>(request: HttpRequest): Promise<T>;
  close(): Promise<void>;
}

const patienceMsDefault = 120_000;
const answerMsMaxDefault = 300_000;
/** Bodies shorter than this gain nothing from compression. */
const compressBytesMin = 1024;
const firstWaitMs = 100;
const backoffMsMax = 10_000;
/** A server may ask for a longer pause than our own back-off, but not for an endless one. */
const retryAfterMsMax = 60_000;

const realClock: RetryClock = {
  nowMs: () => performance.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/** Opens a client. Fails with `bad_use` when the URL is none. Nothing is sent yet. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const base = baseUrl(options.url);
  const answerMsMax = options.answerMsMax ?? answerMsMaxDefault;
  const pool = new Pool(base.origin, {
    connections: options.connectionsMax ?? 4,
    headersTimeout: answerMsMax,
    bodyTimeout: answerMsMax,
  });
  const prefix = base.pathname.replace(/\/+$/, '');
  const compress = options.compress ?? !isLoopback(base.hostname);

  const attempt = async (prepared: Dispatcher.RequestOptions): Promise<HttpAnswer> => {
    const { statusCode, headers, body } = await pool.request(prepared);
    return { status: statusCode, headers, text: await body.text() };
  };
  const send = async (request: HttpRequest): Promise<HttpAnswer> => {
    const prepared = await prepare(request, prefix, compress);
    return withRetries(() => attempt(prepared), `${base.origin}${prefix}`, options);
  };
  return {
    url: `${base.origin}${prefix}`,
    send,
    async json<T>(request: HttpRequest): Promise<T> {
      const answer = await send(request);
      if (answer.status < 200 || answer.status > 299) throw failureOf(request, answer);
      return parseAnswer(request, answer) as T;
    },
    close: () => pool.close(),
  };
}

function baseUrl(url: string): URL {
  const base = URL.canParse(url) ? new URL(url) : undefined;
  if (base !== undefined && (base.protocol === 'http:' || base.protocol === 'https:')) return base;
  throw new BarographError('bad_use', `the server's URL is ${JSON.stringify(url)}; wanted http://host:port`);
}

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);

const compressed = promisify<Uint8Array, { level: number }, Buffer>(gzip);

async function prepare(request: HttpRequest, prefix: string, compress: boolean): Promise<Dispatcher.RequestOptions> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (request.contentType !== undefined) headers['content-type'] = request.contentType;
  let body = request.body;
  if (compress && body !== undefined && body.length >= compressBytesMin) {
    // Level 1 is a third of the time of level 6 and leaves rows within a quarter of its size.
    body = await compressed(body, { level: 1 });
    headers['content-encoding'] = 'gzip';
  }
  const path = `${prefix}${request.path}${queryText(request.query)}`;
  return { method: request.method, path, headers, ...(body === undefined ? {} : { body }) };
}

/** The query string with its `?`, or nothing where no parameter is given. */
export function queryText(query: HttpRequest['query'] = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  if (given.length === 0) return '';
  return `?${new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)]))}`;
}

async function withRetries(
  attempt: () => Promise<HttpAnswer>,
  url: string,
  { patienceMs = patienceMsDefault, onRetry, clock = realClock }: HttpClientOptions,
): Promise<HttpAnswer> {
  let firstFailureMs: number | undefined;
  for (let attempts = 1; ; attempts++) {
    const outcome = await attempt().catch((error: unknown) => unreachable(url, error));
    const failed = outcome instanceof BarographError;
    if (!failed && !isRetryable(outcome)) return outcome;

    const waitMs = retryDelayMs(attempts, failed ? undefined : textOf(outcome.headers['retry-after']));
    const nowMs = clock.nowMs();
    firstFailureMs ??= nowMs;
    if (nowMs + waitMs - firstFailureMs > patienceMs) {
      if (failed) throw outcome;
      return outcome;
    }
    onRetry?.({ attempt: attempts, waitMs, reason: failed ? outcome.message : reasonOf(outcome) });
    await clock.sleep(waitMs);
  }
}

/** Network failures are told apart by code only; an error without one is a defect and goes on as it is. */
function unreachable(url: string, error: unknown): BarographError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  if (code === undefined) throw error;
  const why = code === 'ECONNREFUSED' ? 'nothing listens there' : messageOf(error) || code;
  return new BarographError('server_unreachable', `no answer from ${url}: ${why}`, {
    hint: 'Start a server with `barograph serve`, or name another with --url.',
    cause: error,
  });
}

/** The registry knows whether a code can succeed later; without a code, the status says it. */
function isRetryable(answer: HttpAnswer): boolean {
  if (answer.status !== 429 && answer.status < 500) return false;
  const code = errorIn(answer)?.code;
  return code === undefined || !isErrorCode(code) || errorKinds[code].retryable;
}

/**
 * How long to wait before the next attempt, milliseconds: what Retry-After says (seconds or a date, RFC 9110 10.2.3)
 * up to a minute, else a delay that doubles from 0.1 s to 10 s, of which the second half is random so that many clients do not
 * come back at once.
 */
export function retryDelayMs(attempt: number, retryAfter: string | undefined, random = Math.random): number {
  const asked = retryAfter === undefined ? undefined : retryAfterMs(retryAfter.trim());
  if (asked !== undefined) return Math.min(Math.max(asked, 0), retryAfterMsMax);
  const ceilingMs = Math.min(firstWaitMs * 2 ** (attempt - 1), backoffMsMax);
  return ceilingMs / 2 + (random() * ceilingMs) / 2;
}

function retryAfterMs(text: string): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const dateMs = Date.parse(text);
  return Number.isNaN(dateMs) ? undefined : dateMs - Date.now();
}

/** The failure that an answer of another status than 2xx stands for, in the server's own words. */
export function failureOf(request: HttpRequest, answer: HttpAnswer): BarographError {
  const error = errorIn(answer);
  const place = `${request.method} ${request.path}`;
  if (error !== undefined && isErrorCode(error.code)) {
    return new BarographError(error.code, error.message, error.hint === undefined ? {} : { hint: error.hint });
  }
  const said = error === undefined ? excerpt(answer.text) : `${error.code}: ${error.message}`;
  return new BarographError('unexpected_answer', `${place} was answered with ${answer.status} ${said}`.trim(), {
    hint: 'Is this the address of a Barograph of this version?',
  });
}

/** The answer's JSON. Fails with `unexpected_answer` when it is none. */
export function parseAnswer(request: HttpRequest, answer: HttpAnswer): unknown {
  try {
    return JSON.parse(answer.text);
  } catch (error) {
    const place = `${request.method} ${request.path}`;
    const got = `${place} was answered with ${answer.status} and a body that is not JSON: ${excerpt(answer.text)}`;
    throw new BarographError('unexpected_answer', got, { cause: error });
  }
}

interface AnsweredError {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

function errorIn(answer: HttpAnswer): AnsweredError | undefined {
  try {
    const { error } = JSON.parse(answer.text) as { error?: Partial<AnsweredError> };
    if (typeof error?.code !== 'string' || typeof error.message !== 'string') return undefined;
    return error as AnsweredError;
  } catch {
    // A proxy's page, or nothing at all: the status has to do.
    return undefined;
  }
}

const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(errorKinds, code);

const reasonOf = (answer: HttpAnswer): string => errorIn(answer)?.message ?? `the server answered ${answer.status}`;

const textOf = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header[0] : header;

const excerpt = (text: string): string => JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text);
