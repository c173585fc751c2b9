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
  /** The low and the high word of a hash. */
  add(low: number, high: number): void;
  /** False: the id was never added. True: it may have been. */
  mayHave(low: number, high: number): boolean;
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

  return {
    bytes,
    get added() {
      return added;
    },
    add(low, high) {
      added++;
      const block = (low & blockMask) * wordsPerBlock;
      const step = stepOf(low);
      let mixed = high;
      for (let i = 0; i < bitsPerId; i++, mixed = nextMixed(mixed, step)) {
        const position = bitOf(mixed);
        words[block + (position >>> 5)]! |= 1 << (position & 31);
      }
    },
    mayHave(low, high) {
      const block = (low & blockMask) * wordsPerBlock;
      const step = stepOf(low);
      let mixed = high;
      for (let i = 0; i < bitsPerId; i++, mixed = nextMixed(mixed, step)) {
        const position = bitOf(mixed);
        if ((words[block + (position >>> 5)]! & (1 << (position & 31))) === 0) return false;
      }
      return true;
    },
  };
}

/** The bits of a hash within its block: 9 bits of a mixed word choose each. */
const bitOf = (mixed: number): number => (mixed ^ (mixed >>> 15)) & 511;
const stepOf = (low: number): number => (Math.imul(low, 0x9e3779b1) | 1) >>> 0;
const nextMixed = (mixed: number, step: number): number => (Math.imul(mixed, 0x85ebca6b) + step) >>> 0;
