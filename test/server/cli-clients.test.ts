import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { askReadiness } from '../../src/server/cli/status-run.js';
import { type CliOptions, runCli, startCli } from './cli-process.js';

/** Runs `work` against a server of ours that stands in for the network's other end. */
async function withServer<T>(listener: RequestListener, work: (url: string) => Promise<T>): Promise<T> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const answer =
  (status: number, body: unknown): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };

const readiness = {
  ready: true,
  version: '1.2.3',
  problems: [],
  engine: { ok: true, state: 'running', version: '26.7.3' },
  logs: {
    events: { bytes: 1_572_864, bytes_max: 10 * 2 ** 30, waiting_rows: 0, appender: 'idle' },
    metrics: { bytes: 0, bytes_max: 10 * 2 ** 30, waiting_rows: 0, appender: 'storing' },
  },
};

test('status of a ready server tells its parts and succeeds', async () => {
  await withServer(answer(200, readiness), async (url) => {
    const { code, stdout } = await runCli(['status', '--url', url]);
    assert.equal(code, 0);
    assert.equal(
      stdout,
      `Barograph 1.2.3 at ${url} is ready\n` +
        '  engine    running, ClickHouse 26.7.3\n' +
        '  events    log 1.5 MiB of 10 GiB, no row waits for the engine, appender idle\n' +
        '  metrics   log 0 B of 10 GiB, no row waits for the engine, appender storing\n',
    );
  });
});

test('status of a server that is not ready tells what is wrong, in words or as JSON, and fails', async () => {
  const logs = { ...readiness.logs, events: { ...readiness.logs.events, waiting_rows: 12 } };
  const unready = { ...readiness, ready: false, problems: ['the engine does not answer: it was killed'], logs };
  await withServer(answer(503, unready), async (url) => {
    const [words, json] = await Promise.all(
      [[], ['--json']].map((more) => runCli(['status', '--url', `${url}/`, ...more])),
    );
    assert.equal(words?.code, 1);
    assert.match(words.stdout, / is not ready\n {2}problem {3}the engine does not answer: it was killed\n/);
    assert.match(words.stdout, /12 rows wait for the engine/);
    assert.equal(json?.code, 1);
    assert.deepEqual(JSON.parse(json.stdout), unready);
  });
});

test('status finds the server where the configuration listens', async () => {
  await withServer(answer(200, readiness), async (url) => {
    const environment = { BAROGRAPH_LISTEN: `0.0.0.0:${new URL(url).port}` };
    assert.equal((await runCli(['status'], { environment })).code, 0);
  });
});

test('where nothing listens, status and sql say so and fail', async () => {
  const url = await withServer(answer(200, {}), (url) => Promise.resolve(url));
  for (const args of [['status'], ['sql', 'select 1']]) {
    const { code, stdout, stderr } = await runCli([...args, '--url', url]);
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(
      stderr,
      /^error server_unreachable: no answer from http:.*\nhint: Start a server with `barograph serve`/,
    );
  }
});

test('where another program listens, status says so', async () => {
  await withServer(answer(404, { nothing: 'here' }), async (url) => {
    await assert.rejects(askReadiness(url), {
      code: 'unexpected_answer',
      message: /gives no report at \/readyz, but status 404/,
    });
  });
});

/** What `sql` sent, and what it printed of the answer "x\n". */
async function sentBySql(args: readonly string[], options: CliOptions = {}) {
  let sent: unknown;
  const listener = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    sent = { method: request.method, url: request.url, body: JSON.parse(await text(request)) };
    response.end('x\n');
  };
  return withServer(
    (request, response) => void listener(request, response),
    async (url) => {
      const run = await runCli(['sql', ...args, '--url', url], options);
      assert.deepEqual(run, { code: 0, stdout: 'x\n', stderr: '' });
      return sent;
    },
  );
}

test('sql sends the statement of its argument with parameters and a format, and prints the answer', async () => {
  const args = ['select {a:Int32}, {b:String}', '--param', 'a=1', '--param', 'b=x=y', '--format', 'CSV'];
  assert.deepEqual(await sentBySql(args), {
    method: 'POST',
    url: '/api/sql',
    body: { query: 'select {a:Int32}, {b:String}', params: { a: '1', b: 'x=y' }, format: 'CSV' },
  });
});

test('sql reads its statement from a file or from the standard input', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'barograph-sql-'));
  try {
    writeFileSync(join(folder, 'q.sql'), 'select 2\n');
    const expected = (query: string) => ({
      method: 'POST',
      url: '/api/sql',
      body: { query, params: {}, format: 'TabSeparatedWithNames' },
    });
    assert.deepEqual(await sentBySql(['-f', 'q.sql'], { workingFolder: folder }), expected('select 2\n'));
    assert.deepEqual(await sentBySql([], { input: 'select 3\n' }), expected('select 3\n'));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('sql tells the code, the message and the hint of a refused statement, and fails', async () => {
  const error = { code: 'query_not_allowed', message: 'file() is not allowed', hint: 'Read tables only.' };
  await withServer(answer(403, { error }), async (url) => {
    const { code, stdout, stderr } = await runCli(['sql', "select file('x')", '--url', url]);
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.equal(stderr, 'error query_not_allowed: file() is not allowed\nhint: Read tables only.\n');
  });
});

test('sql prints what came of an answer that breaks off, and fails', async () => {
  const breakOff: RequestListener = (_request, response) => {
    response.write('1\n2\n', () => response.destroy());
  };
  await withServer(breakOff, async (url) => {
    const { code, stdout, stderr } = await runCli(['sql', 'select 1', '--url', url]);
    assert.equal(code, 1);
    assert.equal(stdout, '1\n2\n');
    assert.match(stderr, /^error server_unreachable: the answer of .* broke off/);
  });
});

test('sql ends quietly, and lets go of the server, when its reader has seen enough', async () => {
  let released = Promise.resolve();
  const endless: RequestListener = (_request, response) => {
    released = once(response, 'close').then(() => {});
    const write = (): void => {
      while (response.write('1\n'.repeat(10_000)));
      response.once('drain', write);
    };
    write();
  };
  await withServer(endless, async (url) => {
    const child = startCli(['sql', 'select 1', '--url', url]);
    child.stdin.end();
    const exited = once(child, 'exit');
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const [[code], stderr] = await Promise.all([exited, text(child.stderr)]);
    await released;
    assert.equal(stderr, '');
    assert.equal(code, 0);
  });
});
