/** Copies an open chunk's streams out of its chains, whole, as they are stored in segments and decoded (docs/formats/chunk.md). */
import { blockWords } from './arenas.js';
import { codeBytesMax, writeLeb128, writeRepeats } from './chunk-codes.js';
import {
  countWord,
  firstDeltaWord,
  firstTimeWord,
  packedWord,
  payloadBytes,
  timeFirstBlockWord,
  timeRepeatsWord,
  valueFirstBlockWord,
  valueRepeatsWord,
} from './open-chunk-record.js';
import type { OpenChunks } from './open-chunks.js';
import { findRecord } from './open-chunks.js';

/** A stream's copy: bytes[start, end). Reused from call to call; `bytes` is replaced where it is too small. */
export interface StreamCopy {
  bytes: Uint8Array;
  words: Uint32Array;
  start: number;
  end: number;
}

export function createStreamCopy(): StreamCopy {
  const bytes = new Uint8Array(4096);
  return { bytes, words: new Uint32Array(bytes.buffer), start: 0, end: 0 };
}

/** Room before the codes for what a stream says ahead of them: at most three LEB128 numbers of 5 bytes. */
const headBytes = 16;
const headWords = headBytes / 4;

/** Copies the stream of values of the chunk of `ref`, which exists. */
export function copyValueStream(chunks: OpenChunks, ref: number, copy: StreamCopy): void {
  const record = findRecord(chunks, ref);
  const words = chunks.arenas.words[chunks.arena]!;
  const packed = words[record + packedWord]!;
  copyChain(chunks, words[record + valueFirstBlockWord]!, packed & 0xff, copy);
  const repeats = words[record + valueRepeatsWord]!;
  if (repeats > 0) copy.end = writeRepeats(copy.bytes, copy.end, repeats);
  const codesLength = copy.end - headBytes;
  const count = words[record + countWord]!;
  copy.start = headBytes - 1 - leb128Length(count) - leb128Length(codesLength);
  const at = writeLeb128(copy.bytes, writeLeb128(copy.bytes, copy.start, count), codesLength);
  copy.bytes[at] = packed >>> 16;
}

/** Copies the stream of times of the chunk of `ref`, which exists. */
export function copyTimeStream(chunks: OpenChunks, ref: number, copy: StreamCopy): void {
  const record = findRecord(chunks, ref);
  const words = chunks.arenas.words[chunks.arena]!;
  copyChain(chunks, words[record + timeFirstBlockWord]!, (words[record + packedWord]! >>> 8) & 0xff, copy);
  const repeats = words[record + timeRepeatsWord]!;
  if (repeats > 0) copy.end = writeRepeats(copy.bytes, copy.end, repeats);
  const isSingle = words[record + countWord] === 1;
  const firstTime = words[record + firstTimeWord]!;
  const firstDelta = words[record + firstDeltaWord]!;
  const firstLength = leb128Length(firstTime) + (isSingle ? 0 : leb128Length(firstDelta));
  const length = firstLength + copy.end - headBytes;
  copy.start = headBytes - firstLength - leb128Length(length);
  const at = writeLeb128(copy.bytes, writeLeb128(copy.bytes, copy.start, length), firstTime);
  if (!isSingle) writeLeb128(copy.bytes, at, firstDelta);
}

const leb128Length = (n: number): number => Math.max(1, Math.ceil((32 - Math.clz32(n)) / 7));

/** Copies a chain's codes, the last block's `lastUsed` bytes of them, to `headBytes`, with room for a code behind. */
function copyChain(chunks: OpenChunks, block: number, lastUsed: number, copy: StreamCopy): void {
  const { arenas } = chunks;
  let word = headWords;
  let used = 0;
  while (block !== 0) {
    if ((word + blockWords) * 4 + codeBytesMax > copy.bytes.length) growCopy(copy);
    const source = arenas.words[block >>> arenas.blockShift]!;
    const from = (block & arenas.blockMask) * blockWords;
    const target = copy.words;
    for (let i = 0; i < blockWords - 1; i++) target[word + i] = source[from + i]!;
    word += blockWords - 1;
    block = source[from + blockWords - 1]!;
    used = lastUsed;
  }
  copy.end = word * 4 - (used === 0 ? 0 : payloadBytes - used);
}

function growCopy(copy: StreamCopy): void {
  const larger = new Uint8Array(copy.bytes.length * 2);
  larger.set(copy.bytes);
  copy.bytes = larger;
  copy.words = new Uint32Array(larger.buffer);
}
