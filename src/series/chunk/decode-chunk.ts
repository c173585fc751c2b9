/**
 * Decodes a chunk's two streams (docs/formats/chunk.md). The bytes are trusted: they lie in memory and were written by
 * `open-chunks.ts`. What may be a NaN moves as words, because a NaN that passes through a number may lose its payload.
 */
import * as codes from './chunk-codes.js';
import { powersOfTen } from './decimal.js';

// Constants of this module are a part of the code, imported ones are loaded and checked at each use.
const { escapeCode, manyRepeatsCode, readWide, repeatsCode, wideResidualCode } = codes;

/** The mode of streams that hold each value as its exclusive or with the one before. Smaller modes are decimal scales. */
export const xorMode = 0x80;

/** What a stream of values says ahead of its codes. Reused from call to call. */
export interface ValueStreamHeader {
  sampleCount: number;
  mode: number;
  /** Where the codes begin and end. */
  codesStart: number;
  codesEnd: number;
}

export const createValueStreamHeader = (): ValueStreamHeader => ({
  sampleCount: 0,
  mode: 0,
  codesStart: 0,
  codesEnd: 0,
});

/** A LEB128 number and its length, as 16 * number + bytes: two results without an object. */
function readLeb128(bytes: Uint8Array, at: number): number {
  let n = 0;
  let factor = 16;
  let length = 1;
  let byte = bytes[at]!;
  while (byte > 0x7f) {
    n += (byte & 0x7f) * factor;
    factor *= 128;
    byte = bytes[at + length]!;
    length++;
  }
  return n + byte * factor + length;
}

const numberOf = (read: number): number => Math.floor(read / 16);
const lengthOf = (read: number): number => read % 16;

export function readValueStreamHeader(bytes: Uint8Array, at: number, header: ValueStreamHeader): void {
  const count = readLeb128(bytes, at);
  at += lengthOf(count);
  const codesLength = readLeb128(bytes, at);
  at += lengthOf(codesLength);
  header.sampleCount = numberOf(count);
  header.mode = bytes[at]!;
  header.codesStart = at + 1;
  header.codesEnd = at + 1 + numberOf(codesLength);
}

/** Where the stream of times at `at` ends. */
export function timeStreamEnd(bytes: Uint8Array, at: number): number {
  const length = readLeb128(bytes, at);
  return at + lengthOf(length) + numberOf(length);
}

/** How many repeats the code at `at` stands for, and its length, as 16 * repeats + bytes. */
function readRepeats(bytes: Uint8Array, at: number): number {
  const code = bytes[at]!;
  return code === manyRepeatsCode ? readLeb128(bytes, at + 1) + 11 * 16 + 1 : (code - repeatsCode + 1) * 16 + 1;
}

/** Decodes `count` values from the codes at `at` into values[from, from + count). `words` are the words of `values`. */
export function decodeValues(
  bytes: Uint8Array,
  at: number,
  count: number,
  mode: number,
  values: Float64Array,
  words: Uint32Array,
  from: number,
): void {
  if (mode === xorMode) decodeXors(bytes, at, words, from, from + count);
  else decodeDecimals(bytes, at, powersOfTen[mode]!, values, words, from, from + count);
}

/** One long function for speed: each sample is a turn of one loop, whose state stays in registers. */
function decodeDecimals(
  bytes: Uint8Array,
  at: number,
  power: number,
  values: Float64Array,
  words: Uint32Array,
  start: number,
  end: number,
): void {
  let mantissa = 0;
  let trend = 0;
  let i = start;
  while (i < end) {
    const code = bytes[at]!;
    let residual: number;
    if (code < 0x80) {
      residual = (code >>> 1) ^ -(code & 1);
      at += 1;
    } else if (code < 0xc0) {
      const zigzagged = ((code & 0x3f) << 8) | bytes[at + 1]!;
      residual = (zigzagged >>> 1) ^ -(zigzagged & 1);
      at += 2;
    } else if (code < wideResidualCode) {
      const zigzagged = code < 0xe0 ? readThree(bytes, at) : readFour(bytes, at);
      residual = (zigzagged >>> 1) ^ -(zigzagged & 1);
      at += code < 0xe0 ? 3 : 4;
    } else if (code < escapeCode) {
      const zigzagged = readWide(bytes, at);
      residual = zigzagged % 2 === 0 ? zigzagged / 2 : -(zigzagged + 1) / 2;
      at += 5 + code - wideResidualCode;
    } else if (code === escapeCode) {
      copyEscape(bytes, at + 1, words, 2 * i);
      i++;
      at += 9;
      continue;
    } else {
      const read = readRepeats(bytes, at);
      const runEnd = i + numberOf(read);
      const value = mantissa / power;
      while (i < runEnd) values[i++] = value;
      at += lengthOf(read);
      continue;
    }
    mantissa += Math.floor(trend * 0.25) + residual;
    if (i > start) trend += residual;
    values[i++] = mantissa / power;
  }
}

const readThree = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! & 0x1f) << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;

const readFour = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! & 0xf) << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;

function copyEscape(bytes: Uint8Array, at: number, words: Uint32Array, word: number): void {
  words[word] = readWord(bytes, at);
  words[word + 1] = readWord(bytes, at + 4);
}

const readWord = (bytes: Uint8Array, at: number): number =>
  bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);

function decodeXors(bytes: Uint8Array, at: number, words: Uint32Array, i: number, end: number): void {
  let low = 0;
  let high = 0;
  while (i < end) {
    const code = bytes[at]!;
    if (code >= repeatsCode) {
      const read = readRepeats(bytes, at);
      at += lengthOf(read);
      for (const runEnd = i + numberOf(read); i < runEnd; i++) {
        words[2 * i] = low;
        words[2 * i + 1] = high;
      }
      continue;
    }
    // The bytes between the zeros stand at the place where the zeros behind them end.
    const count = ((code - 1) & 7) + 1;
    let shift = 64 - 8 * count - (code - count);
    at++;
    for (const codeEnd = at + count; at < codeEnd; at++, shift += 8) {
      if (shift < 32) low ^= bytes[at]! << shift;
      else high ^= bytes[at]! << (shift - 32);
    }
    words[2 * i] = low;
    words[2 * i + 1] = high;
    i++;
  }
}

/**
 * Decodes `count` times from the stream at `at` into times[from, from + count), as `startMs` plus milliseconds.
 * Times rise strictly.
 */
export function decodeTimes(
  bytes: Uint8Array,
  at: number,
  count: number,
  startMs: number,
  times: Float64Array,
  from: number,
): void {
  at += lengthOf(readLeb128(bytes, at));
  const first = readLeb128(bytes, at);
  at += lengthOf(first);
  let timeMs = startMs + numberOf(first);
  times[from] = timeMs;
  if (count === 1) return;
  const second = readLeb128(bytes, at);
  at += lengthOf(second);
  let deltaMs = numberOf(second);
  timeMs += deltaMs;
  times[from + 1] = timeMs;
  const end = from + count;
  for (let i = from + 2; i < end; ) {
    const code = bytes[at]!;
    if (code >= repeatsCode) {
      const read = readRepeats(bytes, at);
      at += lengthOf(read);
      for (const runEnd = i + numberOf(read); i < runEnd; i++) {
        timeMs += deltaMs;
        times[i] = timeMs;
      }
      continue;
    }
    let zigzagged = code;
    if (code < 0x80) at++;
    else if (code < 0xc0) {
      zigzagged = ((code & 0x3f) << 8) | bytes[at + 1]!;
      at += 2;
    } else {
      zigzagged = code < 0xe0 ? readThree(bytes, at) : readFour(bytes, at);
      at += code < 0xe0 ? 3 : 4;
    }
    deltaMs += (zigzagged >>> 1) ^ -(zigzagged & 1);
    timeMs += deltaMs;
    times[i++] = timeMs;
  }
}

/** How many of the `count` times of the stream at `at` are not later than `endMs` after the hour's start. Runs are not walked through. */
export function timesUpTo(bytes: Uint8Array, at: number, count: number, endMs: number): number {
  at += lengthOf(readLeb128(bytes, at));
  const first = readLeb128(bytes, at);
  at += lengthOf(first);
  let timeMs = numberOf(first);
  if (timeMs > endMs) return 0;
  if (count === 1) return 1;
  const second = readLeb128(bytes, at);
  at += lengthOf(second);
  let deltaMs = numberOf(second);
  timeMs += deltaMs;
  if (timeMs > endMs) return 1;
  for (let i = 2; i < count; ) {
    const code = bytes[at]!;
    if (code >= repeatsCode) {
      const read = readRepeats(bytes, at);
      at += lengthOf(read);
      const fitting = Math.floor((endMs - timeMs) / deltaMs);
      if (fitting < numberOf(read)) return i + fitting;
      timeMs += numberOf(read) * deltaMs;
      i += numberOf(read);
      continue;
    }
    deltaMs += timeChange(bytes, at);
    at += code < 0x80 ? 1 : code < 0xc0 ? 2 : code < 0xe0 ? 3 : 4;
    timeMs += deltaMs;
    if (timeMs > endMs) return i;
    i++;
  }
  return count;
}

function timeChange(bytes: Uint8Array, at: number): number {
  const code = bytes[at]!;
  const zigzagged =
    code < 0x80
      ? code
      : code < 0xc0
        ? ((code & 0x3f) << 8) | bytes[at + 1]!
        : code < 0xe0
          ? readThree(bytes, at)
          : readFour(bytes, at);
  return (zigzagged >>> 1) ^ -(zigzagged & 1);
}
