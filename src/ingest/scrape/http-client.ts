/**
 * Requests to targets and discoveries, over connections that are kept between scrapes. Credentials and certificates in files are read
 * for every request, so that they can be renewed at any time. Credentials go to the host that was configured, not to one that it redirects to.
 */
import { readFile } from 'node:fs/promises';
import { Agent, type Dispatcher, request } from 'undici';
import { BarographError, isBarographError, messageOf } from '../../base/errors.js';
import { decodedBody, parseContentEncoding } from '../../protocols/content-encoding.js';
import type { Authorization, HttpClientConfig, TextSource, TlsConfig, TlsVersion } from './http-client-config.js';

export interface HttpGet {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Most bytes of the body once decompressed; also the most as sent. */
  readonly bodyBytesMax: number;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly contentType: string | undefined;
  /** Decompressed. */
  readonly body: Buffer;
}

export interface HttpClient {
  /**
   * The answer with status 200. Fails with `scrape_failed` where there is none (no connection, another status, a body that is
   * too large or broken, a file of credentials that cannot be read), and with the signal's reason where it aborts.
   */
  get(get: HttpGet): Promise<HttpAnswer>;
  /** Breaks off what is going on. */
  close(): Promise<void>;
}

/** As Go's client has it. */
const redirectsMax = 10;
const redirectStatuses = new Set([301, 302, 303, 307, 308]);
/** How long a connection is kept that nobody uses, as Prometheus' client has it. */
const idleConnectionMs = 300_000;

export function createHttpClient(config: HttpClientConfig): HttpClient {
  const agents = createAgents(config.tls);
  return {
    get: (get) => followed(get, config, agents),
    close: () => agents.close(),
  };
}

async function followed(get: HttpGet, config: HttpClientConfig, agents: Agents): Promise<HttpAnswer> {
  const authorization = await authorizationHeader(config.authorization);
  const { host } = new URL(get.url);
  let url = get.url;
  for (let redirects = 0; ; redirects++) {
    const isAtHome = new URL(url).host === host;
    const headers = isAtHome && authorization !== undefined ? { ...get.headers, authorization } : get.headers;
    const answer = await requested(url, headers, get.signal, await agents.current());
    const location = answer.headers.location;
    if (!(config.followRedirects && redirectStatuses.has(answer.statusCode) && typeof location === 'string'))
      return await readAnswer(answer, get);
    await answer.body.dump();
    if (redirects === redirectsMax) throw failure(`redirected more than ${redirectsMax} times`);
    if (!URL.canParse(location, url)) throw failure(`redirected to ${location}, which is no URL`);
    url = new URL(location, url).href;
  }
}

async function requested(
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
  dispatcher: Dispatcher,
): Promise<Dispatcher.ResponseData> {
  const send = () => request(url, { dispatcher, headers: { ...headers }, signal });
  try {
    // A connection that was kept may be closed by the other side just as it is used again; that is no failure of the target.
    return await send().catch((error: unknown) => (isBrokenConnection(error) ? send() : Promise.reject(error)));
  } catch (error) {
    throw signal.aborted ? signal.reason : failure(connectionMessage(error), error);
  }
}

const isBrokenConnection = (error: unknown): boolean =>
  ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes((error as { code?: string }).code ?? '');

/** Node tries every address of a name, and then says of each why not, in an error without a message. */
function connectionMessage(error: unknown): string {
  const causes = error instanceof AggregateError ? (error.errors as unknown[]) : [error];
  return causes.map(messageOf).join('; ');
}

async function readAnswer(answer: Dispatcher.ResponseData, { bodyBytesMax, signal }: HttpGet): Promise<HttpAnswer> {
  const { statusCode, headers, body } = answer;
  try {
    if (statusCode !== 200) throw failure(`the server answered with HTTP status ${statusCode}`);
    const pieces: Uint8Array[] = [];
    const encoding = parseContentEncoding(textHeader(headers['content-encoding']));
    for await (const piece of decodedBody(body, {
      encoding,
      encodedBytesMax: bodyBytesMax,
      decodedBytesMax: bodyBytesMax,
    }))
      pieces.push(piece);
    return { contentType: textHeader(headers['content-type']), body: Buffer.concat(pieces) };
  } catch (error) {
    // What is left of the body would hold up the connection.
    body.on('error', () => {}).destroy();
    if (signal.aborted) throw signal.reason;
    if (isBarographError(error, 'scrape_failed')) throw error;
    if (isBarographError(error, 'body_too_large')) throw bodyTooLarge(bodyBytesMax);
    throw failure(messageOf(error), error);
  }
}

/** What a scrape fails with whose body is over its limit. */
const bodyTooLarge = (bodyBytesMax: number): BarographError =>
  new BarographError('body_too_large', `the body has more than ${bodyBytesMax} bytes, its limit (body_size_limit)`);

const textHeader = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join(', ') : value;

const failure = (message: string, cause?: unknown): BarographError =>
  new BarographError('scrape_failed', message, { cause });

async function authorizationHeader(authorization: Authorization | undefined): Promise<string | undefined> {
  if (authorization === undefined) return undefined;
  if (authorization.kind === 'credentials')
    return `${authorization.type} ${await readTextSource(authorization.credentials)}`;
  const [username, password] = await Promise.all([
    readTextSource(authorization.username),
    readTextSource(authorization.password),
  ]);
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}

/** A file's text is taken without the blanks around it, as Prometheus takes it: editors end files with a line break. */
async function readTextSource(source: TextSource): Promise<string> {
  if ('text' in source) return source.text;
  try {
    return (await readFile(source.file, 'utf8')).trim();
  } catch (error) {
    throw failure(`${source.file} cannot be read: ${messageOf(error)}`, error);
  }
}

interface Agents {
  /** The agent with the certificates as they are now. */
  current(): Promise<Dispatcher>;
  close(): Promise<void>;
}

/** One agent at a time, replaced when a file of its certificates changes. */
function createAgents(tls: TlsConfig): Agents {
  let agent: Agent | undefined;
  let loaded: string | undefined;
  let isClosed = false;
  return {
    async current() {
      const [ca, cert, key] = await Promise.all(
        [tls.ca, tls.cert, tls.key].map((source) => source && readTextSource(source)),
      );
      const state = JSON.stringify([ca, cert, key]);
      if (isClosed) throw failure('the client was closed');
      if (agent === undefined || state !== loaded) {
        // Requests that go on with the old certificates end by themselves.
        void agent?.close();
        agent = createAgent(tls, ca, cert, key);
        loaded = state;
      }
      return agent;
    },
    async close() {
      isClosed = true;
      await agent?.destroy();
    },
  };
}

const nodeTlsVersions = {
  TLS10: 'TLSv1',
  TLS11: 'TLSv1.1',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
} as const satisfies Record<TlsVersion, string>;

function createAgent(tls: TlsConfig, ca: string | undefined, cert: string | undefined, key: string | undefined): Agent {
  return new Agent({
    keepAliveTimeout: idleConnectionMs,
    keepAliveMaxTimeout: idleConnectionMs,
    // The signal of a request bounds all of it.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: {
      timeout: 0,
      rejectUnauthorized: !tls.insecureSkipVerify,
      minVersion: nodeTlsVersions[tls.minVersion],
      ...(tls.maxVersion === undefined ? {} : { maxVersion: nodeTlsVersions[tls.maxVersion] }),
      ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    },
  });
}
