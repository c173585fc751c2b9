/** The first 40 bytes of a segment, and its file name. `docs/formats/wal.md` is the grammar. */
import { crc32 } from 'node:zlib';
import { readSafeInteger, writeSafeInteger } from './safe-integer.js';

export const segmentHeaderBytes = 40;
export const formatVersion = 1;

/** As in PNG: a byte that is no ASCII, the name, and line ends that a text-mode copy would change. */
const segmentMagic = Buffer.from([0x89, 0x42, 0x57, 0x41, 0x4c, 0x0d, 0x0a, 0x1a]);

export interface SegmentHeader {
  /** Sequence number that the segment's first record starts at; also its file name. */
  readonly firstSequence: number;
  /**
   * End of the records that were durable when the segment was made. Numbers from here to `firstSequence` were given to
   * records that failed, or skipped after damage: no acknowledged record has one.
   */
  readonly previousEnd: number;
  /** Random, repeated in each of the segment's records, so that bytes inside a payload cannot pass for a record. */
  readonly salt: number;
}

export type DecodedSegmentHeader =
  | { readonly state: 'valid'; readonly header: SegmentHeader }
  | { readonly state: 'newer'; readonly version: number }
  | { readonly state: 'corrupt' };

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(segmentHeaderBytes);
  segmentMagic.copy(bytes, 0);
  bytes.writeUInt32LE(formatVersion, 8);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 12)), 12);
  writeSafeInteger(bytes, header.firstSequence, 16);
  writeSafeInteger(bytes, header.previousEnd, 24);
  bytes.writeUInt32LE(header.salt, 32);
  bytes.writeUInt32LE(crc32(bytes.subarray(16, 36)), 36);
  return bytes;
}

/**
 * Magic and version have a checksum of their own, at the same place in every version to come: a newer segment is told
 * from a damaged one without knowing the newer format.
 */
export function decodeSegmentHeader(bytes: Buffer): DecodedSegmentHeader {
  if (bytes.length < 16 || crc32(bytes.subarray(0, 12)) !== bytes.readUInt32LE(12)) return { state: 'corrupt' };
  if (!bytes.subarray(0, 8).equals(segmentMagic)) return { state: 'corrupt' };
  const version = bytes.readUInt32LE(8);
  if (version > formatVersion) return { state: 'newer', version };
  if (version !== formatVersion || bytes.length < segmentHeaderBytes) return { state: 'corrupt' };
  if (crc32(bytes.subarray(16, 36)) !== bytes.readUInt32LE(36)) return { state: 'corrupt' };
  const firstSequence = readSafeInteger(bytes, 16);
  const previousEnd = readSafeInteger(bytes, 24);
  if (firstSequence === undefined || previousEnd === undefined) return { state: 'corrupt' };
  return { state: 'valid', header: { firstSequence, previousEnd, salt: bytes.readUInt32LE(32) } };
}

/** Zero-padded to the 16 digits of the largest safe integer: names sort as their numbers do. */
export const segmentNameOf = (firstSequence: number): string => `${String(firstSequence).padStart(16, '0')}.wal`;

/** The first sequence that a file name says, or undefined where it is not a segment's name. */
export function firstSequenceOf(name: string): number | undefined {
  const digits = /^(\d{16})\.wal$/.exec(name)?.[1];
  if (digits === undefined) return undefined;
  const sequence = Number(digits);
  return Number.isSafeInteger(sequence) ? sequence : undefined;
}
