/**
 * Which record of a run has an id, by the id's 64-bit hash. Two ids with one hash count as the same: that costs time, since whoever asks
 * then compares the ids themselves. Slots are chosen with random multipliers, so that a sender cannot prepare ids that
 * all fall on one.
 */
export interface IdTable {
  /** The record that the hash was added for first. */
  add(low: number, high: number, record: number): number;
  /** Whether the hash that was added last was there already. */
  readonly repeated: boolean;
}

const randomOdd = (): number => Math.floor(Math.random() * 2 ** 32) | 1;
const lowFactor = randomOdd();
const highFactor = randomOdd();

/** For at most `idsMax` hashes. */
export function createIdTable(idsMax: number): IdTable {
  const bits = Math.max(4, Math.ceil(Math.log2(2 * idsMax)));
  const mask = 2 ** bits - 1;
  /** Number + 1 of the hash in each slot, 0 where none is. */
  const slots = new Uint32Array(2 ** bits);
  const lows = new Uint32Array(idsMax);
  const highs = new Uint32Array(idsMax);
  const records = new Uint32Array(idsMax);
  let count = 0;
  let repeated = false;
  return {
    get repeated() {
      return repeated;
    },
    add(low, high, record) {
      const mixed = Math.imul(low, lowFactor) + Math.imul(high, highFactor);
      let slot = (mixed ^ (mixed >>> 15)) & mask;
      for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
        const at = slots[slot]! - 1;
        repeated = lows[at] === low && highs[at] === high;
        if (repeated) return records[at]!;
      }
      repeated = false;
      lows[count] = low;
      highs[count] = high;
      records[count] = record;
      slots[slot] = ++count;
      return record;
    },
  };
}
