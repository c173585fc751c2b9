import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { type ContentEncoding, decodedBody, parseContentEncoding } from '../../src/protocols/content-encoding.js';

const text = Buffer.from(Array.from({ length: 200 }, (_, i) => `{"request_id":"r${i}","score":${i}}\n`).join(''));
const fixtures = JSON.parse(readFileSync('test/protocols/fixtures/zstd.json', 'utf8')) as Record<string, string>;
const zstd = (name: string): Buffer => Buffer.from(fixtures[name]!, 'base64');
const gzip = (bytes: Uint8Array): Buffer => gzipSync(bytes);

async function* inPieces(bytes: Uint8Array, pieceBytes: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

const roomy = { encodedBytesMax: 1 << 30, decodedBytesMax: 1 << 30 };

async function decode(
  bytes: Uint8Array,
  encoding: ContentEncoding,
  bounds: object = {},
  pieceBytes = 1 << 16,
): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of decodedBody(inPieces(bytes, pieceBytes), { ...roomy, encoding, ...bounds }))
    pieces.push(piece);
  return Buffer.concat(pieces);
}

describe('what a header names', () => {
  for (const [header, encoding] of [
    [undefined, 'identity'],
    ['', 'identity'],
    ['gzip', 'gzip'],
    ['X-GZIP', 'gzip'],
    [' zstd ', 'zstd'],
  ] as const)
    test(`${header ?? 'no header'} is ${encoding}`, () => assert.equal(parseContentEncoding(header), encoding));
  for (const header of ['br', 'deflate', 'gzip, gzip', 'gzip, zstd'])
    test(`${header} is refused`, () =>
      assert.throws(() => parseContentEncoding(header), { code: 'unsupported_encoding' }));
});

describe('sound bodies', () => {
  const bodies: [string, Uint8Array, ContentEncoding][] = [
    ['plain', text, 'identity'],
    ['gzip', gzip(text), 'gzip'],
    ['gzip of two members', Buffer.concat([gzip(text.subarray(0, 500)), gzip(text.subarray(500))]), 'gzip'],
    ['zstd', zstd('lines'), 'zstd'],
    ['zstd without a size', zstd('lines_without_size'), 'zstd'],
    ['zstd of two frames', zstd('two_frames'), 'zstd'],
    ['zstd with a skippable frame', zstd('skippable_between'), 'zstd'],
  ];
  for (const [what, bytes, encoding] of bodies)
    test(`${what}, cut anywhere, gives the same bytes`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: 700 }), async (pieceBytes) => {
          assert.deepEqual(await decode(bytes, encoding, {}, pieceBytes), text);
        }),
        { numRuns: 20 },
      );
    });
});

describe('bodies that are refused', () => {
  const cases: [string, Uint8Array, ContentEncoding, object, string][] = [
    ['more bytes than allowed, as sent', text, 'identity', { encodedBytesMax: 100 }, 'body_too_large'],
    [
      'more bytes announced than allowed',
      text,
      'identity',
      { encodedBytesMax: 10_000, contentLength: 10_001 },
      'body_too_large',
    ],
    ['more compressed bytes than allowed', gzip(text), 'gzip', { encodedBytesMax: 100 }, 'body_too_large'],
    ['a gzip bomb', gzip(Buffer.alloc(8 << 20)), 'gzip', { decodedBytesMax: 1 << 20 }, 'body_too_large'],
    ['a zstd bomb', zstd('zeros_8_mib'), 'zstd', { decodedBytesMax: 1 << 20 }, 'body_too_large'],
    ['gzip cut short', gzip(text).subarray(0, -9), 'gzip', {}, 'incomplete_body'],
    ['gzip of no bytes', Buffer.alloc(0), 'gzip', {}, 'incomplete_body'],
    ['zstd cut short', zstd('lines').subarray(0, -5), 'zstd', {}, 'incomplete_body'],
    ['text that is said to be gzip', text, 'gzip', {}, 'corrupt_encoding'],
    ['text that is said to be zstd', text, 'zstd', {}, 'corrupt_encoding'],
    ['garbage after gzip', Buffer.concat([gzip(text), Buffer.from('garbage!')]), 'gzip', {}, 'corrupt_encoding'],
    ['garbage after zstd', zstd('garbage_after'), 'zstd', {}, 'corrupt_encoding'],
    ['a zstd window of 256 MiB', zstd('window_256_mib'), 'zstd', {}, 'corrupt_encoding'],
  ];
  for (const [what, bytes, encoding, bounds, code] of cases)
    for (const pieceBytes of [1 << 16, 3])
      test(`${what} is ${code}, in pieces of ${pieceBytes}`, () =>
        assert.rejects(decode(bytes, encoding, bounds, pieceBytes), { code }));

  for (const [encoding, bytes] of [
    ['identity', text],
    ['gzip', gzip(text)],
    ['zstd', zstd('lines')],
  ] as const)
    test(`a source that breaks off is incomplete_body (${encoding})`, async () => {
      async function* broken(): AsyncIterable<Uint8Array> {
        yield bytes.subarray(0, 20);
        throw new Error('aborted');
      }
      const read = async (): Promise<void> => {
        for await (const _ of decodedBody(broken(), { ...roomy, encoding }));
      };
      await assert.rejects(read(), { code: 'incomplete_body' });
    });

  test('a bomb is refused long before it has unfolded', async () => {
    let unfolded = 0;
    const read = async (): Promise<void> => {
      const bounds = { encodedBytesMax: 1 << 20, decodedBytesMax: 1 << 20, encoding: 'gzip' } as const;
      for await (const piece of decodedBody(inPieces(gzip(Buffer.alloc(64 << 20)), 1 << 16), bounds))
        unfolded += piece.length;
    };
    await assert.rejects(read(), { code: 'body_too_large' });
    assert.ok(unfolded <= 1 << 20);
  });
});

test('bytes changed anywhere in a compressed body give a coded error or some bytes, never a crash', async () => {
  const bodies = { gzip: gzip(text), zstd: zstd('lines') } as const;
  const change = fc.record({
    encoding: fc.constantFrom('gzip' as const, 'zstd' as const),
    at: fc.nat(),
    to: fc.nat(255),
  });
  await fc.assert(
    fc.asyncProperty(change, async ({ encoding, at, to }) => {
      const bytes = Uint8Array.from(bodies[encoding]);
      bytes[at % bytes.length] = to;
      await decode(bytes, encoding, { decodedBytesMax: 1 << 20 }).catch((error: { code?: string }) =>
        assert.match(error.code ?? String(error), /^(corrupt_encoding|incomplete_body|body_too_large)$/),
      );
    }),
    { numRuns: 300 },
  );
});
