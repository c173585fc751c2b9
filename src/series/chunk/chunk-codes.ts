/**
 * The codes that streams of values and of times are made of, one for each sample or for a run of repeats. The grammar and
 * its reasons stand in docs/formats/chunk.md. Writers leave checking for room to their callers: no code is longer than
 * `codeBytesMax`.
 */

/** Of streams and segments, as snapshots keep them: raised with each change of their form. */
export const chunkFormatVersion = 1;

/** The longest code: an escape, or an exclusive or without a zero byte. */
export const codeBytesMax = 9;

/** 0xf0 to 0xf3: a residual in 4 to 7 bytes, low byte first. */
export const wideResidualCode = 0xf0;
/** A value as the 8 bytes of its double, low byte first. */
export const escapeCode = 0xf4;
/** 0xf5 to 0xfe: 1 to 10 repeats. */
export const repeatsCode = 0xf5;
/** A LEB128 number follows: the repeats but 11. */
export const manyRepeatsCode = 0xff;

const two32 = 2 ** 32;

/** Puts the signs into the lowest bit: 0, -1, 1, -2 … become 0, 1, 2, 3 … Exact for |n| <= 2^52. */
export const zigzag = (n: number): number => (n >= 0 ? 2 * n : -2 * n - 1);

/** Writes a residual, zigzagged, below 2^53. Returns where the code ends. */
export function writeResidual(bytes: Uint8Array, at: number, zigzagged: number): number {
  if (zigzagged < 0x80) {
    bytes[at] = zigzagged;
    return at + 1;
  }
  if (zigzagged < 0x4000) {
    bytes[at] = 0x80 | (zigzagged >>> 8);
    bytes[at + 1] = zigzagged;
    return at + 2;
  }
  if (zigzagged < 0x20_0000) {
    bytes[at] = 0xc0 | (zigzagged >>> 16);
    bytes[at + 1] = zigzagged >>> 8;
    bytes[at + 2] = zigzagged;
    return at + 3;
  }
  return zigzagged < 0x1000_0000 ? writeFour(bytes, at, zigzagged) : writeWide(bytes, at, zigzagged);
}

function writeFour(bytes: Uint8Array, at: number, zigzagged: number): number {
  bytes[at] = 0xe0 | (zigzagged >>> 24);
  bytes[at + 1] = zigzagged >>> 16;
  bytes[at + 2] = zigzagged >>> 8;
  bytes[at + 3] = zigzagged;
  return at + 4;
}

function writeWide(bytes: Uint8Array, at: number, zigzagged: number): number {
  let low = zigzagged >>> 0;
  let high = Math.floor(zigzagged / two32);
  const count = high === 0 ? 4 : high < 0x100 ? 5 : high < 0x1_0000 ? 6 : 7;
  bytes[at] = wideResidualCode + count - 4;
  for (let i = 1; i <= count; i++) {
    bytes[at + i] = low;
    low = (low >>> 8) | (high << 24);
    high >>>= 8;
  }
  return at + 1 + count;
}

/** The zigzagged residual whose code, from 0xf0 to 0xf3, is at `at`. */
export function readWide(bytes: Uint8Array, at: number): number {
  let zigzagged = 0;
  for (let i = bytes[at]! - wideResidualCode + 4; i > 0; i--) zigzagged = zigzagged * 256 + bytes[at + i]!;
  return zigzagged;
}

/** Writes that the value, or the delta of times, comes `count` times again, at least once. Returns where the code ends. */
export function writeRepeats(bytes: Uint8Array, at: number, count: number): number {
  if (count < 11) {
    bytes[at] = repeatsCode + count - 1;
    return at + 1;
  }
  bytes[at] = manyRepeatsCode;
  return writeLeb128(bytes, at + 1, count - 11);
}

/** Writes a double given by its words. Returns where the code ends. */
export function writeEscape(bytes: Uint8Array, at: number, low: number, high: number): number {
  bytes[at] = escapeCode;
  for (let i = 1; i <= 4; i++) {
    bytes[at + i] = low;
    bytes[at + 4 + i] = high;
    low >>>= 8;
    high >>>= 8;
  }
  return at + 9;
}

const leadingZeroBytes = (low: number, high: number): number =>
  high !== 0 ? Math.clz32(high) >>> 3 : 4 + (Math.clz32(low) >>> 3);

const trailingZeroBits = (word: number): number => 31 - Math.clz32(word & -word);

const trailingZeroBytes = (low: number, high: number): number =>
  low !== 0 ? trailingZeroBits(low) >>> 3 : 4 + (trailingZeroBits(high) >>> 3);

/** Writes an exclusive or that is not zero: 8 * leading zero bytes + bytes between, then these. Returns where the code ends. */
export function writeXor(bytes: Uint8Array, at: number, low: number, high: number): number {
  const leading = leadingZeroBytes(low, high);
  const trailing = trailingZeroBytes(low, high);
  const count = 8 - leading - trailing;
  bytes[at++] = 8 * leading + count;
  for (let i = trailing; i < trailing + count; i++) {
    bytes[at++] = i < 4 ? low >>> (8 * i) : high >>> (8 * (i - 4));
  }
  return at;
}

/** Writes a whole number from 0 to 2^32 - 1 in LEB128. Returns where it ends. */
export function writeLeb128(bytes: Uint8Array, at: number, n: number): number {
  while (n > 0x7f) {
    bytes[at++] = (n & 0x7f) | 0x80;
    n >>>= 7;
  }
  bytes[at] = n;
  return at + 1;
}
