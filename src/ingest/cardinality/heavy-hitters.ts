/**
 * The frequent ones among a stream of 32-bit hashes, in bounded memory: Space-Saving. Every hash that makes up more than
 * 1/capacity of the stream is among the counters, and a counter is too high by at most its error. Source: A. Metwally,
 * D. Agrawal, A. El Abbadi, "Efficient Computation of Frequent and Top-k Elements in Data Streams" (2005).
 */
export interface HeavyHitters {
  /** Length of the stream so far, halvings taken into account. */
  readonly total: number;
  /** Counts a hash once. */
  add(hash: number): void;
  /** So often the hash came for certain: its count without its error. */
  guaranteed(hash: number): number;
}

/** After so many additions for each counter all counts are halved, so that what was frequent long ago gives way. A guess. */
const additionsPerCounter = 64;

export function createHeavyHitters(capacity: number): HeavyHitters {
  const slots = new Map<number, number>();
  const hashes = new Uint32Array(capacity);
  const counts = new Float64Array(capacity);
  const errors = new Float64Array(capacity);
  let total = 0;

  /** No count is below this; it only rises, so that a round through the counters finds many slots for one search. */
  let least = 0;
  let cursor = 0;

  function leastSlot(): number {
    for (let tried = 0; tried < capacity; tried++) {
      const slot = cursor;
      cursor = cursor + 1 === capacity ? 0 : cursor + 1;
      if (counts[slot]! <= least) return slot;
    }
    least = counts.reduce((a, b) => Math.min(a, b));
    return leastSlot();
  }

  function take(hash: number): void {
    const isFull = slots.size === capacity;
    const slot = isFull ? leastSlot() : slots.size;
    if (isFull) slots.delete(hashes[slot]!);
    errors[slot] = counts[slot]!;
    counts[slot] = counts[slot]! + 1;
    hashes[slot] = hash;
    slots.set(hash, slot);
  }

  function halve(): void {
    total /= 2;
    least /= 2;
    for (let slot = 0; slot < capacity; slot++) {
      counts[slot] = counts[slot]! / 2;
      errors[slot] = errors[slot]! / 2;
    }
  }

  return {
    get total() {
      return total;
    },
    add(hash) {
      total++;
      const slot = slots.get(hash);
      if (slot === undefined) take(hash);
      else counts[slot] = counts[slot]! + 1;
      if (total > capacity * additionsPerCounter) halve();
    },
    guaranteed(hash) {
      const slot = slots.get(hash);
      return slot === undefined ? 0 : counts[slot]! - errors[slot]!;
    },
  };
}
