/**
 * Snappy's framing format, which `Content-Encoding: snappy` means for a Pushgateway (remote write's is the block format). Source: google/snappy
 * framing_format.txt.
 */
import { crc32c } from '../base/crc32c.js';
import { BarographError, isBarographError } from '../base/errors.js';
import type { Kernel } from '../kernel/kernel.js';
import { decompressSnappy } from './remote-write/body.js';

const chunk = { compressed: 0x00, uncompressed: 0x01, identifier: 0xff } as const;
/** Types from here on, padding among them, may be skipped; those below, other than the known ones, may not. */
const skippableFrom = 0x80;
const headBytes = 4;
const checksumBytes = 4;
/** Most bytes that a chunk unfolds to. */
const chunkBytesMax = 65_536;
const identifier = Buffer.from('sNaPpY');

/**
 * What a framed body unfolds to. Fails with `body_too_large` over `decodedBytesMax`, `incomplete_body` where it breaks off within a chunk, and
 * `corrupt_encoding` where it is not framed snappy.
 */
export function unframedSnappy(kernel: Kernel, body: Uint8Array, decodedBytesMax: number): Buffer {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (let at = 0; at < bytes.length; ) {
    if (at + headBytes > bytes.length) throw brokenOff();
    const type = bytes[at]!;
    const end = at + headBytes + bytes.readUIntLE(at + 1, 3);
    if (end > bytes.length) throw brokenOff();
    const piece = unfolded(kernel, type, bytes.subarray(at + headBytes, end), at === 0);
    length += piece.length;
    if (length > decodedBytesMax)
      throw new BarographError(
        'body_too_large',
        `the body has more than ${decodedBytesMax} bytes once decompressed, the limit`,
        {
          hint: 'Send it in several bodies, or raise ingest.decoded_bytes_max.',
        },
      );
    if (piece.length > 0) pieces.push(piece);
    at = end;
  }
  return Buffer.concat(pieces);
}

function unfolded(kernel: Kernel, type: number, content: Buffer, isFirst: boolean): Uint8Array {
  if (isFirst && type !== chunk.identifier) throw corrupt('it does not begin with its identifier');
  switch (type) {
    case chunk.identifier:
      if (!content.equals(identifier)) throw corrupt('its identifier is another');
      return nothing;
    case chunk.compressed:
    case chunk.uncompressed:
      return checked(kernel, type, content);
    default:
      if (type < skippableFrom) throw corrupt(`a chunk has the unknown type ${type}`);
      return nothing;
  }
}

const nothing = new Uint8Array(0);

function checked(kernel: Kernel, type: number, content: Buffer): Uint8Array {
  if (content.length < checksumBytes) throw corrupt('a chunk is shorter than its checksum');
  const stored = content.subarray(checksumBytes);
  // The kernel's memory is used again for the next chunk.
  const data = type === chunk.compressed ? Buffer.from(unpacked(kernel, stored)) : stored;
  if (data.length > chunkBytesMax) throw corrupt(`a chunk unfolds to more than ${chunkBytesMax} bytes`);
  if (masked(crc32c(data)) !== content.readUInt32LE(0)) throw corrupt('the checksum of a chunk is wrong');
  return data;
}

function unpacked(kernel: Kernel, block: Uint8Array): Uint8Array {
  try {
    return decompressSnappy(kernel, block, chunkBytesMax);
  } catch (error) {
    throw isBarographError(error, 'body_too_large')
      ? corrupt(`a chunk unfolds to more than ${chunkBytesMax} bytes`)
      : error;
  }
}

/** As the format has it, so that a checksum among the data is no trap. */
const masked = (checksum: number): number => ((((checksum >>> 15) | (checksum << 17)) >>> 0) + 0xa282ead8) >>> 0;

const corrupt = (why: string): BarographError =>
  new BarographError('corrupt_encoding', `the body is not valid snappy in its framing format: ${why}`, {
    hint: 'Send it framed, as snzip does, or with gzip.',
  });

const brokenOff = (): BarographError => new BarographError('incomplete_body', 'the snappy data end within a chunk');
