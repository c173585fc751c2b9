import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import type { ServerOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { isBarographError } from '../../../src/base/errors.js';
import { createHttpClient, type HttpClient } from '../../../src/ingest/scrape/http-client.js';
import type { HttpClientConfig } from '../../../src/ingest/scrape/http-client-config.js';
import { startTestTarget, type TestTarget } from './test-target.js';

const fixtures = join(import.meta.dirname, '../../../../test/ingest/scrape/fixtures');
const fixture = (name: string): string => join(fixtures, name);
const plainTls: HttpClientConfig['tls'] = {
  ca: undefined,
  cert: undefined,
  key: undefined,
  serverName: undefined,
  insecureSkipVerify: false,
  minVersion: 'TLS12',
  maxVersion: undefined,
};
const plain: HttpClientConfig = { authorization: undefined, tls: plainTls, followRedirects: true };
const trusting: HttpClientConfig = { ...plain, tls: { ...plainTls, ca: { file: fixture('ca.pem') } } };

const ok: RequestListener = (_, response) => response.end('ok');

/** Runs with a server and a client, and closes both. */
async function withClient(
  config: HttpClientConfig,
  answer: RequestListener,
  run: (client: HttpClient, target: TestTarget) => Promise<void>,
  tls?: ServerOptions,
): Promise<void> {
  const target = await startTestTarget(answer, tls);
  const client = createHttpClient(config);
  try {
    await run(client, target);
  } finally {
    await client.close();
    await target.close();
  }
}

const get = async (client: HttpClient, url: string, rest: { bodyBytesMax?: number; signal?: AbortSignal } = {}) => {
  const signal = rest.signal ?? new AbortController().signal;
  const { body } = await client.get({ url, headers: { 'x-test': '1' }, bodyBytesMax: 1000, ...rest, signal });
  return body.toString('utf8');
};

const failsWith = (message: RegExp) => (error: unknown) =>
  isBarographError(error, 'scrape_failed') && message.test(error.message);

describe('the client of scrapes', () => {
  it('keeps its connection for the next request', () =>
    withClient(plain, ok, async (client, target) => {
      for (let i = 0; i < 3; i++) {
        assert.equal(await get(client, `http://${target.address}/m?a=b`), 'ok');
        // The connection is free a moment after the body has ended.
        await new Promise(setImmediate);
      }
      assert.equal(target.connections(), 1);
      assert.deepEqual([target.requests[0]?.url, target.requests[0]?.headers['x-test']], ['/m?a=b', '1']);
    }));

  it('asks again where a kept connection was closed', () => {
    let requests = 0;
    return withClient(
      plain,
      (request, response) => {
        // The connection is broken off in place of the second answer.
        if (++requests === 2) response.destroy();
        else ok(request, response);
      },
      async (client, target) => {
        assert.equal(await get(client, `http://${target.address}/`), 'ok');
        assert.equal(await get(client, `http://${target.address}/`), 'ok');
        assert.equal(target.connections(), 2);
      },
    );
  });

  it('unpacks gzip', () =>
    withClient(
      plain,
      (_, response) => response.setHeader('content-encoding', 'gzip').end(gzipSync('text')),
      async (client, target) => assert.equal(await get(client, `http://${target.address}/`), 'text'),
    ));

  it('takes a body of its limit, and refuses one byte more, packed or not', () =>
    withClient(
      plain,
      (request, response) => {
        const body = Buffer.alloc(Number(request.url?.slice(1)), 'x');
        const isPacked = request.headers['x-test'] === '1' && body.length > 2_000;
        if (isPacked) response.setHeader('content-encoding', 'gzip');
        response.end(isPacked ? gzipSync(body) : body);
      },
      async (client, target) => {
        const url = `http://${target.address}`;
        assert.equal((await get(client, `${url}/1000`)).length, 1000);
        assert.equal((await get(client, `${url}/5000`, { bodyBytesMax: 5000 })).length, 5000);
        for (const size of [1001, 100_000])
          await assert.rejects(get(client, `${url}/${size}`), (error) => isBarographError(error, 'body_too_large'));
        assert.equal((await get(client, `${url}/10`)).length, 10);
      },
    ));

  it('fails with the status of another answer', () =>
    withClient(
      plain,
      (_, response) => response.writeHead(503).end('no'),
      async (client, target) => {
        await assert.rejects(get(client, `http://${target.address}/`), failsWith(/HTTP status 503/));
      },
    ));

  it('fails where nothing listens, and says so', async () => {
    const target = await startTestTarget(ok);
    await target.close();
    const client = createHttpClient(plain);
    await assert.rejects(get(client, `http://${target.address}/`), failsWith(/ECONNREFUSED/));
    await client.close();
  });

  it('fails with the reason of its signal', () =>
    withClient(
      plain,
      () => {},
      async (client, target) => {
        const abort = new AbortController();
        const asked = get(client, `http://${target.address}/`, { signal: abort.signal });
        const reason = new Error('enough');
        abort.abort(reason);
        await assert.rejects(asked, reason);
      },
    ));

  it('fails with that reason in the middle of a body, too', () => {
    const abort = new AbortController();
    return withClient(
      plain,
      (_, response) => {
        response.write('beginning');
        abort.abort(new Error('enough'));
      },
      async (client, target) => {
        await assert.rejects(get(client, `http://${target.address}/`, { signal: abort.signal }), /enough/);
      },
    );
  });

  it('fails where a body breaks off', () =>
    withClient(
      plain,
      (_, response) => {
        response.writeHead(200, { 'content-length': 100 });
        response.write('half');
        setImmediate(() => response.destroy());
      },
      async (client, target) => {
        await assert.rejects(get(client, `http://${target.address}/`), failsWith(/broke off/));
      },
    ));
});

describe('redirects', () => {
  const redirecting: RequestListener = (request, response) => {
    if (request.url === '/a') response.writeHead(302, { location: 'b' }).end();
    else if (request.url === '/loop') response.writeHead(302, { location: '/loop' }).end();
    else response.end(`at ${request.url}`);
  };

  it('are followed', () =>
    withClient(plain, redirecting, async (client, target) =>
      assert.equal(await get(client, `http://${target.address}/a`), 'at /b'),
    ));

  it('are a failure where they are not to be followed', () =>
    withClient({ ...plain, followRedirects: false }, redirecting, async (client, target) => {
      await assert.rejects(get(client, `http://${target.address}/a`), failsWith(/HTTP status 302/));
    }));

  it('end after ten', () =>
    withClient(plain, redirecting, async (client, target) => {
      await assert.rejects(get(client, `http://${target.address}/loop`), failsWith(/more than 10 times/));
      assert.equal(target.requests.length, 11);
    }));

  it('take no credentials to another host', async () => {
    const other = await startTestTarget(ok);
    const authorization = { kind: 'credentials', type: 'Bearer', credentials: { text: 's' } } as const;
    const answer: RequestListener = (request, response) => {
      const location = request.url === '/here' ? '/there' : `http://${other.address}/`;
      response.writeHead(307, { location }).end();
    };
    await withClient({ ...plain, authorization }, answer, async (client, target) => {
      assert.equal(await get(client, `http://${target.address}/here`), 'ok');
      assert.deepEqual(
        target.requests.map(({ headers }) => headers.authorization),
        ['Bearer s', 'Bearer s'],
      );
      assert.equal(other.requests[0]?.headers.authorization, undefined);
      assert.equal(other.requests[0]?.headers['x-test'], '1');
    });
    await other.close();
  });
});

describe('credentials', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'barograph-scrape-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('of basic_auth are sent as name and password', () =>
    withClient(
      { ...plain, authorization: { kind: 'basic', username: { text: 'mé' }, password: { text: 'p:w' } } },
      ok,
      async (client, target) => {
        await get(client, `http://${target.address}/`);
        const header = target.requests[0]?.headers.authorization ?? '';
        assert.equal(header.slice(0, 6), 'Basic ');
        assert.equal(Buffer.from(header.slice(6), 'base64').toString('utf8'), 'mé:p:w');
      },
    ));

  it('in a file are read for every request', async () => {
    const file = join(folder, 'token');
    const authorization = { kind: 'credentials', type: 'Token', credentials: { file } } as const;
    await withClient({ ...plain, authorization }, ok, async (client, target) => {
      const url = `http://${target.address}/`;
      await assert.rejects(get(client, url), failsWith(/token cannot be read: ENOENT/));
      for (const token of ['one', 'two']) {
        await writeFile(file, `${token}\n`);
        await get(client, url);
      }
      assert.deepEqual(
        target.requests.map(({ headers }) => headers.authorization),
        ['Token one', 'Token two'],
      );
    });
  });
});

describe('TLS', () => {
  const server = { key: readFileSync(fixture('server-key.pem')), cert: readFileSync(fixture('server.pem')) };

  it('trusts the authority that is named', () =>
    withClient(
      trusting,
      ok,
      async (client, target) => assert.equal(await get(client, `https://${target.address}/`), 'ok'),
      server,
    ));

  it('trusts no other, unless told to trust anyone', async () => {
    await withClient(
      plain,
      ok,
      async (client, target) => {
        await assert.rejects(get(client, `https://${target.address}/`), failsWith(/certificate/));
      },
      server,
    );
    await withClient(
      { ...plain, tls: { ...plainTls, insecureSkipVerify: true } },
      ok,
      async (client, target) => assert.equal(await get(client, `https://${target.address}/`), 'ok'),
      server,
    );
  });

  it('checks the name that is given in place of the host', async () => {
    const named = (serverName: string) => ({ ...trusting, tls: { ...trusting.tls, serverName } });
    await withClient(
      named('target.test'),
      ok,
      async (client, target) => assert.equal(await get(client, `https://${target.address}/`), 'ok'),
      server,
    );
    await withClient(
      named('other.test'),
      ok,
      async (client, target) => {
        await assert.rejects(get(client, `https://${target.address}/`), failsWith(/other\.test/));
      },
      server,
    );
  });

  it('shows a certificate where the server wants one', async () => {
    const mutual = { ...server, requestCert: true, rejectUnauthorized: true, ca: readFileSync(fixture('ca.pem')) };
    const cert = { file: fixture('client.pem') };
    const key = { file: fixture('client-key.pem') };
    await withClient(
      { ...trusting, tls: { ...trusting.tls, cert, key } },
      ok,
      async (client, target) => assert.equal(await get(client, `https://${target.address}/`), 'ok'),
      mutual,
    );
    await withClient(
      trusting,
      ok,
      async (client, target) => {
        await assert.rejects(get(client, `https://${target.address}/`), (error) =>
          isBarographError(error, 'scrape_failed'),
        );
      },
      mutual,
    );
  });

  it('speaks no version older than allowed', () =>
    withClient(
      { ...trusting, tls: { ...trusting.tls, minVersion: 'TLS13' } },
      ok,
      async (client, target) => {
        await assert.rejects(get(client, `https://${target.address}/`), failsWith(/protocol|version/i));
      },
      { ...server, maxVersion: 'TLSv1.2' },
    ));

  it('takes a renewed authority from its file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'barograph-scrape-'));
    const file = join(folder, 'ca.pem');
    await writeFile(file, readFileSync(fixture('client.pem')));
    await withClient(
      { ...plain, tls: { ...plainTls, ca: { file } } },
      ok,
      async (client, target) => {
        await assert.rejects(get(client, `https://${target.address}/`), failsWith(/certificate/));
        await writeFile(file, readFileSync(fixture('ca.pem')));
        assert.equal(await get(client, `https://${target.address}/`), 'ok');
      },
      server,
    );
    await rm(folder, { recursive: true });
  });
});
