/**
 * How many stored series carry each value of a label: an open-addressed table from a value's 32-bit hash to a count, 8 to
 * 16 bytes a value and no text. Two values with one hash count as one: among 10,000 values that happens to a pair with a
 * probability of 1 %, and lets one value more than a budget in.
 */
export interface ValueCounts {
  /** Values that a series carries. */
  readonly size: number;
  has(hash: number): boolean;
  /** Counts a series; true where the value is new. */
  add(hash: number): boolean;
  /** Uncounts a series; a value that is not there is left alone. */
  remove(hash: number): void;
}

const firstSlots = 8;

export function createValueCounts(): ValueCounts {
  let hashes = new Uint32Array(firstSlots);
  let counts = new Uint32Array(firstSlots);
  /** Slots whose hash means something. Those with a count of 0 are left by removed values, and are gone after a rehash. */
  let used = new Uint8Array(firstSlots);
  let usedCount = 0;
  let size = 0;

  /** The slot of a hash, or the free one where it belongs. */
  function slotOf(hash: number): number {
    const mask = hashes.length - 1;
    let slot = hash & mask;
    while (used[slot] === 1 && hashes[slot] !== hash) slot = (slot + 1) & mask;
    return slot;
  }

  function rehash(): void {
    const [oldHashes, oldCounts] = [hashes, counts];
    let slots = firstSlots;
    while (slots < size * 4) slots *= 2;
    hashes = new Uint32Array(slots);
    counts = new Uint32Array(slots);
    used = new Uint8Array(slots);
    usedCount = size;
    oldCounts.forEach((count, old) => {
      if (count === 0) return;
      const slot = slotOf(oldHashes[old]!);
      hashes[slot] = oldHashes[old]!;
      counts[slot] = count;
      used[slot] = 1;
    });
  }

  return {
    get size() {
      return size;
    },
    has: (hash) => counts[slotOf(hash)]! > 0,
    add(hash) {
      let slot = slotOf(hash);
      if (used[slot] === 0) {
        if ((usedCount + 1) * 4 > hashes.length * 3) {
          rehash();
          slot = slotOf(hash);
        }
        hashes[slot] = hash;
        used[slot] = 1;
        usedCount++;
      }
      const count = counts[slot]!;
      counts[slot] = count + 1;
      if (count === 0) size++;
      return count === 0;
    },
    remove(hash) {
      const slot = slotOf(hash);
      const count = counts[slot]!;
      if (count === 0) return;
      counts[slot] = count - 1;
      if (count === 1) size--;
    },
  };
}
