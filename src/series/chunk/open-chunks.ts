/**
 * The open chunks of one hour: a record of 64 bytes for each series that takes its samples one by one, and two chains of
 * blocks behind it, one with the codes of values, one with those of times (docs/formats/chunk.md). A chain of times
 * begins with the first irregular time, so that a series which is sampled regularly has none.
 *
 * States of a record: empty (count 0); open. Repeats at the end of either stream are counted in the record and written
 * when they end, or when the chunk is copied out.
 *
 * Invariants: times rise strictly; every code was written after all codes of earlier samples; a chain's blocks belong
 * to one record. Only the thread that owns the store may read or write here: readers elsewhere get copies.
 */
import type { Arenas } from './arenas.js';
import { blockWords } from './arenas.js';
import { codeBytesMax } from './chunk-codes.js';
import { countWord, timeFirstBlockWord, valueFirstBlockWord } from './open-chunk-record.js';

/** Records lie in pages of this many, for series with neighbouring refs. A page is taken when its first series gets a sample. */
export const pageRefs = 64;
const pageShift = 6;
const pageMask = 63;
/** A record has 16 words, a block. */
const recordShift = 4;

/** Blocks that are taken from the arenas at once: 64 KiB. */
const extentBlocksMax = 1024;

export interface OpenChunks {
  readonly arenas: Arenas;
  /** Epoch milliseconds. */
  readonly startMs: number;
  /** The first block of a page of records by ref >>> 6; 0 for none. */
  pages: Uint32Array;
  readonly extents: { readonly block: number; readonly blockCount: number }[];
  nextBlock: number;
  extentEnd: number;
  /** The first of the blocks that chunks gave back, chained by their last word. */
  freeBlock: number;
  chunkCount: number;
  sampleCount: number;
  /** The mode that the next chunk begins with and keeps; -1 where its values decide. */
  forcedMode: number;
  /** Why the last append stopped, one of `stops`. */
  stop: number;
  /** The arena of the record at hand. */
  arena: number;
  /** Where the next code is written: in its block, or in `spill` where the block may be too full for it. */
  target: Uint8Array;
  readonly spill: Uint8Array;
}

export const createOpenChunks = (arenas: Arenas, startMs: number): OpenChunks => ({
  arenas,
  startMs,
  pages: new Uint32Array(0),
  extents: [],
  nextBlock: 0,
  extentEnd: 0,
  freeBlock: 0,
  chunkCount: 0,
  sampleCount: 0,
  forcedMode: -1,
  stop: 0,
  arena: 0,
  target: new Uint8Array(0),
  spill: new Uint8Array(codeBytesMax),
});

/** Gives all memory back. The chunks must not be used afterwards. */
export function releaseOpenChunks(chunks: OpenChunks): void {
  for (const { block, blockCount } of chunks.extents) chunks.arenas.free(block, blockCount);
  chunks.extents.length = 0;
  chunks.pages = new Uint32Array(0);
  chunks.nextBlock = 0;
  chunks.extentEnd = 0;
  chunks.freeBlock = 0;
  chunks.chunkCount = 0;
  chunks.sampleCount = 0;
}

/** The first word of the record of `ref`, in the arena that `chunks.arena` then names; -1 where its page was not taken yet. */
export function findRecord(chunks: OpenChunks, ref: number): number {
  const page = ref >>> pageShift < chunks.pages.length ? chunks.pages[ref >>> pageShift]! : 0;
  if (page === 0) return -1;
  const block = page + (ref & pageMask);
  chunks.arena = block >>> chunks.arenas.blockShift;
  return (block & chunks.arenas.blockMask) << recordShift;
}

/** As `findRecord`, but takes the page where it must. */
export function takeRecord(chunks: OpenChunks, ref: number): number {
  const record = findRecord(chunks, ref);
  if (record >= 0) return record;
  addPage(chunks, ref);
  return findRecord(chunks, ref);
}

function addPage(chunks: OpenChunks, ref: number): void {
  const index = ref >>> pageShift;
  if (index >= chunks.pages.length) {
    const larger = new Uint32Array(Math.max(16, chunks.pages.length * 2, index + 1));
    larger.set(chunks.pages);
    chunks.pages = larger;
  }
  const { arenas } = chunks;
  const page = takeBlocks(chunks, pageRefs);
  const record = (page & arenas.blockMask) * blockWords;
  arenas.words[page >>> arenas.blockShift]!.fill(0, record, record + pageRefs * blockWords);
  chunks.pages[index] = page;
}

function takeBlocks(chunks: OpenChunks, blockCount: number): number {
  if (chunks.nextBlock + blockCount > chunks.extentEnd) addExtent(chunks);
  const block = chunks.nextBlock;
  chunks.nextBlock += blockCount;
  return block;
}

function addExtent(chunks: OpenChunks): void {
  while (chunks.nextBlock < chunks.extentEnd) giveBlock(chunks, chunks.nextBlock++);
  const { arenas } = chunks;
  // The first extent of an hour is small: late samples touch many hours, with few samples each.
  const blockCount = Math.min(chunks.extents.length === 0 ? 2 * pageRefs : extentBlocksMax, (arenas.blockMask + 1) / 4);
  const block = arenas.allocate(blockCount);
  chunks.extents.push({ block, blockCount });
  chunks.nextBlock = block;
  chunks.extentEnd = block + blockCount;
}

function giveBlock(chunks: OpenChunks, block: number): void {
  const { arenas } = chunks;
  arenas.words[block >>> arenas.blockShift]![(block & arenas.blockMask) * blockWords + blockWords - 1] =
    chunks.freeBlock;
  chunks.freeBlock = block;
}

/** A block whose link is 0; its codes are arbitrary. */
export function takeBlock(chunks: OpenChunks): number {
  const { arenas, freeBlock } = chunks;
  const block = freeBlock === 0 ? takeBlocks(chunks, 1) : freeBlock;
  const link = (block & arenas.blockMask) * blockWords + blockWords - 1;
  const words = arenas.words[block >>> arenas.blockShift]!;
  if (freeBlock !== 0) chunks.freeBlock = words[link]!;
  words[link] = 0;
  return block;
}

/** The number of samples in the chunk of `ref`; 0 where there is none. */
export function openSampleCount(chunks: OpenChunks, ref: number): number {
  const record = findRecord(chunks, ref);
  return record < 0 ? 0 : chunks.arenas.words[chunks.arena]![record + countWord]!;
}

/** Removes the chunk of `ref`, if there is one. */
export function removeChunk(chunks: OpenChunks, ref: number): void {
  const record = findRecord(chunks, ref);
  if (record < 0) return;
  const words = chunks.arenas.words[chunks.arena]!;
  const count = words[record + countWord]!;
  if (count === 0) return;
  giveChain(chunks, words[record + valueFirstBlockWord]!);
  giveChain(chunks, words[record + timeFirstBlockWord]!);
  words[record + countWord] = 0;
  chunks.chunkCount--;
  chunks.sampleCount -= count;
}

function giveChain(chunks: OpenChunks, block: number): void {
  const { arenas } = chunks;
  while (block !== 0) {
    const next = arenas.words[block >>> arenas.blockShift]![(block & arenas.blockMask) * blockWords + blockWords - 1]!;
    giveBlock(chunks, block);
    block = next;
  }
}
