/**
 * One series' samples as columns of times and values, decoded out of chunks (docs/formats/chunk.md). The bytes are trusted: they were written by
 * this process. The columns stay until the next series is decoded; where that one's times are the very same streams they are not decoded again,
 * nor are the windows over them looked for again.
 */

import { renewed } from './memory';

// Codes as in `src/series/chunk/chunk-codes.ts`.
const wideResidualCode: u32 = 0xf0;
const escapeCode: u32 = 0xf4;
const repeatsCode: u32 = 0xf5;
const manyRepeatsCode: u32 = 0xff;
const xorMode: u32 = 0x80;
const hourMs: f64 = 3_600_000;
const staleBits: u64 = 0x7ff0000000000002;

/** Words of a place: where the chunk's values and its times begin, from the streams' start, its hour since the epoch, and its samples. */
const placeBytes: usize = 16;

const powers = memory.data<f64>([1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12]);

let times: usize = 0;
let values: usize = 0;
let samplesMax: u32 = 0;
/** Samples decoded, and the part of them that is in the range asked for. */
let decoded: u32 = 0;
let first: u32 = 0;
let kept: u32 = 0;
/** Whether any value may be a NaN, as stale markers are. */
let mayBeStale: bool = false;

/** Places of the times that the column holds. */
let heldPlaces: usize = 0;
let heldMax: u32 = 0;
let held: u32 = 0;
/** Counts up whenever the times of the samples kept are others than before. */
let version: u32 = 0;

/** Where a number that was read ends. */
let cursor: usize = 0;

/** Forgets which times are there: other streams take the place of those that they were decoded from. */
export function forgetTimes(): void {
  held = 0;
}

export function columnTimes(): usize {
  return times + 8 * first;
}

export function columnValues(): usize {
  return values + 8 * first;
}

export function columnCount(): u32 {
  return kept;
}

export function timesVersion(): u32 {
  return version;
}

/**
 * Decodes the chunks at places[0, chunkCount), in order of time, and keeps samples with times in (fromMs, toMs]. Answers how many there are.
 */
export function decodeSeries(places: usize, chunkCount: u32, streams: usize, fromMs: f64, toMs: f64): u32 {
  let samples: u32 = 0;
  for (let i: u32 = 0; i < chunkCount; i++) samples += load<u32>(places + placeBytes * i, 12);
  reserve(samples, chunkCount);
  const hasTimes = holdsTimes(places, chunkCount);
  decoded = 0;
  mayBeStale = false;
  for (let i: u32 = 0; i < chunkCount; i++) {
    const place = places + placeBytes * i;
    const count = load<u32>(place, 12);
    decodeValues(streams + load<u32>(place), values + 8 * decoded, count);
    if (!hasTimes)
      decodeTimes(
        streams + load<u32>(place, 4),
        <f64>load<i32>(place, 8) * hourMs,
        times + 8 * decoded,
        count,
      );
    decoded += count;
  }
  if (!hasTimes) holdTimes(places, chunkCount);
  cut(fromMs, toMs, hasTimes);
  return kept;
}

/** Takes stale markers out of the samples kept. Answers how many are left. */
export function dropStale(): u32 {
  if (!mayBeStale) return kept;
  const end = first + kept;
  let to = first;
  for (let i = first; i < end; i++) {
    const bits = load<u64>(values + 8 * i);
    if (bits == staleBits) continue;
    if (to < i) {
      store<u64>(values + 8 * to, bits);
      store<f64>(times + 8 * to, load<f64>(times + 8 * i));
    }
    to++;
  }
  mayBeStale = false;
  if (to == end) return kept;
  kept = to - first;
  held = 0;
  version++;
  return kept;
}

function reserve(samples: u32, chunks: u32): void {
  if (samples > samplesMax) {
    samplesMax = max<u32>(4096, samples + (samples >> 2));
    times = renewed(times, 8 * samplesMax);
    values = renewed(values, 8 * samplesMax);
    held = 0;
  }
  if (chunks > heldMax) {
    heldMax = max<u32>(64, 2 * chunks);
    heldPlaces = renewed(heldPlaces, placeBytes * heldMax);
    held = 0;
  }
}

/** Whether the column holds the times of these chunks. */
function holdsTimes(places: usize, chunkCount: u32): bool {
  if (held != chunkCount || held == 0) return false;
  for (let i: u32 = 0; i < chunkCount; i++) {
    const at = placeBytes * i;
    // Where the times begin and their hour, then how many they are.
    if (load<u64>(heldPlaces + at, 4) != load<u64>(places + at, 4)) return false;
    if (load<u32>(heldPlaces + at, 12) != load<u32>(places + at, 12)) return false;
  }
  return true;
}

function holdTimes(places: usize, chunkCount: u32): void {
  memory.copy(heldPlaces, places, placeBytes * chunkCount);
  held = chunkCount;
}

function cut(fromMs: f64, toMs: f64, hadTimes: bool): void {
  const from = firstAfter(0, decoded, fromMs);
  const end = firstAfter(from, decoded, toMs);
  if (!hadTimes || from != first || end - from != kept) version++;
  first = from;
  kept = end - from;
}

/** The first of the rising times [from, end) that is later than `timeMs`; `end` where none is. */
function firstAfter(from: u32, end: u32, timeMs: f64): u32 {
  if (from < end && load<f64>(times + 8 * (end - 1)) <= timeMs) return end;
  while (from < end) {
    const middle = (from + end) >>> 1;
    if (load<f64>(times + 8 * middle) > timeMs) end = middle;
    else from = middle + 1;
  }
  return from;
}

/** Reads a LEB128 number and moves the cursor behind it. */
function readNumber(at: usize): u32 {
  let byte: u32 = load<u8>(at++);
  let n = byte & 0x7f;
  let shift: u32 = 7;
  while (byte > 0x7f) {
    byte = load<u8>(at++);
    n |= (byte & 0x7f) << shift;
    shift += 7;
  }
  cursor = at;
  return n;
}

/** How many repeats a code stands for; the cursor is moved behind it. */
function readRepeats(at: usize): u32 {
  const code: u32 = load<u8>(at);
  if (code == manyRepeatsCode) return readNumber(at + 1) + 11;
  cursor = at + 1;
  return code - repeatsCode + 1;
}

function decodeValues(at: usize, out: usize, count: u32): void {
  readNumber(at);
  readNumber(cursor);
  const mode: u32 = load<u8>(cursor);
  const end = out + 8 * count;
  if (mode == xorMode) decodeXors(cursor + 1, out, end);
  else decodeDecimals(cursor + 1, load<f64>(powers + 8 * mode), out, end);
}

// @ts-ignore: decorator
@inline
function unzigzag(n: u32): i64 {
  return <i64>(<i32>(n >>> 1) ^ -(<i32>(n & 1)));
}

function decodeDecimals(at: usize, power: f64, out: usize, end: usize): void {
  let mantissa: i64 = 0;
  let trend: i64 = 0;
  let isFirst = true;
  while (out < end) {
    const code: u32 = load<u8>(at);
    let residual: i64;
    if (code < 0x80) {
      residual = unzigzag(code);
      at += 1;
    } else if (code < 0xc0) {
      residual = unzigzag(((code & 0x3f) << 8) | <u32>load<u8>(at, 1));
      at += 2;
    } else if (code < wideResidualCode) {
      residual = unzigzag(code < 0xe0 ? readThree(at) : readFour(at));
      at += code < 0xe0 ? 3 : 4;
    } else if (code < escapeCode) {
      const zigzagged = readWide(at, code);
      residual = <i64>(zigzagged >>> 1) ^ -(<i64>(zigzagged & 1));
      at += 5 + code - wideResidualCode;
    } else if (code == escapeCode) {
      store<u64>(out, load<u64>(at, 1));
      mayBeStale = true;
      isFirst = false;
      out += 8;
      at += 9;
      continue;
    } else {
      const runEnd = out + 8 * readRepeats(at);
      const value = <f64>mantissa / power;
      for (; out < runEnd; out += 8) store<f64>(out, value);
      isFirst = false;
      at = cursor;
      continue;
    }
    mantissa += (trend >> 2) + residual;
    if (!isFirst) trend += residual;
    isFirst = false;
    store<f64>(out, <f64>mantissa / power);
    out += 8;
  }
}

// @ts-ignore: decorator
@inline
function readThree(at: usize): u32 {
  return (<u32>(load<u8>(at) & 0x1f) << 16) | (<u32>load<u8>(at, 1) << 8) | <u32>load<u8>(at, 2);
}

// @ts-ignore: decorator
@inline
function readFour(at: usize): u32 {
  return (
    (<u32>(load<u8>(at) & 0xf) << 24) |
    (<u32>load<u8>(at, 1) << 16) |
    (<u32>load<u8>(at, 2) << 8) |
    <u32>load<u8>(at, 3)
  );
}

/** The zigzagged residual of 4 to 7 bytes, low byte first. */
function readWide(at: usize, code: u32): u64 {
  let zigzagged: u64 = 0;
  for (let i = code - wideResidualCode + 4; i > 0; i--) zigzagged = (zigzagged << 8) | <u64>load<u8>(at + i);
  return zigzagged;
}

function decodeXors(at: usize, out: usize, end: usize): void {
  let bits: u64 = 0;
  mayBeStale = true;
  while (out < end) {
    const code: u32 = load<u8>(at);
    if (code >= repeatsCode) {
      const runEnd = out + 8 * readRepeats(at);
      for (; out < runEnd; out += 8) store<u64>(out, bits);
      at = cursor;
      continue;
    }
    // The bytes between the zeros stand at the place where the zeros behind them end.
    const count = ((code - 1) & 7) + 1;
    let shift = 64 - 8 * count - (code - count);
    at++;
    for (const codeEnd = at + count; at < codeEnd; at++, shift += 8) bits ^= (<u64>load<u8>(at)) << shift;
    store<u64>(out, bits);
    out += 8;
  }
}

function decodeTimes(at: usize, startMs: f64, out: usize, count: u32): void {
  readNumber(at);
  let time: u32 = readNumber(cursor);
  store<f64>(out, startMs + <f64>time);
  if (count == 1) return;
  let delta: i32 = readNumber(cursor);
  at = cursor;
  time += delta;
  store<f64>(out, startMs + <f64>time, 8);
  const end = out + 8 * count;
  out += 16;
  while (out < end) {
    const code: u32 = load<u8>(at);
    if (code >= repeatsCode) {
      const runEnd = out + 8 * readRepeats(at);
      at = cursor;
      for (; out < runEnd; out += 8) {
        time += delta;
        store<f64>(out, startMs + <f64>time);
      }
      continue;
    }
    if (code < 0x80) {
      delta += <i32>unzigzag(code);
      at += 1;
    } else if (code < 0xc0) {
      delta += <i32>unzigzag(((code & 0x3f) << 8) | <u32>load<u8>(at, 1));
      at += 2;
    } else {
      delta += <i32>unzigzag(code < 0xe0 ? readThree(at) : readFour(at));
      at += code < 0xe0 ? 3 : 4;
    }
    time += delta;
    store<f64>(out, startMs + <f64>time);
    out += 8;
  }
}
