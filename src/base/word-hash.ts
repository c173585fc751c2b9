/**
 * A hash of bytes that lie in a DataView, four bytes at a time. It starts from a random seed per process: a sender cannot prepare
 * texts that all fall on one slot of a table.
 */
const seed = (Math.random() * 0x1_0000_0000) | 0;

/** Multipliers of FNV-1a (32 bits) and of Knuth's multiplicative hashing. */
const prime = 0x0100_0193;
const golden = 0x9e37_79b1 | 0;

/** The bits of a little-endian word that hold its first `length` bytes, 1 to 4. */
export const maskOf = (length: number): number => 0xffffffff >>> (32 - 8 * length);

/**
 * FNV-1a over words instead of bytes, with its bits spread at each step, since slots are chosen by the low ones. Of source[start, end);
 * up to three bytes behind it are read. Texts hashed with different salts are different ones.
 */
export function wordHash(source: DataView, start: number, end: number, salt = 0): number {
  let hash = seed ^ Math.imul(salt, golden) ^ (end - start);
  for (let at = start; at < end; at += 4) {
    const word = source.getInt32(at, true);
    hash = Math.imul(hash ^ (end - at < 4 ? word & maskOf(end - at) : word), prime);
    hash = Math.imul(hash ^ (hash >>> 15), golden);
  }
  return hash ^ (hash >>> 13);
}
