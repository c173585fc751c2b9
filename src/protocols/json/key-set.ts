/**
 * The keys seen in one object or in several nested ones, for finding one that comes twice. A hash table over the keys' bytes,
 * used over and over, so that a row makes no garbage. The hash starts from a random seed per process: a sender cannot
 * prepare keys that all fall on one slot.
 */
import { wordHash } from '../../base/word-hash.js';
import { copyWords, slackBytes } from './json-words.js';

export class KeySet {
  size = 0;
  // All room is made when the first key comes: most sets never get one.
  /** Entry in each slot; current only where the slot's round is. Twice as many as entries, a power of two. */
  private slots = new Uint32Array(0);
  private slotRounds = new Uint32Array(0);
  private round = 1;
  private hashes = new Int32Array(0);
  private objects = new Uint32Array(0);
  /** Entry i is bytes[ends[i], ends[i + 1]). */
  private ends = new Uint32Array(1);
  private view = new DataView(new ArrayBuffer(0));

  clear(): void {
    this.size = 0;
    if (++this.round <= 0xffff_ffff) return;
    this.slotRounds.fill(0);
    this.round = 1;
  }

  /** Adds source[start, end) as a key of the object of that number. False where that object has it already. */
  add(object: number, source: DataView, start: number, end: number): boolean {
    if (this.size === this.hashes.length) this.grow();
    const hash = wordHash(source, start, end, object);
    const mask = this.slots.length - 1;
    let slot = hash & mask;
    for (; this.slotRounds[slot] === this.round; slot = (slot + 1) & mask)
      if (this.holds(this.slots[slot]!, hash, object, source, start, end)) return false;
    this.slots[slot] = this.size;
    this.slotRounds[slot] = this.round;
    this.append(hash, object, source, start, end);
    return true;
  }

  /** Bytes of the key that was added as number `entry`, from 0; a view, valid until the next change. */
  keyAt(entry: number): Uint8Array {
    return new Uint8Array(this.view.buffer, this.ends[entry], this.ends[entry + 1]! - this.ends[entry]!);
  }

  private holds(entry: number, hash: number, object: number, source: DataView, start: number, end: number): boolean {
    if (this.hashes[entry] !== hash || this.objects[entry] !== object) return false;
    let at = this.ends[entry]!;
    if (this.ends[entry + 1]! - at !== end - start) return false;
    for (let i = start; i < end; i++) if (source.getUint8(i) !== this.view.getUint8(at++)) return false;
    return true;
  }

  private append(hash: number, object: number, source: DataView, start: number, end: number): void {
    const from = this.ends[this.size]!;
    const to = from + end - start;
    if (to + slackBytes > this.view.byteLength) {
      const larger = new Uint8Array(2 * (to + slackBytes));
      larger.set(new Uint8Array(this.view.buffer, 0, from));
      this.view = new DataView(larger.buffer);
    }
    copyWords(source, start, end, this.view, from);
    this.hashes[this.size] = hash;
    this.objects[this.size] = object;
    this.ends[++this.size] = to;
  }

  /** Doubles the room; the slots, twice as many as entries, are filled anew. */
  private grow(): void {
    const room = Math.max(32, 2 * this.hashes.length);
    const { hashes, objects, ends } = this;
    this.hashes = new Int32Array(room);
    this.hashes.set(hashes);
    this.objects = new Uint32Array(room);
    this.objects.set(objects);
    this.ends = new Uint32Array(room + 1);
    this.ends.set(ends);
    this.slots = new Uint32Array(2 * room);
    this.slotRounds = new Uint32Array(2 * room);
    this.round = 1;
    const mask = 2 * room - 1;
    for (let entry = 0; entry < this.size; entry++) {
      let slot = hashes[entry]! & mask;
      while (this.slotRounds[slot] === this.round) slot = (slot + 1) & mask;
      this.slots[slot] = entry;
      this.slotRounds[slot] = this.round;
    }
  }
}
