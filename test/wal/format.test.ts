import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { decodeRecordHeader, encodeRecordHeader } from '../../src/wal/record-header.js';
import { decodeSegmentHeader, encodeSegmentHeader } from '../../src/wal/segment-header.js';
import { openTestLog, segmentNames, startSequence, temporaryFolder } from './temporary-log.js';

const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const sequence = fc.maxSafeNat().filter((value) => Number.isSafeInteger(value + 2 ** 32));
const recordHeader = fc.record(
  {
    salt: uint32,
    sequence,
    count: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
    timeMs: fc.maxSafeNat(),
    payloadBytes: uint32,
    payloadChecksum: uint32,
  },
  { noNullPrototype: true },
);

/** 0xcbf43926 is the check value that catalogues of CRCs list for CRC-32/ISO-HDLC. */
test('the checksum is the CRC-32 of zlib', () => {
  assert.equal(crc32('123456789'), 0xcbf43926);
});

test('the bytes of a record header stand where the format says', () => {
  const bytes = Buffer.alloc(42, 0xee);
  const header = {
    salt: 0x04030201,
    sequence: 0x1c_0000_0005,
    count: 6,
    timeMs: 0x2_0000_0007,
    payloadBytes: 8,
    payloadChecksum: 9,
  };
  encodeRecordHeader(bytes, header, 1);
  const fields = 'ff4252fe 01020304 050000001c000000 0700000002000000 06000000 08000000 09000000'.replaceAll(' ', '');
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(crc32(Buffer.from(fields, 'hex')));
  assert.equal(bytes.toString('hex'), `ee${fields}${checksum.toString('hex')}ee`);
});

test('the files of a log are byte for byte what the format says', async (t) => {
  const folder = await temporaryFolder(t);
  const { log } = await openTestLog(t, folder);
  await log.append(Buffer.from('payload'), 3);
  await log.checkpoint(startSequence + 2);
  const [name] = await segmentNames(folder);
  assert.equal(name, '1700000000000000.wal');
  const segment = await readFile(join(folder, name));
  assert.equal(segment.length, 40 + 40 + 7);
  assert.equal(segment.toString('hex', 0, 12), '894257414c0d0a1a01000000');
  assert.equal(segment.readUInt32LE(12), crc32(segment.subarray(0, 12)));
  assert.equal(segment.readBigUInt64LE(16), 1700000000000000n);
  assert.equal(segment.readBigUInt64LE(24), 1700000000000000n);
  assert.equal(segment.readUInt32LE(36), crc32(segment.subarray(16, 36)));
  assert.equal(segment.toString('hex', 40, 44), 'ff4252fe');
  assert.equal(segment.readUInt32LE(44), segment.readUInt32LE(32), 'the salt is repeated');
  assert.equal(segment.readBigUInt64LE(48), 1700000000000000n);
  assert.equal(segment.readBigUInt64LE(56), 1700000000000n);
  assert.equal(segment.readUInt32LE(64), 3);
  assert.equal(segment.readUInt32LE(68), 7);
  assert.equal(segment.readUInt32LE(72), crc32('payload'));
  assert.equal(segment.toString('utf8', 80), 'payload');
  const checkpoint = await readFile(join(folder, 'checkpoint'));
  assert.equal(checkpoint.toString('hex', 0, 8), '894243500d0a1a01');
  assert.equal(checkpoint.readBigUInt64LE(8), 1700000000000002n);
  assert.equal(checkpoint.readUInt32LE(16), crc32(checkpoint.subarray(0, 16)));
  assert.equal(checkpoint.length, 20);
});

test('a record header decodes to what was encoded, and to nothing once a bit has flipped', () => {
  fc.assert(
    fc.property(recordHeader, fc.nat({ max: 40 * 8 - 1 }), (header, bit) => {
      const bytes = Buffer.alloc(40);
      encodeRecordHeader(bytes, header, 0);
      assert.deepEqual(decodeRecordHeader(bytes), header);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      assert.equal(decodeRecordHeader(bytes), undefined);
    }),
  );
});

test('a segment header decodes to what was encoded, and is corrupt once a bit has flipped', () => {
  fc.assert(
    fc.property(sequence, sequence, uint32, fc.nat({ max: 40 * 8 - 1 }), (firstSequence, previousEnd, salt, bit) => {
      const bytes = encodeSegmentHeader({ firstSequence, previousEnd, salt });
      assert.deepEqual(decodeSegmentHeader(bytes), { state: 'valid', header: { firstSequence, previousEnd, salt } });
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      assert.deepEqual(decodeSegmentHeader(bytes), { state: 'corrupt' });
    }),
  );
});

test('arbitrary bytes decode to no header and never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      assert.equal(decodeRecordHeader(Buffer.from(bytes)), undefined);
      assert.equal(decodeSegmentHeader(Buffer.from(bytes)).state, 'corrupt');
    }),
  );
});
