/**
 * Remembers, by the bytes that senders name series with, which series they are, so that known series are found without
 * decoding a label. Senders keep an order: the series that followed another last time is tried first, which costs one
 * comparison of bytes; only where that fails are bytes hashed.
 *
 * Bounded in bytes. When it is full it keeps what it has while that still answers most look-ups, else it starts anew: then the
 * series have changed. Forgetting costs time, never an answer.
 *
 * It is a class, not a function that returns closures, because compiled code reads its columns faster so.
 */
import { grownArray } from '../../base/grown-array.js';
import { noRef } from '../../model/series-ref.js';

const firstEntries = 1024;
const firstArenaBytes = 64 * 1024;
/** Below this share of look-ups answered since the store became full, it starts anew. */
const usefulShare = 0.5;
/** So many look-ups tell the share. */
const judgedLookups = 100_000;

export class SenderKeys {
  count = 0;
  private arena = new Uint8Array(firstArenaBytes);
  private arenaView = new DataView(this.arena.buffer);
  private arenaEnd = 0;
  // By entry: where its bytes lie in the arena, their hash, and what they stand for.
  private starts = new Uint32Array(firstEntries);
  private lengths = new Uint32Array(firstEntries);
  private hashes = new Int32Array(firstEntries);
  private targets = new Uint32Array(firstEntries);
  /** The entry that followed last time; -1 where none did. */
  private followers = new Int32Array(firstEntries).fill(-1);
  /** Entries by hash; -1 where there is none. */
  private slots = new Int32Array(firstEntries * 2).fill(-1);
  private body: Uint8Array = new Uint8Array(0);
  private bodyView: DataView = new DataView(new ArrayBuffer(0));
  private previous = -1;
  /** Hash of the bytes last asked for, valid after a miss. */
  private missedHash = 0;
  private isFull = false;
  private lookups = 0;
  private misses = 0;

  constructor(private readonly bytesMax: number) {}

  get stateBytes(): number {
    return this.arena.byteLength + this.starts.byteLength * 5 + this.slots.byteLength;
  }

  /** Begins a body: its bytes, and that its first series follows none. True where everything was forgotten before it. */
  begin(body: Uint8Array): boolean {
    this.body = body;
    this.bodyView = new DataView(body.buffer, body.byteOffset, body.byteLength);
    this.previous = -1;
    if (!this.isFull || this.lookups < judgedLookups) return false;
    const isUseless = this.misses > this.lookups * (1 - usefulShare);
    if (isUseless) this.clear();
    this.lookups = 0;
    this.misses = 0;
    return isUseless;
  }

  /** What was remembered for the body's bytes [start, end), the next in its order; `noRef` where nothing was. */
  find(start: number, end: number): number {
    const { bodyView, arenaView, starts, lengths, previous } = this;
    const length = end - start;
    this.lookups++;
    if (previous >= 0) {
      const follower = this.followers[previous]!;
      const isIt =
        follower >= 0 &&
        lengths[follower] === length &&
        sameBytes(bodyView, start, arenaView, starts[follower]!, length);
      if (isIt) {
        this.previous = follower;
        return this.targets[follower]!;
      }
    }
    return this.findByHash(start, length);
  }

  /** Remembers `target` for the bytes that `find` was last asked for. False where there is no room. */
  remember(start: number, end: number, target: number): boolean {
    const length = end - start;
    if (!this.reserve(length)) return false;
    const entry = this.count++;
    this.arena.set(this.body.subarray(start, end), this.arenaEnd);
    this.starts[entry] = this.arenaEnd;
    this.lengths[entry] = length;
    this.hashes[entry] = this.missedHash;
    this.targets[entry] = target;
    this.followers[entry] = -1;
    this.arenaEnd += length;
    this.slots[this.freeSlot(this.missedHash)] = entry;
    this.follow(entry);
    return true;
  }

  clear(): void {
    this.count = 0;
    this.arenaEnd = 0;
    this.slots.fill(-1);
    this.previous = -1;
    this.isFull = false;
    this.lookups = 0;
    this.misses = 0;
  }

  private findByHash(start: number, length: number): number {
    const { body, bodyView, arenaView, slots, hashes, starts, lengths } = this;
    const hash = hashOf(bodyView, body, start, start + length);
    const mask = slots.length - 1;
    for (let slot = hash & mask; slots[slot]! >= 0; slot = (slot + 1) & mask) {
      const entry = slots[slot]!;
      if (hashes[entry] !== hash || lengths[entry] !== length) continue;
      if (sameBytes(bodyView, start, arenaView, starts[entry]!, length)) return this.follow(entry);
    }
    this.missedHash = hash;
    this.misses++;
    this.previous = -1;
    return noRef;
  }

  private follow(entry: number): number {
    if (this.previous >= 0) this.followers[this.previous] = entry;
    this.previous = entry;
    return this.targets[entry]!;
  }

  private freeSlot(hash: number): number {
    const { slots } = this;
    const mask = slots.length - 1;
    let slot = hash & mask;
    while (slots[slot]! >= 0) slot = (slot + 1) & mask;
    return slot;
  }

  /** Makes room for one more entry; false where there is none. */
  private reserve(length: number): boolean {
    if (this.isFull) return false;
    const { arena, arenaEnd, count, starts } = this;
    const arenaGrowth = arenaEnd + length > arena.length ? Math.max(arena.length, length) : 0;
    const entryGrowth = count === starts.length ? starts.byteLength * 5 + this.slots.byteLength : 0;
    if (this.stateBytes + arenaGrowth + entryGrowth > this.bytesMax) {
      this.isFull = true;
      return false;
    }
    if (arenaGrowth > 0) {
      this.arena = grownArray(arena, arena.length + arenaGrowth);
      this.arenaView = new DataView(this.arena.buffer);
    }
    if (entryGrowth > 0) this.growEntries();
    return true;
  }

  private growEntries(): void {
    const size = this.count * 2;
    this.starts = grownArray(this.starts, size);
    this.lengths = grownArray(this.lengths, size);
    this.hashes = grownArray(this.hashes, size);
    this.targets = grownArray(this.targets, size);
    this.followers = grownArray(this.followers, size);
    this.slots = new Int32Array(size * 2).fill(-1);
    for (let entry = 0; entry < this.count; entry++) this.slots[this.freeSlot(this.hashes[entry]!)] = entry;
  }
}

/** Compares from behind, four words at a time: series that follow each other differ near the end. */
function sameBytes(a: DataView, aStart: number, b: DataView, bStart: number, length: number): boolean {
  let left = length;
  for (; left >= 16; left -= 16) {
    const i = aStart + left - 16;
    const j = bStart + left - 16;
    const difference =
      (a.getInt32(i, true) ^ b.getInt32(j, true)) |
      (a.getInt32(i + 4, true) ^ b.getInt32(j + 4, true)) |
      (a.getInt32(i + 8, true) ^ b.getInt32(j + 8, true)) |
      (a.getInt32(i + 12, true) ^ b.getInt32(j + 12, true));
    if (difference !== 0) return false;
  }
  for (left--; left >= 0; left--) if (a.getUint8(aStart + left) !== b.getUint8(bStart + left)) return false;
  return true;
}

/** Words mixed as in MurmurHash3 (A. Appleby, public domain), one lane; spreads well enough for a table. */
function hashOf(view: DataView, bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    let word = Math.imul(view.getInt32(at, true), 0xcc9e2d51);
    word = Math.imul((word << 15) | (word >>> 17), 0x1b873593);
    hash ^= word;
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  for (; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
