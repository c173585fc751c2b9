/** A whole server for the tests of one file, in a temporary folder on a free port. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { createLog } from '../../src/server/cli/log.js';
import type { Configuration } from '../../src/server/configuration.js';
import { loadConfiguration } from '../../src/server/configuration-loading.js';
import { serve } from '../../src/server/serve.js';
import { temporaryFolder } from '../storage/test-engine.js';

export interface Answer<Body = unknown> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

export interface TestServer {
  readonly url: string;
  readonly folder: string;
  readonly configuration: Configuration;
  get<Body>(path: string, headers?: Record<string, string>): Promise<Answer<Body>>;
  post<Body>(path: string, body: string | Uint8Array, headers?: Record<string, string>): Promise<Answer<Body>>;
  /** POSTs rows as NDJSON, compressed. */
  send<Body>(path: string, rows: readonly object[]): Promise<Answer<Body>>;
  /** One value of `/metrics`; 0 where the series is absent. */
  metric(name: string): Promise<number>;
  /** `parameters` of the URL, such as `?fresh=1`. */
  sql<Row>(query: string, params?: object, parameters?: string): Promise<Row[]>;
  /** Stops the server, keeping its folder. */
  halt(): Promise<void>;
  /** Stops the server and removes its folder. */
  stop(): Promise<void>;
}

export interface TestServerOptions {
  /** A folder that an earlier test server left with `halt`. */
  readonly folder?: string;
  /** Further keys, each `key=value`. */
  readonly set?: readonly string[];
  /** Path of a configuration file. */
  readonly config?: string;
  /** Whether the server may log errors: otherwise they fail the test that ends it. */
  readonly mayLogErrors?: boolean;
}

const ndjson = { 'content-type': 'application/x-ndjson' };

/** A start finds nothing in memory, and nothing comes into it but by what a test does. */
const quietAndCold = [
  'log.level=error',
  'log.format=json',
  'metrics.warm=off',
  'metrics.snapshot.bytes_max=0',
  'query.promql.rehearsal=off',
];

export async function startTestServer({
  folder: given,
  set = [],
  config,
  mayLogErrors = false,
}: TestServerOptions = {}): Promise<TestServer> {
  const folder = given ?? (await temporaryFolder());
  const load = (): Configuration =>
    loadConfiguration({
      flags: {
        data: folder,
        listen: '127.0.0.1:0',
        set: [...quietAndCold, ...set],
        ...(config === undefined ? {} : { config }),
      },
      environment: {},
      workingFolder: folder,
    });
  const configuration = load();
  const loggedErrors: string[] = [];
  const log = createLog(configuration.log, { write: (line) => loggedErrors.push(line) });
  const server = await serve(configuration, log, load);

  async function request<Body>(path: string, init: RequestInit): Promise<Answer<Body>> {
    const response = await fetch(`${server.url}${path}`, init);
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
    return { status: response.status, headers: response.headers, body: (isJson ? JSON.parse(text) : text) as Body };
  }

  const self: TestServer = {
    url: server.url,
    folder,
    configuration,
    get: (path, headers = {}) => request(path, { headers }),
    post: (path, body, headers = ndjson) => request(path, { method: 'POST', body: body as string, headers }),
    send: (path, rows) =>
      self.post(path, gzipSync(rows.map((row) => JSON.stringify(row)).join('\n')), {
        ...ndjson,
        'content-encoding': 'gzip',
      }),
    async metric(name) {
      const { body } = await self.get<string>('/metrics');
      const line = body.split('\n').find((each) => each.startsWith(`${name} `));
      return line === undefined ? 0 : Number(line.slice(name.length + 1));
    },
    async sql<Row>(query: string, params: object = {}, parameters = '') {
      const answer = await self.post<{ data: Row[] }>(
        `/api/sql${parameters}`,
        JSON.stringify({ query, params, format: 'JSON' }),
        {
          'content-type': 'application/json',
        },
      );
      if (answer.status !== 200) throw new Error(`SQL failed: ${JSON.stringify(answer.body)}`);
      return answer.body.data;
    },
    async halt() {
      await server.stop();
      if (!mayLogErrors) assert.deepEqual(loggedErrors, []);
    },
    async stop() {
      await self.halt();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return self;
}
