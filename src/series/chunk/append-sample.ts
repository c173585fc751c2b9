/** Appends samples to open chunks: which mode a chunk is in, and which code a sample becomes. docs/formats/chunk.md has the grammar. */
import { assert } from '../../base/assert.js';
import * as arenas from './arenas.js';
import {
  codeBytesMax as codeBytesLimit,
  writeEscape,
  writeRepeats,
  writeResidual,
  writeXor,
  zigzag,
} from './chunk-codes.js';
import { mantissaEnd as mantissaLimit, mantissaOf, powersOfTen, scaleOf } from './decimal.js';
import { xorMode as xorModeByte } from './decode-chunk.js';
import * as layout from './open-chunk-record.js';
import type { OpenChunks } from './open-chunks.js';
import { removeChunk, takeBlock, takeRecord } from './open-chunks.js';

// An imported constant is loaded and checked wherever it is used; one of this module is a part of the code. Appending is a third
// quicker for it.
const blockBytes = arenas.blockBytes;
const blockWords = arenas.blockWords;
const codeBytesMax = codeBytesLimit;
const mantissaEnd = mantissaLimit;
const xorMode = xorModeByte;
const { payloadBytes } = layout;
const baseWord = layout.baseWord;
const countWord = layout.countWord;
const firstDeltaWord = layout.firstDeltaWord;
const firstTimeWord = layout.firstTimeWord;
const lastDeltaWord = layout.lastDeltaWord;
const lastTimeWord = layout.lastTimeWord;
const packedWord = layout.packedWord;
const timeRepeatsWord = layout.timeRepeatsWord;
const trendWord = layout.trendWord;
const valueLastBlockWord = layout.valueLastBlockWord;
const valueRepeatsWord = layout.valueRepeatsWord;

/** Samples as columns. `words` are the words of `values`, low half first. */
export interface SampleSource {
  /** Epoch milliseconds, whole numbers. */
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
  readonly words: Uint32Array;
}

/**
 * Why `appendSamples` stopped before a sample: it is `outside` the hour; it is `late`, that is, not later than the chunk's last
 * one; or it is `unfit`, and the chunk has to be encoded anew together with it (`replaceChunk`).
 */
export const stops = { none: 0, outside: 1, late: 2, unfit: 3 } as const;

const { none, outside, late, unfit } = stops;

const hourMs = 3_600_000;

/**
 * Appends source's samples [from, to) to the chunk of `ref`, and stops before the first that cannot be. Returns its place, or
 * `to`; `chunks.stop` tells why. Values move by place, not as numbers: passed as such they would be allocated, and NaNs changed.
 */
export function appendSamples(chunks: OpenChunks, ref: number, source: SampleSource, from: number, to: number): number {
  const record = takeRecord(chunks, ref);
  const words = chunks.arenas.words[chunks.arena]!;
  const { timesMs } = source;
  const { startMs } = chunks;
  let i = from;
  let stop: number = none;
  for (; i < to; i++) {
    const time = timesMs[i]! - startMs;
    if (!(time >= 0 && time < hourMs)) {
      stop = outside;
      break;
    }
    const count = words[record + countWord]!;
    if (count === 0) beginChunk(chunks, words, record, source, i);
    else if (time <= words[record + lastTimeWord]!) {
      stop = late;
      break;
    }
    if (isBase(words, record, source.words, i)) words[record + valueRepeatsWord]!++;
    else if (!appendSmallResidual(chunks, words, record, source, i) && !appendValue(chunks, words, record, source, i)) {
      stop = unfit;
      break;
    }
    const delta = time - words[record + lastTimeWord]!;
    if (count > 1 && delta === words[record + lastDeltaWord]) {
      words[record + timeRepeatsWord]!++;
      words[record + lastTimeWord] = time;
    } else appendTime(chunks, words, record, count, time);
    words[record + countWord] = count + 1;
  }
  chunks.sampleCount += i - from;
  chunks.stop = stop;
  return i;
}

/**
 * The usual case of `appendValue` in one piece, for speed: a decimal value whose residual takes a byte or two, in a chunk that has
 * a sample, and where no repeats wait to be written and the block has room. False, with nothing done, in all other cases.
 */
function appendSmallResidual(
  chunks: OpenChunks,
  words: Uint32Array,
  record: number,
  source: SampleSource,
  i: number,
): boolean {
  const packed = words[record + packedWord]!;
  const mode = (packed >>> 16) & 0xff;
  const used = packed & 0xff;
  const block = words[record + valueLastBlockWord]!;
  if (mode === xorMode || block === 0 || used > payloadBytes - codeBytesMax) return false;
  if (words[record + valueRepeatsWord] !== 0 || words[record + countWord] === 0) return false;
  const { arenas } = chunks;
  const doubles = arenas.doubles[chunks.arena]!;
  const power = powersOfTen[mode]!;
  const value = source.values[i]!;
  const mantissa = Math.round(value * power);
  const isExact = mantissa / power === value && mantissa < mantissaEnd && mantissa > -mantissaEnd;
  if (!isExact || (mantissa === 0 && source.words[2 * i + 1] !== 0)) return false;
  const double = record >>> 1;
  const trend = doubles[double + trendWord / 2]!;
  const residual = mantissa - Math.round(doubles[double + baseWord / 2]! * power) - Math.floor(trend * 0.25);
  if (!(residual >= -0x2000 && residual < 0x2000)) return false;
  const small = residual | 0;
  const zigzagged = (small << 1) ^ (small >> 31);
  const bytes = arenas.bytes[block >>> arenas.blockShift]!;
  const at = (block & arenas.blockMask) * blockBytes + used;
  if (zigzagged < 0x80) bytes[at] = zigzagged;
  else {
    bytes[at] = 0x80 | (zigzagged >>> 8);
    bytes[at + 1] = zigzagged;
  }
  words[record + packedWord] = packed + (zigzagged < 0x80 ? 1 : 2);
  doubles[double + trendWord / 2] = trend + residual;
  doubles[double + baseWord / 2] = value;
  return true;
}

const isBase = (words: Uint32Array, record: number, sourceWords: Uint32Array, i: number): boolean =>
  words[record + baseWord] === sourceWords[2 * i] && words[record + baseWord + 1] === sourceWords[2 * i + 1];

function beginChunk(chunks: OpenChunks, words: Uint32Array, record: number, source: SampleSource, i: number): void {
  words.fill(0, record, record + blockWords);
  const mode = chunks.forcedMode < 0 ? startingMode(source.values, i) : chunks.forcedMode;
  words[record + packedWord] = mode << 16;
  chunks.chunkCount++;
}

function startingMode(values: Float64Array, i: number): number {
  const value = values[i]!;
  if (!Number.isFinite(value)) return 0;
  const scale = scaleOf(value, 0);
  return scale < 0 ? xorMode : scale;
}

/** Appends value i, which differs from the base. False where the chunk's mode does not fit it any more. */
function appendValue(chunks: OpenChunks, words: Uint32Array, record: number, source: SampleSource, i: number): boolean {
  const mode = (words[record + packedWord]! >>> 16) & 0xff;
  if (mode === xorMode) appendXor(chunks, words, record, source.words, i);
  else {
    const power = powersOfTen[mode]!;
    const mantissa = mantissaOf(source.values[i]!, power);
    const isMinusZero = mantissa === 0 && source.words[2 * i + 1] !== 0;
    if (Number.isNaN(mantissa) || isMinusZero) return appendEscape(chunks, words, record, source, i);
    appendMantissa(chunks, words, record, power, mantissa);
  }
  words[record + baseWord] = source.words[2 * i]!;
  words[record + baseWord + 1] = source.words[2 * i + 1]!;
  return true;
}

function appendXor(chunks: OpenChunks, words: Uint32Array, record: number, sourceWords: Uint32Array, i: number): void {
  endRepeats(chunks, words, record, valueStream);
  const at = beginCode(chunks, words, record, valueStream);
  const low = sourceWords[2 * i]! ^ words[record + baseWord]!;
  const high = sourceWords[2 * i + 1]! ^ words[record + baseWord + 1]!;
  endCode(chunks, words, record, valueStream, at, writeXor(chunks.target, at, low, high));
}

function appendMantissa(chunks: OpenChunks, words: Uint32Array, record: number, power: number, mantissa: number): void {
  endRepeats(chunks, words, record, valueStream);
  const doubles = chunks.arenas.doubles[chunks.arena]!;
  const double = record >>> 1;
  const base = Math.round(doubles[double + baseWord / 2]! * power);
  const trend = doubles[double + trendWord / 2]!;
  const residual = mantissa - base - Math.floor(trend * 0.25);
  if (words[record + countWord] !== 0) doubles[double + trendWord / 2] = trend + residual;
  const at = beginCode(chunks, words, record, valueStream);
  endCode(chunks, words, record, valueStream, at, writeResidual(chunks.target, at, zigzag(residual)));
}

/** Appends value i, which has no mantissa. False where a chunk with so many of them is better encoded in another mode. */
function appendEscape(
  chunks: OpenChunks,
  words: Uint32Array,
  record: number,
  source: SampleSource,
  i: number,
): boolean {
  const packed = words[record + packedWord]!;
  const escapes = packed >>> 24;
  if (chunks.forcedMode < 0) {
    const value = source.values[i]!;
    const isDecimal = isOrdinary(value) && scaleOf(value, ((packed >>> 16) & 0xff) + 1) >= 0;
    if (isDecimal || hasTooManyEscapes(escapes + 1, words[record + countWord]!, isOrdinary(value))) return false;
  }
  endRepeats(chunks, words, record, valueStream);
  const at = beginCode(chunks, words, record, valueStream);
  const end = writeEscape(chunks.target, at, source.words[2 * i]!, source.words[2 * i + 1]!);
  endCode(chunks, words, record, valueStream, at, end);
  if (escapes < 255) words[record + packedWord] = words[record + packedWord]! + (1 << 24);
  return true;
}

/** Not one of the values that may stand among decimal ones: NaN, the infinities, -0. */
const isOrdinary = (value: number): boolean => value !== 0 && Number.isFinite(value);

/**
 * Whether a chunk is better off as exclusive ors. One ordinary value without a mantissa foretells more of them; the
 * others are marks that come now and then. The shares are guesses.
 */
const hasTooManyEscapes = (escapes: number, samplesBefore: number, hasOrdinary: boolean): boolean =>
  escapes > 4 + (samplesBefore >>> 2) || (hasOrdinary && escapes > samplesBefore >>> 4);

/** The mode that all of values[from, from + count) fit best, by the rules by which `appendSample` finds one unfit. */
export function fittingMode(values: Float64Array, from: number, count: number): number {
  let scale = 0;
  for (let i = from; i < from + count; i++) {
    const value = values[i]!;
    if (Number.isFinite(value) && Number.isNaN(mantissaOf(value, powersOfTen[scale]!))) {
      scale = Math.max(scale, scaleOf(value, scale));
    }
  }
  let escapes = 0;
  let hasOrdinary = false;
  for (let i = from; i < from + count; i++) {
    const value = values[i]!;
    const mantissa = mantissaOf(value, powersOfTen[scale]!);
    if (!Number.isNaN(mantissa) && !Object.is(value, -0)) continue;
    escapes++;
    hasOrdinary ||= isOrdinary(value);
  }
  return hasTooManyEscapes(escapes, count - 1, hasOrdinary) ? xorMode : scale;
}

function appendTime(chunks: OpenChunks, words: Uint32Array, record: number, count: number, time: number): void {
  if (count === 0) words[record + firstTimeWord] = time;
  else {
    const delta = time - words[record + lastTimeWord]!;
    if (count === 1) words[record + firstDeltaWord] = delta;
    else if (delta === words[record + lastDeltaWord]) words[record + timeRepeatsWord]!++;
    else {
      endRepeats(chunks, words, record, timeStream);
      const at = beginCode(chunks, words, record, timeStream);
      const change = zigzag(delta - words[record + lastDeltaWord]!);
      endCode(chunks, words, record, timeStream, at, writeResidual(chunks.target, at, change));
    }
    words[record + lastDeltaWord] = delta;
  }
  words[record + lastTimeWord] = time;
}

/** The streams of a chunk; the words of the second's chain and repeats lie behind those of the first. */
const valueStream = 0;
const timeStream = 1;

function endRepeats(chunks: OpenChunks, words: Uint32Array, record: number, stream: number): void {
  const repeatsWord = record + (stream === valueStream ? valueRepeatsWord : timeRepeatsWord);
  if (words[repeatsWord] === 0) return;
  const at = beginCode(chunks, words, record, stream);
  endCode(chunks, words, record, stream, at, writeRepeats(chunks.target, at, words[repeatsWord]!));
  words[repeatsWord] = 0;
}

/** Points `chunks.target` at the place for a code. Returns where in it the code begins. */
function beginCode(chunks: OpenChunks, words: Uint32Array, record: number, stream: number): number {
  const block = words[record + valueLastBlockWord + 2 * stream]!;
  const used = (words[record + packedWord]! >>> (8 * stream)) & 0xff;
  const { arenas } = chunks;
  if (block === 0 || used + codeBytesMax > payloadBytes) {
    chunks.target = chunks.spill;
    return 0;
  }
  chunks.target = arenas.bytes[block >>> arenas.blockShift]!;
  return (block & arenas.blockMask) * blockBytes + used;
}

function endCode(
  chunks: OpenChunks,
  words: Uint32Array,
  record: number,
  stream: number,
  at: number,
  end: number,
): void {
  if (chunks.target === chunks.spill) spillCode(chunks, words, record, stream, end);
  else words[record + packedWord] = words[record + packedWord]! + ((end - at) << (8 * stream));
}

/** Copies a code of `length` bytes from the spill to the end of a chain, over the edge of a block where it must. */
function spillCode(chunks: OpenChunks, words: Uint32Array, record: number, stream: number, length: number): void {
  const { arenas } = chunks;
  const lastWord = record + valueLastBlockWord + 2 * stream;
  let block = words[lastWord]!;
  let used = block === 0 ? payloadBytes : (words[record + packedWord]! >>> (8 * stream)) & 0xff;
  for (let i = 0; i < length; i++) {
    if (used === payloadBytes) {
      const next = takeBlock(chunks);
      if (block === 0) words[lastWord - 1] = next;
      else arenas.words[block >>> arenas.blockShift]![(block & arenas.blockMask) * blockWords + blockWords - 1] = next;
      block = next;
      used = 0;
    }
    arenas.bytes[block >>> arenas.blockShift]![(block & arenas.blockMask) * blockBytes + used++] = chunks.spill[i]!;
  }
  words[lastWord] = block;
  words[record + packedWord] = (words[record + packedWord]! & ~(0xff << (8 * stream))) | (used << (8 * stream));
}

/**
 * Puts source's samples [0, count) in the place of what the chunk of `ref` held, in the mode that fits them best. Their times lie
 * in this hour and rise strictly.
 */
export function replaceChunk(chunks: OpenChunks, ref: number, source: SampleSource, count: number): void {
  removeChunk(chunks, ref);
  chunks.forcedMode = fittingMode(source.values, 0, count);
  const end = appendSamples(chunks, ref, source, 0, count);
  chunks.forcedMode = -1;
  assert(end === count, 'samples of a chunk do not rise within their hour');
}
