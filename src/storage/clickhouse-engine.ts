/**
 * The one implementation of the engine's contract, over ClickHouse's HTTP interface with the official client. It serves the
 * private server and any other alike: whoever opens it says only where the server is and who asks.
 */
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { BarographError, messageOf } from '../base/errors.js';
import { engineFailure } from './clickhouse-errors.js';
import type { Credentials } from './credentials.js';
import type {
  Engine,
  EngineHealth,
  EngineUser,
  NativeInsert,
  QueryLimits,
  Statement,
  StatementTable,
  StreamedResult,
} from './engine.js';
import { commonSettings, quoteName } from './reader-profile.js';
import { requestForm } from './request-form.js';
import { guardedBody } from './result-body.js';

export interface ClickhouseEngineOptions {
  /** Base URL of the HTTP interface, `http://host:port` or `https://host:port`. */
  readonly url: string;
  readonly database: string;
  readonly admin: Credentials;
  /** Who asks where a statement's user is `reader`; such statements are refused where there is none. */
  readonly reader?: Credentials;
  /** Most connections at once for each user; further statements wait. */
  readonly connectionsMax?: number;
}

/** Connections for each user: more queries at once than a server with dozens of cores runs well. A guess. */
const connectionsMaxDefault = 64;
/** Cancelling and health must not wait behind queries, so they have connections of their own. */
const controlConnectionsMax = 8;
/** A connection on which nothing moves for so long is given up. Long, since a DDL or a large merge may be silent. */
const silenceMsMax = 15 * 60_000;
/** How long after its own time limit a statement may go unanswered before the engine counts as gone. */
const answerGraceMs = 15_000;
const pingMsMax = 5_000;
const cancelMsMax = 30_000;
/** Largest answer of `query`, which holds it whole, bytes. */
const queryBytesMax = 512 * 1024 ** 2;

/** What reaches the server in one request. */
interface Request {
  readonly sql: string;
  readonly user: EngineUser;
  readonly queryId: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  readonly tables?: readonly StatementTable[];
  readonly format?: string;
  /** A body besides the statement, which then travels in the URL. */
  readonly blocks?: NativeInsert['blocks'];
  readonly signal?: AbortSignal;
  /** Milliseconds until the answer must have begun. */
  readonly answerMsMax?: number;
}

/**
 * Opens the engine. Nothing is sent yet: a server that is away shows in the first call, and in `health`. Throws
 * `bad_configuration` for a URL that cannot be one.
 */
export function openClickhouseEngine(options: ClickhouseEngineOptions): Engine {
  const clients = {
    admin: clientOf(options, options.admin, options.connectionsMax ?? connectionsMaxDefault),
    reader: options.reader && clientOf(options, options.reader, options.connectionsMax ?? connectionsMaxDefault),
    control: clientOf(options, options.admin, controlConnectionsMax),
  };

  async function send(request: Request): Promise<StreamedResult> {
    const client = clients[request.user];
    if (client === undefined) throw noReader();
    return sendThrough(client, request, () => void cancel(request.queryId).catch(() => {}));
  }

  async function cancel(queryId: string): Promise<boolean> {
    const sql = 'KILL QUERY WHERE query_id = {queryId:String} SYNC';
    const request: Request = {
      sql,
      user: 'admin',
      queryId: randomUUID(),
      params: { queryId },
      format: 'JSONEachRow',
      answerMsMax: cancelMsMax,
    };
    const { body } = await sendThrough(clients.control, request, () => {});
    return (await wholeBody(body)).length > 0;
  }

  return {
    database: options.database,
    cancel,
    stream: (statement, format) => send(requestOf(statement, format)),
    async query<Row>(statement: Statement): Promise<Row[]> {
      const { body } = await send(requestOf(statement, 'JSONEachRow'));
      const lines = (await wholeBody(body)).toString('utf8').split('\n');
      return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Row);
    },
    async command(statement) {
      const settings = { ...intoShards, insert_deduplication_token: uniqueToken(), ...statement.settings };
      const readOnly = statement.user === 'reader';
      await drained((await send(requestOf(readOnly ? statement : { ...statement, settings }))).body);
    },
    async insert(insert) {
      await drained((await send(insertRequestOf(options.database, insert))).body);
    },
    health: () => healthOf(clients.control),
    async close() {
      await Promise.all([clients.admin.close(), clients.reader?.close(), clients.control.close()]);
    },
  };
}

function clientOf(options: ClickhouseEngineOptions, user: Credentials, connectionsMax: number): ClickHouseClient {
  try {
    return createClient({
      url: options.url,
      username: user.username,
      password: user.password,
      database: options.database,
      application: 'barograph',
      max_open_connections: connectionsMax,
      request_timeout: silenceMsMax,
      log: { level: ClickHouseLogLevel.OFF },
    });
  } catch (cause) {
    throw new BarographError('bad_configuration', `The engine's URL is not valid: ${messageOf(cause)}`, { cause });
  }
}

function requestOf(statement: Statement, format?: string): Request {
  const user = statement.user ?? 'admin';
  const timeMs = statement.limits?.timeMs;
  return {
    sql: statement.sql,
    user,
    queryId: statement.queryId ?? randomUUID(),
    settings: {
      // The reader's profile says the same, and a reader may change nothing but its limits.
      ...(user === 'admin' ? commonSettings : {}),
      ...limitSettings(statement.limits),
      ...statement.settings,
    },
    ...(statement.params === undefined ? {} : { params: statement.params }),
    ...(statement.tables === undefined ? {} : { tables: statement.tables }),
    ...(statement.signal === undefined ? {} : { signal: statement.signal }),
    ...(format === undefined ? {} : { format }),
    ...(timeMs === undefined ? {} : { answerMsMax: timeMs + answerGraceMs }),
  };
}

function limitSettings({
  timeMs,
  memoryBytes,
  resultRows,
  readRows,
}: QueryLimits = {}): Record<string, string | number> {
  return {
    ...(timeMs === undefined ? {} : { max_execution_time: timeMs / 1000 }),
    ...(memoryBytes === undefined ? {} : { max_memory_usage: memoryBytes }),
    ...(resultRows === undefined ? {} : { max_result_rows: resultRows }),
    ...(readRows === undefined ? {} : { max_rows_to_read: readRows }),
  };
}

function insertRequestOf(database: string, insert: NativeInsert): Request {
  const columns = insert.columns.map(quoteName).join(', ');
  return {
    sql: `INSERT INTO ${quoteName(database)}.${quoteName(insert.table)} (${columns}) FORMAT Native`,
    user: 'admin',
    queryId: insert.queryId ?? randomUUID(),
    blocks: insert.blocks,
    settings: {
      async_insert: 0,
      ...intoShards,
      insert_deduplication_token: insert.deduplicationToken ?? uniqueToken(),
      ...insert.settings,
    },
    ...(insert.signal === undefined ? {} : { signal: insert.signal }),
  };
}

/** Sends one request and waits until its answer begins. `onAbandoned` must stop the query in the engine. */
async function sendThrough(
  client: ClickHouseClient,
  request: Request,
  onAbandoned: () => void,
): Promise<StreamedResult> {
  const { signal, answerMsMax } = request;
  if (signal?.aborted) throw cancelled();
  const late = answerMsMax === undefined ? undefined : AbortSignal.timeout(answerMsMax);
  const signals = [signal, late].filter((s) => s !== undefined);
  try {
    const answer = await client.exec({
      ...payloadOf(request),
      query_id: request.queryId,
      clickhouse_settings: { ...request.settings },
      ...(signals.length === 0 ? {} : { abort_signal: AbortSignal.any(signals) }),
    });
    const tag = answer.response_headers['x-clickhouse-exception-tag'];
    const body = guardedBody(answer.stream, typeof tag === 'string' ? tag : undefined, onAbandoned);
    if (signal !== undefined) destroyOnAbort(body, signal);
    const contentType = String(answer.response_headers['content-type'] ?? 'application/octet-stream');
    return { queryId: request.queryId, contentType, body };
  } catch (error) {
    if (signal?.aborted || late?.aborted) onAbandoned();
    if (signal?.aborted) throw cancelled();
    if (late?.aborted) throw unanswered(answerMsMax!);
    throw engineFailure(error);
  }
}

/** The statement with its parameters or blocks, in the form that the client's `exec` takes. */
function payloadOf(request: Request): { query: string; values?: Readable; http_headers: Record<string, string> } {
  const headers = request.format === undefined ? {} : { 'X-ClickHouse-Format': request.format };
  if (request.blocks !== undefined) {
    return { query: request.sql, values: Readable.from(request.blocks), http_headers: headers };
  }
  // An empty statement keeps the client from putting it into the URL; ClickHouse takes it from the form.
  const form = requestForm(request.sql, request.params ?? {}, request.tables ?? []);
  return {
    query: '',
    values: Readable.from(form.parts),
    http_headers: { ...headers, 'Content-Type': form.contentType },
  };
}

function destroyOnAbort(body: Readable, signal: AbortSignal): void {
  const abort = () => body.destroy(cancelled());
  signal.addEventListener('abort', abort, { once: true });
  body.once('close', () => signal.removeEventListener('abort', abort));
}

/** On a cluster an insert has ended when the shards have its rows, not when the node that took it has put them aside. */
const intoShards = { distributed_foreground_insert: 1 };

/**
 * Makes an insert unlike every other. Without a token ClickHouse drops one whose rows merely equal those of an earlier one, and
 * which setting turns that off differs from version to version.
 */
const uniqueToken = (): string => randomUUID();

async function wholeBody(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > queryBytesMax) {
      throw new BarographError('query_too_large', `The answer is larger than ${queryBytesMax} bytes.`, {
        hint: 'Ask for fewer rows or columns, or read the answer as a stream.',
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function drained(body: Readable): Promise<void> {
  body.resume();
  await finished(body);
}

async function healthOf(client: ClickHouseClient): Promise<EngineHealth> {
  try {
    const request: Request = {
      sql: 'SELECT version() AS version',
      user: 'admin',
      queryId: randomUUID(),
      format: 'JSONEachRow',
      answerMsMax: pingMsMax,
    };
    const { body } = await sendThrough(client, request, () => {});
    const { version } = JSON.parse((await wholeBody(body)).toString('utf8')) as { version: string };
    return { ok: true, version };
  } catch (error) {
    return { ok: false, reason: messageOf(error) };
  }
}

const cancelled = () => new BarographError('query_cancelled', 'The statement was cancelled by its sender.');

const unanswered = (ms: number) =>
  new BarographError('engine_unavailable', `The engine did not answer within ${ms} ms.`, { retryAfterSeconds: 1 });

const noReader = () =>
  new BarographError('query_not_allowed', 'This ClickHouse has no user for reading configured.', {
    hint: 'Create a user that may only select from the database, and configure its name and password as the reader.',
  });
