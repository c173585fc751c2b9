/**
 * Interned texts: each once, as UTF-8 in one arena, known by a number. A text has holders; without any its number is given
 * out again, and the arena is rewritten once half of it is dead, so that labels which come and go leave nothing behind.
 */
import { randomInt } from 'node:crypto';
import type { TextBuilder } from '../../model/column-builders.js';
import { labelEndByte } from '../../model/labels.js';
import { equalBytes, hashBytes, viewOf } from './byte-words.js';
import { withRoom } from './grown.js';
import { HashSlots } from './hash-slots.js';

/** Below this much dead text a rewrite is not worth its time. A guess. */
const deadBytesMin = 64 * 1024;

/** The same in all tables, so that one hash serves all; drawn at each start. */
export const hashSeed = randomInt(2 ** 31);

export class TextTable {
  private arena = Buffer.alloc(1024);
  private view = viewOf(this.arena);
  private end = 0;
  private deadBytes = 0;
  /** Text i is arena[places[2 i], places[2 i] + places[2 i + 1]); 0xFF follows, as in canonical bytes, so that both are compared at once. */
  private places = new Uint32Array(128);
  private holders = new Uint32Array(64);
  private free: number[] = [];
  private readonly slots = new HashSlots();
  /** One past the largest number given out. */
  limit = 0;

  get stateBytes(): number {
    return (
      this.arena.byteLength +
      this.places.byteLength +
      this.holders.byteLength +
      this.slots.stateBytes +
      8 * this.free.length
    );
  }

  /** The number of the text that is bytes [start, end) of a view and whose hash is given; -1 where it is not here. */
  find(view: DataView, start: number, end: number, hash: number): number {
    for (let slot = this.slots.first(hash); slot >= 0; slot = this.slots.next(slot, hash)) {
      const text = this.slots.valueAt(slot);
      if (this.isText(text, view, start, end)) return text;
    }
    return -1;
  }

  /** As `find`, and adds the text where it is not here; it has no holder yet. */
  findOrAdd(view: DataView, start: number, end: number, hash: number): number {
    const found = this.find(view, start, end, hash);
    if (found >= 0) return found;
    const text = this.free.pop() ?? this.limit++;
    this.places = withRoom(this.places, 2 * this.limit);
    this.holders = withRoom(this.holders, this.limit);
    this.store(text, view, start, end);
    this.slots.add(hash, text);
    return text;
  }

  /** Whether a text is bytes [start, end) of a view. */
  isText(text: number, view: DataView, start: number, end: number): boolean {
    const length = this.places[2 * text + 1]!;
    return length === end - start && equalBytes(this.view, this.places[2 * text]!, view, start, length);
  }

  /** Where bytes that begin with a text and the byte that ends it go on after both; -1 where they do not. `end` ends the bytes. */
  skip(text: number, view: DataView, at: number, end: number): number {
    const length = this.places[2 * text + 1]! + 1;
    if (at + length > end || !equalBytes(this.view, this.places[2 * text]!, view, at, length)) return -1;
    return at + length;
  }

  /** Writes a text and the byte that ends it, and gives where they end. `into` must have room. */
  write(text: number, into: Uint8Array, at: number): number {
    const { arena } = this;
    const start = this.places[2 * text]!;
    const end = start + this.places[2 * text + 1]! + 1;
    for (let i = start; i < end; i++) into[at++] = arena[i]!;
    return at;
  }

  /** Appends a text as a row. */
  append(text: number, column: TextBuilder): void {
    const start = this.places[2 * text]!;
    column.addBytes(this.arena, start, start + this.places[2 * text + 1]!);
  }

  lengthOf(text: number): number {
    return this.places[2 * text + 1]!;
  }

  /** The bytes of a text, valid until the next change. */
  bytesOf(text: number): Uint8Array {
    const start = this.places[2 * text]!;
    return this.arena.subarray(start, start + this.places[2 * text + 1]!);
  }

  textOf(text: number): string {
    const start = this.places[2 * text]!;
    return this.arena.toString('utf8', start, start + this.places[2 * text + 1]!);
  }

  hashOf(text: number): number {
    const start = this.places[2 * text]!;
    return hashBytes(this.view, start, start + this.places[2 * text + 1]!, hashSeed);
  }

  /** The order of two texts by their bytes. */
  compare(a: number, b: number): number {
    const aStart = this.places[2 * a]!;
    const bStart = this.places[2 * b]!;
    const aLength = this.places[2 * a + 1]!;
    const bLength = this.places[2 * b + 1]!;
    const { arena } = this;
    for (let i = 0; i < aLength && i < bLength; i++) {
      const difference = arena[aStart + i]! - arena[bStart + i]!;
      if (difference !== 0) return difference;
    }
    return aLength - bLength;
  }

  hold(text: number): void {
    this.holders[text]!++;
  }

  /** Ends one hold; with the last the text is gone. */
  letGo(text: number): void {
    if (--this.holders[text]! > 0) return;
    this.slots.remove(this.hashOf(text), text);
    this.deadBytes += this.lengthOf(text) + 1;
    this.free.push(text);
    if (this.deadBytes >= deadBytesMin && this.deadBytes * 2 > this.end) this.rewrite();
  }

  private store(text: number, view: DataView, start: number, end: number): void {
    const length = end - start;
    if (this.end + length >= this.arena.length) this.moveTo(Math.ceil((this.end + length) * 1.5) + 1);
    this.places[2 * text] = this.end;
    this.places[2 * text + 1] = length;
    for (let i = start; i < end; i++) this.arena[this.end++] = view.getUint8(i);
    this.arena[this.end++] = labelEndByte;
  }

  private moveTo(byteCount: number): void {
    const larger = Buffer.alloc(byteCount);
    larger.set(this.arena.subarray(0, this.end));
    this.arena = larger;
    this.view = viewOf(larger);
  }

  private rewrite(): void {
    const old = this.arena;
    const live = this.end - this.deadBytes;
    this.arena = Buffer.alloc(Math.ceil(live * 1.5) + 1024);
    this.view = viewOf(this.arena);
    this.end = 0;
    this.deadBytes = 0;
    for (let text = 0; text < this.limit; text++) {
      if (this.holders[text] === 0) continue;
      const start = this.places[2 * text]!;
      const length = this.places[2 * text + 1]! + 1;
      this.places[2 * text] = this.end;
      this.arena.set(old.subarray(start, start + length), this.end);
      this.end += length;
    }
  }
}
