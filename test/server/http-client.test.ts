import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BarographError } from '../../src/base/errors.js';
import { createHttpClient, queryText, type Retry, retryDelayMs } from '../../src/server/cli/http-client.js';
import { type Fault, withFakeApi } from './import-fake-api.js';

const row = { method: 'POST', path: '/api/ml/predictions', body: Buffer.from('{"request_id":"a"}\n') } as const;

/** A clock that a test moves: sleeping only notes how long. */
function fakeClock() {
  const clock = {
    ms: 0,
    nowMs: () => clock.ms,
    sleep: async (ms: number) => {
      clock.ms += ms;
    },
  };
  return clock;
}

const unavailable: Fault = {
  status: 503,
  body: '{"error":{"code":"log_full","message":"full"}}',
  headers: { 'retry-after': '7' },
};

async function sendThrough(faultOf: (attempt: number) => Fault, patienceMs = 60_000) {
  const clock = fakeClock();
  const retries: Retry[] = [];
  return withFakeApi(async (api) => {
    const client = createHttpClient({ url: api.url, patienceMs, clock, onRetry: (retry) => retries.push(retry) });
    try {
      const outcome = await client.send(row).catch((error: unknown) => error as BarographError);
      return { outcome, retries, attempts: api.attempts };
    } finally {
      await client.close();
    }
  }, faultOf);
}

describe('a request is sent again', () => {
  test('after 503 and 429, when Retry-After says', async () => {
    const { outcome, retries } = await sendThrough((attempt) => (attempt <= 2 ? unavailable : 'take'));
    assert.equal((outcome as { status: number }).status, 200);
    assert.deepEqual(
      retries.map(({ waitMs, reason }) => [waitMs, reason]),
      [
        [7000, 'full'],
        [7000, 'full'],
      ],
    );
  });

  test('after a connection that broke off', async () => {
    const { outcome, retries } = await sendThrough((attempt) => (attempt === 1 ? 'break' : 'take'));
    assert.equal((outcome as { status: number }).status, 200);
    assert.equal(retries.length, 1);
  });

  test('after a failure of a proxy that names no code', async () => {
    const { outcome } = await sendThrough((attempt) => (attempt === 1 ? { status: 502, body: '<html>' } : 'take'));
    assert.equal((outcome as { status: number }).status, 200);
  });

  test('until its patience ends, and the last answer is given', async () => {
    const { outcome, attempts } = await sendThrough(() => unavailable, 15_000);
    assert.equal((outcome as { status: number }).status, 503);
    assert.equal(attempts, 3);
  });
});

test('an answer that the registry knows to be final is not asked for again', async () => {
  const { attempts } = await sendThrough(() => ({
    status: 500,
    body: '{"error":{"code":"internal","message":"defect"}}',
  }));
  assert.equal(attempts, 1);
});

test('where nothing listens the failure is server_unreachable', async () => {
  const url = await withFakeApi(async (api) => api.url);
  const client = createHttpClient({ url, patienceMs: 0 });
  await assert.rejects(client.send(row), {
    code: 'server_unreachable',
    message: `no answer from ${url}: nothing listens there`,
  });
  await client.close();
});

test('a failed answer becomes an error with the code, the message and the hint of the server', async () => {
  const body = '{"error":{"code":"bad_request","message":"every: got 1x","hint":"say 1d"}}';
  await withFakeApi(
    async ({ url }) => {
      const client = createHttpClient({ url });
      const error = await client.json(row).catch((thrown: unknown) => thrown as BarographError);
      assert.ok(error instanceof BarographError);
      assert.deepEqual([error.code, error.message, error.hint], ['bad_request', 'every: got 1x', 'say 1d']);
      await client.close();
    },
    () => ({ status: 400, body }),
  );
});

test('a page that is not of the API is an unexpected answer', async () => {
  await withFakeApi(
    async ({ url }) => {
      const client = createHttpClient({ url });
      await assert.rejects(client.json(row), {
        code: 'unexpected_answer',
        message: /answered with 404 "<html>no<\/html>"/,
      });
      await client.close();
    },
    () => ({ status: 404, body: '<html>no</html>' }),
  );
});

test('bodies are compressed when asked for, and arrive as they were', async () => {
  await withFakeApi(async ({ url, rows }) => {
    const client = createHttpClient({ url, compress: true });
    const id = 'x'.repeat(2000);
    await client.json({ ...row, body: Buffer.from(`{"request_id":"${id}"}`) });
    assert.ok(rows.has(id));
    await client.close();
  });
});

test('a URL that is none is refused', () => {
  for (const url of ['localhost:4800', 'ftp://localhost', ''])
    assert.throws(() => createHttpClient({ url }), { code: 'bad_use' });
});

test('the wait doubles up to ten seconds, and Retry-After goes before it up to a minute', () => {
  const most = (attempt: number) => retryDelayMs(attempt, undefined, () => 1);
  assert.deepEqual([1, 2, 3, 8, 50].map(most), [100, 200, 400, 10_000, 10_000]);
  assert.equal(
    retryDelayMs(1, undefined, () => 0),
    50,
  );
  assert.equal(retryDelayMs(1, '0'), 0);
  assert.equal(retryDelayMs(1, '2.5'), 2500);
  assert.equal(retryDelayMs(1, '86400'), 60_000);
  assert.equal(retryDelayMs(1, 'Thu, 01 Jan 1970 00:00:00 GMT'), 0);
  assert.equal(
    retryDelayMs(1, 'soon', () => 1),
    100,
  );
});

test('query parameters that are absent are left out, the others are escaped', () => {
  assert.equal(queryText({ a: 'x y&z', b: undefined, c: 1 }), '?a=x+y%26z&c=1');
  assert.equal(queryText({ a: undefined }), '');
});
