import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compressSync } from 'snappy';
import { type ErrorCode, isBarographError } from '../../src/base/errors.js';
import { Kernel } from '../../src/kernel/kernel.js';
import { unframedSnappy } from '../../src/protocols/snappy-frames.js';
import { frameIdentifier, snappyChunk, snappyData } from './frame-snappy.js';

const kernel = new Kernel();
/** From golang/snappy, snappy_test.go, TestReaderUncompressedDataOK: "abcd" in a chunk that is not compressed. */
const abcd = Buffer.from('010800006810e6b661626364', 'hex');

const read = (body: Uint8Array, bytesMax = 1e6): string => unframedSnappy(kernel, body, bytesMax).toString('latin1');

describe('a body of framed snappy', () => {
  it('unfolds to what Go’s snappy reads', () => assert.equal(read(Buffer.concat([frameIdentifier, abcd])), 'abcd'));

  it('gives back any chunks, compressed and not, with others among them that may be skipped', () => {
    const chunk = fc.tuple(
      fc.constantFrom<0 | 1>(0, 1),
      fc.uint8Array({ maxLength: 300 }),
      fc.integer({ min: 0x80, max: 0xfe }),
    );
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 6 }), (chunks) => {
        const frames = chunks.flatMap(([type, data, skipped]) => [
          snappyData(type, data),
          snappyChunk(skipped, data),
          frameIdentifier,
        ]);
        const whole = Buffer.concat(chunks.map(([, data]) => data));
        assert.ok(unframedSnappy(kernel, Buffer.concat([frameIdentifier, ...frames]), 1e6).equals(whole));
      }),
    );
  });

  it('may be empty', () => assert.equal(read(Buffer.alloc(0)), ''));

  const large = Buffer.alloc(70_000, 'a');
  const refused: readonly [why: string, body: Buffer, code: ErrorCode][] = [
    ['that has no identifier', abcd, 'corrupt_encoding'],
    ['in the block format', Buffer.from(compressSync(Buffer.from('abcd'))), 'incomplete_body'],
    [
      'whose checksum is wrong',
      Buffer.concat([frameIdentifier, abcd.subarray(0, 8), Buffer.from('abce')]),
      'corrupt_encoding',
    ],
    ['that breaks off', Buffer.concat([frameIdentifier, abcd]).subarray(0, 20), 'incomplete_body'],
    [
      'with a chunk of an unknown type',
      Buffer.concat([frameIdentifier, snappyChunk(2, Buffer.from('x'))]),
      'corrupt_encoding',
    ],
    ['with a chunk that is too large', Buffer.concat([frameIdentifier, snappyData(1, large)]), 'corrupt_encoding'],
    ['with a chunk that unfolds too far', Buffer.concat([frameIdentifier, snappyData(0, large)]), 'corrupt_encoding'],
    [
      'whose block is broken',
      Buffer.concat([frameIdentifier, snappyChunk(0, Buffer.from('00000000ffffff', 'hex'))]),
      'corrupt_encoding',
    ],
  ];
  for (const [why, body, code] of refused)
    it(`is refused ${why}`, () =>
      assert.throws(
        () => read(body),
        (error) => isBarographError(error, code),
      ));

  it('is refused past its bound', () => {
    const body = Buffer.concat([frameIdentifier, abcd, abcd]);
    assert.equal(read(body, 8), 'abcdabcd');
    assert.throws(
      () => read(body, 7),
      (error) => isBarographError(error, 'body_too_large'),
    );
  });
});
