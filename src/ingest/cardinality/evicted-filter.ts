/**
 * Remembers which sources were evicted, approximately: two Bloom filters, of which the older one is dropped when the younger is full.
 * It tells a source that comes back from one that is new, which must be counted from its first value on. Each filter takes
 * `capacity` keys in 32 bits a key with 6 probes, so that a new key is taken for a known one in 1 of 20,000 cases at most.
 * Source: B. Bloom, "Space/Time Trade-offs in Hash Coding with Allowable Errors" (1970); probes by double hashing, A. Kirsch,
 * M. Mitzenmacher, "Less Hashing, Same Performance" (2006).
 */
export interface EvictedFilter {
  add(high: number, low: number): void;
  has(high: number, low: number): boolean;
}

const bitsPerKey = 32;
const probes = 6;

export function createEvictedFilter(capacity: number): EvictedFilter {
  const words = 2 ** Math.ceil(Math.log2(Math.max(2, (capacity * bitsPerKey) / 32)));
  const mask = words * 32 - 1;
  // A folder that never evicts pays nothing.
  let young = new Uint32Array(0);
  let old = new Uint32Array(0);
  let count = 0;

  function isIn(filter: Uint32Array, high: number, low: number): boolean {
    for (let probe = 0, bit = low; probe < probes; probe++, bit += high | 1) {
      const at = bit & mask;
      if ((filter[at >>> 5]! & (1 << (at & 31))) === 0) return false;
    }
    return true;
  }

  return {
    add(high, low) {
      if (young.length === 0) [young, old] = [new Uint32Array(words), new Uint32Array(words)];
      if (count === capacity) {
        [young, old] = [old.fill(0), young];
        count = 0;
      }
      count++;
      for (let probe = 0, bit = low; probe < probes; probe++, bit += high | 1) {
        const at = bit & mask;
        young[at >>> 5]! |= 1 << (at & 31);
      }
    },
    has: (high, low) => young.length > 0 && (isIn(young, high, low) || isIn(old, high, low)),
  };
}
