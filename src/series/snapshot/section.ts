/** The sections that a snapshot of the memory consists of (docs/formats/snapshot.md). Bytes in, bytes out. */
import { crc32 } from 'node:zlib';

/** Its last byte is the version of the format. */
export const snapshotMagic = Uint8Array.of(0x89, 0x42, 0x4d, 0x53, 0x0d, 0x0a, 0x1a, 1);

export const sectionKinds = { head: 1, series: 2, metrics: 3, part: 4, end: 5 } as const;

export const sectionHeaderBytes = 12;
/** No section is longer: a part is a segment of at most 1 MiB, and the writer cuts lists. */
export const payloadBytesMax = 2 ** 22;

export interface Section {
  readonly kind: number;
  /** At a multiple of 4 in its buffer. */
  readonly payload: Uint8Array;
}

export const sectionBytes = (payloadBytes: number): number => sectionHeaderBytes + 4 * Math.ceil(payloadBytes / 4);

const padding = new Uint8Array(3);

/** A section as pieces that follow each other. */
export function encodeSection(kind: number, payload: readonly Uint8Array[]): Uint8Array[] {
  const length = payload.reduce((bytes, piece) => bytes + piece.length, 0);
  const header = Uint32Array.of(kind, length, 0);
  const start = crc32(asBytes(header.subarray(0, 2)));
  header[2] = payload.reduce((checksum, piece) => crc32(piece, checksum), start);
  return [asBytes(header), ...payload, padding.subarray(0, -length & 3)];
}

export const asBytes = (words: Uint32Array | Int32Array | Float64Array): Uint8Array =>
  new Uint8Array(words.buffer, words.byteOffset, words.byteLength);

/** How many bytes the payload has of the section that begins at `at`, where so much is there; undefined where no section begins. */
export function payloadBytesAt(bytes: Uint8Array, at: number): number | undefined {
  const [kind, length] = new Uint32Array(bytes.buffer, bytes.byteOffset + at, 2);
  return kind! >= sectionKinds.head && kind! <= sectionKinds.end && length! <= payloadBytesMax ? length : undefined;
}

/** The section at `at`, all of which is there; undefined where it is damaged. */
export function decodeSection(bytes: Uint8Array, at: number, payloadBytes: number): Section | undefined {
  const [kind, , checksum] = new Uint32Array(bytes.buffer, bytes.byteOffset + at, 3);
  const payload = bytes.subarray(at + sectionHeaderBytes, at + sectionHeaderBytes + payloadBytes);
  const found = crc32(payload, crc32(bytes.subarray(at, at + 8)));
  return found === checksum ? { kind: kind!, payload } : undefined;
}
