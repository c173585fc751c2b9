/** The 40 bytes before each record's payload. `docs/formats/wal.md` is the grammar; the offsets here are its table. */
import { crc32 } from 'node:zlib';
import { readSafeInteger, writeSafeInteger } from './safe-integer.js';

export const recordHeaderBytes = 40;

/** 0xff occurs in no UTF-8 text, so that a search for the next record seldom stops inside one. */
const recordMagic = Buffer.from([0xff, 0x42, 0x52, 0xfe]);

/** The bytes that a segment's records begin with, as far as they are known where its salt is not. */
export function beginningOfRecord(salt: number | undefined): Buffer {
  if (salt === undefined) return recordMagic;
  const beginning = Buffer.alloc(8);
  recordMagic.copy(beginning);
  beginning.writeUInt32LE(salt, 4);
  return beginning;
}

const recordMagicNumber = recordMagic.readUInt32LE(0);

export interface RecordHeader {
  /** The salt of the segment that the record was written to. */
  readonly salt: number;
  /** First sequence number that the record covers. */
  readonly sequence: number;
  /** Sequence numbers that the record covers, at least 1. */
  readonly count: number;
  /** When the record was appended, epoch milliseconds. */
  readonly timeMs: number;
  readonly payloadBytes: number;
  /** CRC-32 of the payload. */
  readonly payloadChecksum: number;
}

/** The sequence number after the last one that the record covers. */
export const endOfRecord = (header: RecordHeader): number => header.sequence + header.count;

/** Writes the header's 40 bytes at `offset`. */
export function encodeRecordHeader(target: Buffer, header: RecordHeader, offset: number): void {
  target.writeUInt32LE(recordMagicNumber, offset);
  target.writeUInt32LE(header.salt, offset + 4);
  writeSafeInteger(target, header.sequence, offset + 8);
  writeSafeInteger(target, header.timeMs, offset + 16);
  target.writeUInt32LE(header.count, offset + 24);
  target.writeUInt32LE(header.payloadBytes, offset + 28);
  target.writeUInt32LE(header.payloadChecksum, offset + 32);
  target.writeUInt32LE(crc32(target.subarray(offset, offset + 36)), offset + 36);
}

/** The header in the first 40 of `bytes`, or undefined where they are not one, whole and undamaged. */
export function decodeRecordHeader(bytes: Buffer): RecordHeader | undefined {
  if (bytes.length < recordHeaderBytes || bytes.readUInt32LE(0) !== recordMagicNumber) return undefined;
  if (crc32(bytes.subarray(0, 36)) !== bytes.readUInt32LE(36)) return undefined;
  const sequence = readSafeInteger(bytes, 8);
  const timeMs = readSafeInteger(bytes, 16);
  const count = bytes.readUInt32LE(24);
  if (sequence === undefined || timeMs === undefined || count === 0) return undefined;
  if (!Number.isSafeInteger(sequence + count)) return undefined;
  const salt = bytes.readUInt32LE(4);
  return {
    salt,
    sequence,
    count,
    timeMs,
    payloadBytes: bytes.readUInt32LE(28),
    payloadChecksum: bytes.readUInt32LE(32),
  };
}
