/** Which blocks of the arenas are free: runs, merged with their neighbours. */

/** Free runs of blocks: by size class for taking, by both ends for merging. */
export interface FreeRuns {
  /** A run of so many blocks, cut off a free one of about that size; 0 where there is none. */
  take(blockCount: number): number;
  /** Adds a run and merges it. Returns its first block where the run is now a whole arena, -1 otherwise. */
  add(block: number, blockCount: number): number;
  remove(block: number): void;
}

/** How many runs of the smallest class that may fit are looked at before a larger class is cut. A guess. */
const looksMax = 8;

export function createFreeRuns(blocksPerArena: number): FreeRuns {
  const countByStart = new Map<number, number>();
  const startByEnd = new Map<number, number>();
  /** Class k holds runs of [2^k, 2^(k + 1)) blocks. */
  const classes: Set<number>[] = Array.from({ length: Math.log2(blocksPerArena) + 1 }, () => new Set());
  const classOf = (blockCount: number): number => 31 - Math.clz32(blockCount);

  function insert(block: number, blockCount: number): void {
    countByStart.set(block, blockCount);
    startByEnd.set(block + blockCount, block);
    classes[classOf(blockCount)]!.add(block);
  }

  function remove(block: number): number {
    const blockCount = countByStart.get(block)!;
    countByStart.delete(block);
    startByEnd.delete(block + blockCount);
    classes[classOf(blockCount)]!.delete(block);
    return blockCount;
  }

  function find(blockCount: number): number {
    const smallest = classOf(blockCount);
    let looks = 0;
    for (const block of classes[smallest]!) {
      if (countByStart.get(block)! >= blockCount) return block;
      if (++looks === looksMax) break;
    }
    for (let k = smallest + 1; k < classes.length; k++) {
      for (const block of classes[k]!) return block;
    }
    if (looks === looksMax)
      for (const block of classes[smallest]!) if (countByStart.get(block)! >= blockCount) return block;
    return 0;
  }

  return {
    take(blockCount) {
      const block = find(blockCount);
      if (block === 0) return 0;
      const rest = remove(block) - blockCount;
      if (rest > 0) insert(block + blockCount, rest);
      return block;
    },
    add(block, blockCount) {
      const before = block % blocksPerArena === 0 ? undefined : startByEnd.get(block);
      if (before !== undefined) {
        blockCount += remove(before);
        block = before;
      }
      const end = block + blockCount;
      if (end % blocksPerArena !== 0 && countByStart.has(end)) blockCount += remove(end);
      insert(block, blockCount);
      return blockCount === blocksPerArena ? block : -1;
    },
    remove,
  };
}
