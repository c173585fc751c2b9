/**
 * Numbers distinct runs of bytes from 0 on: an open-addressed hash table over one arena. What was added stays where it is.
 */

import { grownArray } from '../../base/grown-array.js';
import { appendBytes, type ByteArena, createByteArena } from '../text/byte-arena.js';

export const absent = -1;

/** Small, because many a body holds a handful of series. A power of two. */
const firstCount = 32;
const firstBytes = 2048;

export class ByteTable {
  readonly arena: ByteArena;
  starts = new Uint32Array(firstCount);
  ends = new Uint32Array(firstCount);
  count = 0;
  /** Over `arena.bytes`, for comparing by words. */
  view: DataView;
  private hashes = new Int32Array(firstCount);
  /** Numbers by hash, plus one; 0 is free. At most half of the slots are taken. */
  private slots = new Int32Array(2 * firstCount);

  /** `seed` makes the hashes of this process other than a sender could foresee. */
  constructor(private readonly seed: number) {
    this.arena = createByteArena(firstBytes);
    this.view = viewOf(this.arena.bytes);
  }

  /** The number of source[start, end), `absent` where it has none. `hash` is that of `hashBytes`. */
  find(view: DataView, start: number, end: number, hash: number): number {
    const mask = this.slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const id = this.slots[slot]! - 1;
      if (id < 0) return absent;
      if (this.hashes[id] === hash && this.isAt(id, view, start, end)) return id;
    }
  }

  /** Adds bytes that have no number yet. */
  add(source: Uint8Array, start: number, end: number, hash: number): number {
    const id = this.count++;
    if (id === this.starts.length) {
      this.starts = grownArray(this.starts, id * 2);
      this.ends = grownArray(this.ends, id * 2);
      this.hashes = grownArray(this.hashes, id * 2);
    }
    this.starts[id] = appendBytes(this.arena, source, start, end);
    this.ends[id] = this.arena.end;
    this.hashes[id] = hash;
    if (this.view.buffer !== this.arena.bytes.buffer) this.view = viewOf(this.arena.bytes);
    if (this.count * 2 > this.slots.length) this.spread();
    else this.place(id);
    return id;
  }

  /** Whether the bytes of a number are view[start, end). */
  isAt(id: number, view: DataView, start: number, end: number): boolean {
    const from = this.starts[id]!;
    return this.ends[id]! - from === end - start && this.begins(id, view, start);
  }

  /** Whether the bytes of a number lie in `view` from `start` on; there must be as many. */
  begins(id: number, view: DataView, start: number): boolean {
    const own = this.view;
    const end = this.ends[id]!;
    let at = this.starts[id]!;
    let other = start;
    for (; at + 4 <= end; at += 4, other += 4) if (own.getInt32(at, true) !== view.getInt32(other, true)) return false;
    for (; at < end; at++, other++) if (own.getUint8(at) !== view.getUint8(other)) return false;
    return true;
  }

  /** A hash of view[start, end): words multiplied and mixed, ended as in MurmurHash3 (A. Appleby, public domain). */
  hashBytes(view: DataView, start: number, end: number): number {
    let hash = this.seed ^ (end - start);
    let at = start;
    for (; at + 4 <= end; at += 4) {
      hash = Math.imul(hash ^ view.getInt32(at, true), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    for (; at < end; at++) hash = Math.imul(hash ^ view.getUint8(at), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return hash ^ (hash >>> 16);
  }

  private place(id: number): void {
    const mask = this.slots.length - 1;
    let slot = this.hashes[id]! & mask;
    while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
    this.slots[slot] = id + 1;
  }

  private spread(): void {
    this.slots = new Int32Array(this.slots.length * 2);
    for (let id = 0; id < this.count; id++) this.place(id);
  }
}

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
