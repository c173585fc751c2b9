/** Writes snappy's framing format, for tests. */
import { compressSync } from 'snappy';
import { crc32c } from '../../src/base/crc32c.js';

export const frameIdentifier = Buffer.from('ff060000734e61507059', 'hex');

export function snappyChunk(type: number, content: Uint8Array): Buffer {
  const head = Buffer.alloc(4);
  head[0] = type;
  head.writeUIntLE(content.length, 1, 3);
  return Buffer.concat([head, content]);
}

/** Data in a chunk of type 0, which is compressed, or 1, which is not. */
export function snappyData(type: 0 | 1, data: Uint8Array): Buffer {
  const sum = crc32c(data);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE((((sum >>> 15) | (sum << 17)) + 0xa282ead8) >>> 0);
  return snappyChunk(type, Buffer.concat([checksum, type === 0 ? compressSync(Buffer.from(data)) : data]));
}

/** The data twice, compressed and not, with a chunk between them that is passed over. */
export const framedSnappy = (data: Uint8Array): Buffer =>
  Buffer.concat([frameIdentifier, snappyData(0, data), snappyChunk(0xfe, Buffer.from('padding')), snappyData(1, data)]);
