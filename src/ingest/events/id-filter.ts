/**
 * A blocked Bloom filter over request-id hashes: "surely new" spares the engine a look-up, "perhaps known" asks it.
 * It never says new of an id that was added, so a wrong answer only ever costs time. Past its design load it keeps
 * working, with more look-ups. One block is one cache line (512 bits) and holds all bits of an id.
 * Source: Putze, Sanders, Singler, "Cache-, Hash- and Space-Efficient Bloom Filters", 2007.
 */
const wordsPerBlock = 16;
const bitsPerId = 8;
/** Bits of filter for each id at which one id in about 120 is wrongly called known (measured in the test). */
export const filterBitsPerId = 12;

export interface IdFilter {
  add(hash: bigint): void;
  /** False: the id was never added. True: it may have been. */
  mayHave(hash: bigint): boolean;
  /** Ids added, repeated ones counted each time. */
  readonly added: number;
  readonly bytes: number;
}

/** A filter of the largest power of two of bytes that is not over `bytesMax`, large enough for `idsExpected` if it may. */
export function createIdFilter(idsExpected: number, bytesMax: number): IdFilter {
  const bytesWanted = Math.max(1 << 20, (idsExpected * filterBitsPerId) / 8);
  const bytes = 2 ** Math.min(Math.ceil(Math.log2(bytesWanted)), Math.floor(Math.log2(Math.max(64, bytesMax))));
  const words = new Uint32Array(bytes / 4);
  const blockMask = words.length / wordsPerBlock - 1;
  let added = 0;

  /** Walks the bits of a hash in its block: 9 bits of a mixed word choose each. */
  const visit = (hash: bigint, each: (word: number, bit: number) => boolean): boolean => {
    const low = Number(hash & 0xffffffffn);
    const high = Number(hash >> 32n);
    const block = (low & blockMask) * wordsPerBlock;
    let mixed = high;
    const step = (Math.imul(low, 0x9e3779b1) | 1) >>> 0;
    for (let i = 0; i < bitsPerId; i++) {
      const position = (mixed ^ (mixed >>> 15)) & 511;
      if (!each(block + (position >>> 5), 1 << (position & 31))) return false;
      mixed = (Math.imul(mixed, 0x85ebca6b) + step) >>> 0;
    }
    return true;
  };

  const set = (word: number, bit: number): boolean => {
    words[word]! |= bit;
    return true;
  };
  const isSet = (word: number, bit: number): boolean => (words[word]! & bit) !== 0;

  return {
    bytes,
    get added() {
      return added;
    },
    add(hash) {
      added++;
      visit(hash, set);
    },
    mayHave: (hash) => visit(hash, isSet),
  };
}
