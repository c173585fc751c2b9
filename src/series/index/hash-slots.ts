/**
 * An open-addressing table of whole numbers below 2^31 by 32-bit hash. What the numbers stand for, and whether one is the
 * one sought, is the caller's to know: it walks the numbers of a hash with `first` and `next`.
 *
 * Invariants: linear probing without gaps between a number's home slot and its own; at most two thirds of the slots are taken.
 * The hash lies beside the number, so that a probe that misses reads nothing else and growth reads the table alone.
 */
import { assert } from '../../base/assert.js';

const slotsFirst = 64;

export class HashSlots {
  /** Slot i is words[2 i], the hash, and words[2 i + 1], the number plus one; 0 where it is free. */
  private words = new Int32Array(2 * slotsFirst);
  private mask = slotsFirst - 1;
  private taken = 0;

  get stateBytes(): number {
    return this.words.byteLength;
  }

  /** The first slot that holds `hash`, an int32; -1 where there is none. */
  first(hash: number): number {
    return this.seek(hash & this.mask, hash);
  }

  /** The next slot after `slot` that holds `hash`; -1 where there is none. */
  next(slot: number, hash: number): number {
    return this.seek((slot + 1) & this.mask, hash);
  }

  valueAt(slot: number): number {
    return this.words[2 * slot + 1]! - 1;
  }

  add(hash: number, value: number): void {
    if ((this.taken + 1) * 3 > (this.mask + 1) * 2) this.grow((this.mask + 1) * 2);
    this.taken++;
    this.put(hash, value + 1);
  }

  /** Room for so many numbers without growing again. */
  reserve(count: number): void {
    let slots = this.mask + 1;
    while (count * 3 > slots * 2) slots *= 2;
    if (slots > this.mask + 1) this.grow(slots);
  }

  /** Removes a number that is there under this hash. Slots found before are void. */
  remove(hash: number, value: number): void {
    let slot = this.first(hash);
    while (slot >= 0 && this.valueAt(slot) !== value) slot = this.next(slot, hash);
    assert(slot >= 0, `${value} is not in the table under the hash ${hash}`);
    this.taken--;
    this.closeGap(slot);
  }

  private seek(slot: number, hash: number): number {
    const { words, mask } = this;
    while (words[2 * slot + 1] !== 0) {
      if (words[2 * slot] === hash) return slot;
      slot = (slot + 1) & mask;
    }
    return -1;
  }

  private put(hash: number, stored: number): void {
    const { words, mask } = this;
    let slot = hash & mask;
    while (words[2 * slot + 1] !== 0) slot = (slot + 1) & mask;
    words[2 * slot] = hash;
    words[2 * slot + 1] = stored;
  }

  private grow(slotCount: number): void {
    const old = this.words;
    this.words = new Int32Array(2 * slotCount);
    this.mask = slotCount - 1;
    for (let i = 0; i < old.length; i += 2) if (old[i + 1] !== 0) this.put(old[i]!, old[i + 1]!);
  }

  /** Moves later numbers of the run into the gap where their home slot lets them. Source: Knuth, TAOCP 3, 6.4, algorithm R. */
  private closeGap(gap: number): void {
    const { words, mask } = this;
    for (let slot = (gap + 1) & mask; words[2 * slot + 1] !== 0; slot = (slot + 1) & mask) {
      const home = words[2 * slot]! & mask;
      if (((slot - home) & mask) < ((slot - gap) & mask)) continue;
      words[2 * gap] = words[2 * slot]!;
      words[2 * gap + 1] = words[2 * slot + 1]!;
      gap = slot;
    }
    words[2 * gap + 1] = 0;
  }
}
