/**
 * The memory of chunks: SharedArrayBuffers of one size, given out in runs of blocks of 64 bytes. A block has a number, whose
 * high bits are its arena. Block 0 is never given out, so that 0 means none.
 *
 * Free runs are kept by size class and merged with their neighbours; an arena that is wholly free is given back.
 */
import { assert } from '../../base/assert.js';
import type { FreeRuns } from './free-runs.js';
import { createFreeRuns } from './free-runs.js';

export const blockBytes = 64;
export const blockWords = blockBytes / 4;

export interface ArenaOptions {
  /** Bytes of an arena, a power of two from 64 KiB up. */
  readonly arenaBytes: number;
  /**
   * Asked before a further arena is taken. Frees something and returns true, upon which the allocation is tried again, or
   * returns false: then the arena is taken.
   */
  readonly makeRoom: (reservedBytes: number) => boolean;
}

export interface Arenas {
  /** Views by arena; undefined ones were given back. */
  readonly bytes: Uint8Array[];
  readonly words: Uint32Array[];
  readonly doubles: Float64Array[];
  readonly buffers: (SharedArrayBuffer | undefined)[];
  /** A block's arena is block >>> blockShift; its place there, in blocks, is block & blockMask. */
  readonly blockShift: number;
  readonly blockMask: number;
  /** Memory taken from the system, and the part of it that is given out. */
  reservedBytes: number;
  usedBytes: number;
  /** A run of blocks, side by side in one arena; their content is arbitrary. At most an arena's. */
  allocate(blockCount: number): number;
  /** Gives a run back. */
  free(block: number, blockCount: number): void;
}

export function createArenas({ arenaBytes, makeRoom }: ArenaOptions): Arenas {
  const blocksPerArena = arenaBytes / blockBytes;
  const blockShift = Math.log2(blocksPerArena);
  assert(Number.isInteger(blockShift) && blockShift >= 10, 'an arena is a power of two of at least 64 KiB');
  const free = createFreeRuns(blocksPerArena);

  function giveBack(block: number, blockCount: number): void {
    const emptied = free.add(block, blockCount);
    // One arena's worth of room is kept, lest a store at its bound takes and gives back an arena over and over.
    if (emptied >= 0 && arenas.reservedBytes - arenas.usedBytes > 2 * arenaBytes) {
      free.remove(emptied);
      removeArena(arenas, emptied >>> blockShift);
    }
  }

  // Plain properties, for they are read for each sample: an object with accessors is read several times as slowly.
  const arenas: Arenas = {
    bytes: [],
    words: [],
    doubles: [],
    buffers: [],
    blockShift,
    blockMask: blocksPerArena - 1,
    reservedBytes: 0,
    usedBytes: 0,
    allocate(blockCount) {
      assert(blockCount > 0 && blockCount < blocksPerArena, `a run of ${blockCount} blocks does not fit an arena`);
      let block = free.take(blockCount);
      while (block === 0) {
        if (arenas.reservedBytes === 0 || !makeRoom(arenas.reservedBytes + arenaBytes)) addArena(arenas, free);
        block = free.take(blockCount);
      }
      arenas.usedBytes += blockCount * blockBytes;
      return block;
    },
    free(block, blockCount) {
      arenas.usedBytes -= blockCount * blockBytes;
      giveBack(block, blockCount);
    },
  };
  return arenas;
}

function addArena(arenas: Arenas, free: FreeRuns): void {
  const blocksPerArena = arenas.blockMask + 1;
  const hole = arenas.buffers.indexOf(undefined);
  const arena = hole < 0 ? arenas.buffers.length : hole;
  const buffer = new SharedArrayBuffer(blocksPerArena * blockBytes);
  setArena(arenas, arena, buffer, buffer);
  arenas.reservedBytes += buffer.byteLength;
  // Block 0 is left out of the first arena, which therefore is never wholly free and stays.
  const first = arena === 0 ? 1 : arena * blocksPerArena;
  free.add(first, (arena + 1) * blocksPerArena - first);
}

function removeArena(arenas: Arenas, arena: number): void {
  setArena(arenas, arena, undefined, new SharedArrayBuffer(0));
  arenas.reservedBytes -= (arenas.blockMask + 1) * blockBytes;
}

function setArena(
  arenas: Arenas,
  arena: number,
  buffer: SharedArrayBuffer | undefined,
  viewed: SharedArrayBuffer,
): void {
  arenas.buffers[arena] = buffer;
  arenas.bytes[arena] = new Uint8Array(viewed);
  arenas.words[arena] = new Uint32Array(viewed);
  arenas.doubles[arena] = new Float64Array(viewed);
}
