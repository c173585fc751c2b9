import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import type { ModelsAnswer } from '../../src/http/contract/models.js';
import { startTestServer, type TestServer } from '../server/test-server.js';

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.stop());

const row = '{"request_id": "cut", "model": "cut", "version": "1"}\n';
const head = 'POST /api/ml/predictions HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-ndjson\r\n';

/** Sends the text, ends the sending half, and gives back everything that comes. */
async function exchange(text: string): Promise<{ status: number; code: string }> {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  const pieces: Buffer[] = [];
  socket.on('data', (piece: Buffer) => pieces.push(piece));
  socket.end(text);
  await once(socket, 'close');
  const [top = '', body = ''] = Buffer.concat(pieces).toString().split('\r\n\r\n');
  const { error } = JSON.parse(body) as { error: { code: string } };
  return { status: Number(top.split(' ')[1]), code: error.code };
}

test('a body that ends before its announced length is refused with a code, and nothing of it is stored', async () => {
  const answer = await exchange(`${head}content-length: 100000\r\n\r\n${row}`);
  assert.deepEqual(answer, { status: 400, code: 'incomplete_body' });
});

test('a chunked body without its last chunk is refused with a code, and nothing of it is stored', async () => {
  const chunk = `${row.length.toString(16)}\r\n${row}\r\n`;
  const answer = await exchange(`${head}transfer-encoding: chunked\r\n\r\n${chunk}`);
  assert.deepEqual(answer, { status: 400, code: 'incomplete_body' });
  const { body } = await server.get<ModelsAnswer>('/api/ml/models?fresh=1');
  assert.deepEqual(body.models, []);
});

test('what is not HTTP, or has too long a head, is refused with a code', async () => {
  assert.deepEqual(await exchange('nonsense\r\n\r\n'), { status: 400, code: 'bad_request' });
  const long = `GET /healthz HTTP/1.1\r\nhost: x\r\nx-long: ${'x'.repeat(100_000)}\r\n\r\n`;
  assert.deepEqual(await exchange(long), { status: 400, code: 'bad_request' });
});

/** Sends a body without reading before all of it is sent, and gives back everything that comes. */
async function sendThenRead(framing: string, piece: string, last: string): Promise<string> {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname).pause();
  const received: Buffer[] = [];
  socket.on('data', (part: Buffer) => received.push(part)).pause();
  socket.write(`${head}connection: close\r\n${framing}\r\n\r\n`);
  for (let i = 0; i < 75; i++) if (!socket.write(piece)) await once(socket, 'drain');
  socket.write(last);
  socket.resume();
  await once(socket, 'close');
  return Buffer.concat(received).toString();
}

for (const [what, framing, piece, last] of [
  ['announced', `content-length: ${75 * 2 ** 20}`, '\n'.repeat(2 ** 20), ''],
  ['in chunks', 'transfer-encoding: chunked', `100000\r\n${'\n'.repeat(2 ** 20)}\r\n`, '0\r\n\r\n'],
] as const)
  test(`a client that sends all of too large a body first reads why it is refused: ${what}`, async () => {
    const answer = await sendThenRead(framing, piece, last);
    assert.match(answer, /^HTTP\/1\.1 413 [\s\S]*"code":"body_too_large"/);
  });
