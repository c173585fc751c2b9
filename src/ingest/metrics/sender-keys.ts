/**
 * Remembers, by the bytes that senders name series with, which series they are, so that known series are found without
 * decoding a label. Senders keep an order: the series that followed another last time is tried first, which costs one
 * comparison of bytes; only where that fails are bytes hashed.
 *
 * Bounded in bytes. When it is full it keeps what it has while that still answers most look-ups, else it starts anew: then the
 * series have changed. Forgetting costs time, never an answer.
 */
import { noRef } from './metric-record.js';

export interface SenderKeys {
  /** Begins a body: its bytes, and that its first series follows none. True where everything was forgotten before it. */
  begin(keys: Uint8Array): boolean;
  /** What was remembered for the body's bytes [start, end), the next in its order; `noRef` where nothing was. */
  find(start: number, end: number): number;
  /** Remembers `target` for the bytes that `find` was last asked for. False where there is no room. */
  remember(start: number, end: number, target: number): boolean;
  clear(): void;
  readonly count: number;
  readonly stateBytes: number;
}

const firstEntries = 1024;
const firstArenaBytes = 64 * 1024;
/** Below this share of look-ups answered since the store became full, it starts anew. */
const usefulShare = 0.5;
/** So many look-ups tell the share. */
const judgedLookups = 100_000;

export function createSenderKeys(bytesMax: number): SenderKeys {
  let arena = new Uint8Array(firstArenaBytes);
  let arenaView = new DataView(arena.buffer);
  let arenaEnd = 0;
  let starts = new Uint32Array(firstEntries);
  let lengths = new Uint32Array(firstEntries);
  let hashes = new Int32Array(firstEntries);
  let targets = new Uint32Array(firstEntries);
  /** The entry that followed last time; -1 where none did. */
  let followers = new Int32Array(firstEntries).fill(-1);
  let count = 0;
  let slots = new Int32Array(firstEntries * 2).fill(-1);
  let body: DataView = new DataView(new ArrayBuffer(0));
  let bodyBytes: Uint8Array = new Uint8Array(0);
  let previous = -1;
  /** Hash of the bytes last asked for, valid after a miss. */
  let missedHash = 0;
  let isFull = false;
  let lookups = 0;
  let misses = 0;

  const stateBytes = (): number => arena.byteLength + starts.byteLength * 5 + slots.byteLength;

  function isEntry(entry: number, start: number, length: number): boolean {
    return lengths[entry] === length && sameBytes(body, start, arenaView, starts[entry]!, length);
  }

  function follow(entry: number): number {
    if (previous >= 0) followers[previous] = entry;
    previous = entry;
    return targets[entry]!;
  }

  function clear(): void {
    count = 0;
    arenaEnd = 0;
    slots.fill(-1);
    previous = -1;
    isFull = false;
    lookups = 0;
    misses = 0;
  }

  function grow(): void {
    const size = count * 2;
    starts = grown(starts, size);
    lengths = grown(lengths, size);
    hashes = grown(hashes, size);
    targets = grown(targets, size);
    followers = grown(followers, size);
    slots = new Int32Array(size * 2).fill(-1);
    for (let entry = 0; entry < count; entry++) slots[freeSlot(hashes[entry]!)] = entry;
  }

  function freeSlot(hash: number): number {
    const mask = slots.length - 1;
    let slot = hash & mask;
    while (slots[slot]! >= 0) slot = (slot + 1) & mask;
    return slot;
  }

  /** False where there is no room. */
  function reserve(length: number): boolean {
    if (isFull) return false;
    const arenaBytes = arenaEnd + length > arena.length ? Math.max(arena.length, length) : 0;
    const entryBytes = count === starts.length ? starts.byteLength * 5 + slots.byteLength : 0;
    if (stateBytes() + arenaBytes + entryBytes > bytesMax) {
      isFull = true;
      return false;
    }
    if (arenaBytes > 0) {
      arena = grown(arena, arena.length + arenaBytes);
      arenaView = new DataView(arena.buffer);
    }
    if (entryBytes > 0) grow();
    return true;
  }

  return {
    begin(keys) {
      bodyBytes = keys;
      body = new DataView(keys.buffer, keys.byteOffset, keys.byteLength);
      previous = -1;
      if (!isFull || lookups < judgedLookups) return false;
      const isUseless = misses > lookups * (1 - usefulShare);
      if (isUseless) clear();
      lookups = 0;
      misses = 0;
      return isUseless;
    },
    find(start, end) {
      const length = end - start;
      lookups++;
      if (previous >= 0) {
        const follower = followers[previous]!;
        if (follower >= 0 && isEntry(follower, start, length)) {
          previous = follower;
          return targets[follower]!;
        }
      }
      missedHash = hashOf(body, bodyBytes, start, end);
      const mask = slots.length - 1;
      for (let slot = missedHash & mask; ; slot = (slot + 1) & mask) {
        const entry = slots[slot]!;
        if (entry < 0) break;
        if (hashes[entry] === missedHash && isEntry(entry, start, length)) return follow(entry);
      }
      misses++;
      previous = -1;
      return noRef;
    },
    remember(start, end, target) {
      if (!reserve(end - start)) return false;
      const entry = count++;
      arena.set(bodyBytes.subarray(start, end), arenaEnd);
      starts[entry] = arenaEnd;
      lengths[entry] = end - start;
      hashes[entry] = missedHash;
      targets[entry] = target;
      followers[entry] = -1;
      arenaEnd += end - start;
      slots[freeSlot(missedHash)] = entry;
      follow(entry);
      return true;
    },
    clear,
    get count() {
      return count;
    },
    get stateBytes() {
      return stateBytes();
    },
  };
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

function grown<T extends Uint8Array | Uint32Array | Int32Array>(array: T, length: number): T {
  const larger = new (array.constructor as new (length: number) => T)(length);
  larger.set(array as never);
  return larger;
}
