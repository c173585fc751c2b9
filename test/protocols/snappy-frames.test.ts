import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compressSync } from 'snappy';
import { crc32c } from '../../src/base/crc32c.js';
import { type ErrorCode, isBarographError } from '../../src/base/errors.js';
import { Kernel } from '../../src/kernel/kernel.js';
import { unframedSnappy } from '../../src/protocols/snappy-frames.js';

const kernel = new Kernel();
const magic = Buffer.from('ff060000734e61507059', 'hex');
/** From golang/snappy, snappy_test.go, TestReaderUncompressedDataOK: "abcd" in a chunk that is not compressed. */
const abcd = Buffer.from('010800006810e6b661626364', 'hex');

function frame(type: number, content: Uint8Array): Buffer {
  const head = Buffer.alloc(4);
  head[0] = type;
  head.writeUIntLE(content.length, 1, 3);
  return Buffer.concat([head, content]);
}

function dataFrame(type: 0 | 1, data: Uint8Array): Buffer {
  const sum = crc32c(data);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE((((sum >>> 15) | (sum << 17)) + 0xa282ead8) >>> 0);
  return frame(type, Buffer.concat([checksum, type === 0 ? compressSync(Buffer.from(data)) : data]));
}

const read = (body: Uint8Array, bytesMax = 1e6): string => unframedSnappy(kernel, body, bytesMax).toString('latin1');

describe('a body of framed snappy', () => {
  it('unfolds to what Go’s snappy reads', () => assert.equal(read(Buffer.concat([magic, abcd])), 'abcd'));

  it('gives back any chunks, compressed and not, with others among them that may be skipped', () => {
    const chunk = fc.tuple(
      fc.constantFrom<0 | 1>(0, 1),
      fc.uint8Array({ maxLength: 300 }),
      fc.integer({ min: 0x80, max: 0xfe }),
    );
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 6 }), (chunks) => {
        const frames = chunks.flatMap(([type, data, skipped]) => [dataFrame(type, data), frame(skipped, data), magic]);
        const whole = Buffer.concat(chunks.map(([, data]) => data));
        assert.ok(unframedSnappy(kernel, Buffer.concat([magic, ...frames]), 1e6).equals(whole));
      }),
    );
  });

  it('may be empty', () => assert.equal(read(Buffer.alloc(0)), ''));

  const large = Buffer.alloc(70_000, 'a');
  const refused: readonly [why: string, body: Buffer, code: ErrorCode][] = [
    ['that has no identifier', abcd, 'corrupt_encoding'],
    ['in the block format', Buffer.from(compressSync(Buffer.from('abcd'))), 'incomplete_body'],
    ['whose checksum is wrong', Buffer.concat([magic, abcd.subarray(0, 8), Buffer.from('abce')]), 'corrupt_encoding'],
    ['that breaks off', Buffer.concat([magic, abcd]).subarray(0, 20), 'incomplete_body'],
    ['with a chunk of an unknown type', Buffer.concat([magic, frame(2, Buffer.from('x'))]), 'corrupt_encoding'],
    ['with a chunk that is too large', Buffer.concat([magic, dataFrame(1, large)]), 'corrupt_encoding'],
    ['with a chunk that unfolds too far', Buffer.concat([magic, dataFrame(0, large)]), 'corrupt_encoding'],
    [
      'whose block is broken',
      Buffer.concat([magic, frame(0, Buffer.from('00000000ffffff', 'hex'))]),
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
    const body = Buffer.concat([magic, abcd, abcd]);
    assert.equal(read(body, 8), 'abcdabcd');
    assert.throws(
      () => read(body, 7),
      (error) => isBarographError(error, 'body_too_large'),
    );
  });
});
