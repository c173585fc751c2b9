/**
 * Postings: for each key, a dense number, the refs that stand under it. Refs come nearly always in ascending order, and are
 * kept as varints of their differences, in blocks of one arena: a byte or two each where a key is frequent. A key with one
 * ref has no block.
 *
 * A block of class c has 16 · 2^c bytes; a key's blocks are of the classes 0, 1, 2 … up to the last, then all of the last. The
 * last four bytes of a block hold where the next one begins (0: none), with its own class in the lowest four bits. A
 * varint does not run over the end of a block: with less than five bytes left, the next one is begun.
 *
 * A ref that is smaller than the one before it (one that is given out again) is written as the difference modulo 2^32, and
 * the key is marked; reading it sorts it once and writes it anew.
 */
import { withRoom } from './grown.js';

const blockBytesFirst = 16;
const blockClassLast = 6;
const trailerBytes = 4;
const varintBytesMax = 5;
const classMask = 15;

export class Postings {
  /** How many refs stand under a key. */
  counts = new Uint32Array(64);
  /** The ref added last; the only one of a key with one. */
  private lasts = new Uint32Array(64);
  private heads = new Uint32Array(64);
  private tails = new Uint32Array(64);
  private tailEnds = new Uint32Array(64);
  private unsorted = new Uint8Array(64);
  private bytes = new Uint8Array(1 << 16);
  private words = new DataView(this.bytes.buffer);
  /** Byte 0 is never a block, so that 0 says none. */
  private end = blockBytesFirst;
  /** The first free block of each class; it holds the next in its first four bytes. */
  private readonly freeBlocks = new Uint32Array(blockClassLast + 1);
  private scratch = new Uint32Array(256);

  get stateBytes(): number {
    const columns = [this.counts, this.lasts, this.heads, this.tails, this.tailEnds, this.unsorted];
    return columns.reduce((sum, column) => sum + column.byteLength, this.bytes.byteLength + this.scratch.byteLength);
  }

  append(key: number, ref: number): void {
    this.reserve(key + 1);
    const count = this.counts[key]!;
    const last = this.lasts[key]!;
    if (count > 0) {
      if (count === 1) {
        this.beginBlocks(key);
        this.write(key, last);
      }
      if (ref < last) this.unsorted[key] = 1;
      this.write(key, (ref - last) >>> 0);
    }
    this.counts[key] = count + 1;
    this.lasts[key] = ref;
  }

  /** Writes the refs of a key, ascending, into `into` from `at`; it must have room for `counts[key]`. */
  read(key: number, into: Uint32Array, at: number): void {
    const count = this.counts[key]!;
    if (count === 0) return;
    if (count === 1) {
      into[at] = this.lasts[key]!;
      return;
    }
    this.decode(key, into, at);
    if (this.unsorted[key] === 0) return;
    const refs = into.subarray(at, at + count).sort();
    this.replace(key, refs, count);
  }

  /** Whether `test` says yes to one of a key's refs, which it is asked in no certain order until it does. */
  some(key: number, test: (ref: number) => boolean): boolean {
    const count = this.counts[key]!;
    if (count === 0) return false;
    if (test(this.lasts[key]!)) return true;
    this.scratch = withRoom(this.scratch, count);
    const { scratch } = this;
    this.read(key, scratch, 0);
    for (let i = 0; i < count; i++) if (test(scratch[i]!)) return true;
    return false;
  }

  /** Takes out the refs that `isKept` says no to. */
  filter(key: number, isKept: (ref: number) => boolean): void {
    const count = this.counts[key]!;
    this.scratch = withRoom(this.scratch, count);
    const { scratch } = this;
    this.read(key, scratch, 0);
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const ref = scratch[i]!;
      if (isKept(ref)) scratch[kept++] = ref;
    }
    if (kept < count) this.replace(key, scratch, kept);
  }

  private replace(key: number, refs: Uint32Array, count: number): void {
    if (this.counts[key]! > 1) this.freeChain(this.heads[key]!);
    this.counts[key] = 0;
    this.unsorted[key] = 0;
    for (let i = 0; i < count; i++) this.append(key, refs[i]!);
  }

  private decode(key: number, into: Uint32Array, at: number): void {
    const { bytes, words } = this;
    const end = at + this.counts[key]!;
    let block = this.heads[key]!;
    let blockClass = 0;
    let ref = 0;
    while (at < end) {
      const blockEnd = block + (blockBytesFirst << blockClass) - trailerBytes;
      for (let i = block; at < end && i + varintBytesMax <= blockEnd; ) {
        let byte = bytes[i++]!;
        let difference = byte & 0x7f;
        for (let shift = 7; byte >= 0x80; shift += 7) {
          byte = bytes[i++]!;
          difference |= (byte & 0x7f) << shift;
        }
        ref = (ref + difference) >>> 0;
        into[at++] = ref;
      }
      block = (words.getUint32(blockEnd, true) & ~classMask) >>> 0;
      if (blockClass < blockClassLast) blockClass++;
    }
  }

  private write(key: number, value: number): void {
    let at = this.tails[key]!;
    if (at + varintBytesMax > this.tailEnds[key]!) at = this.extend(key);
    const { bytes } = this;
    for (; value >= 0x80; value >>>= 7) bytes[at++] = value | 0x80;
    bytes[at++] = value;
    this.tails[key] = at;
  }

  private beginBlocks(key: number): void {
    const block = this.takeBlock(0);
    this.heads[key] = block;
    this.setTail(key, block, 0);
  }

  /** Hangs a block behind a key's last, and gives where it begins. */
  private extend(key: number): number {
    const trailer = this.tailEnds[key]!;
    const lastClass = this.words.getUint32(trailer, true) & classMask;
    const nextClass = Math.min(lastClass + 1, blockClassLast);
    const block = this.takeBlock(nextClass);
    this.words.setUint32(trailer, block | lastClass, true);
    this.setTail(key, block, nextClass);
    return block;
  }

  private setTail(key: number, block: number, blockClass: number): void {
    const trailer = block + (blockBytesFirst << blockClass) - trailerBytes;
    this.words.setUint32(trailer, blockClass, true);
    this.tails[key] = block;
    this.tailEnds[key] = trailer;
  }

  private takeBlock(blockClass: number): number {
    const free = this.freeBlocks[blockClass]!;
    if (free !== 0) {
      this.freeBlocks[blockClass] = this.words.getUint32(free, true);
      return free;
    }
    const block = this.end;
    this.end += blockBytesFirst << blockClass;
    if (this.end > this.bytes.length) {
      this.bytes = withRoom(this.bytes, this.end);
      this.words = new DataView(this.bytes.buffer);
    }
    return block;
  }

  private freeChain(block: number): void {
    for (let blockClass = 0; block !== 0; blockClass = Math.min(blockClass + 1, blockClassLast)) {
      const trailer = block + (blockBytesFirst << blockClass) - trailerBytes;
      const next = (this.words.getUint32(trailer, true) & ~classMask) >>> 0;
      this.words.setUint32(block, this.freeBlocks[blockClass]!, true);
      this.freeBlocks[blockClass] = block;
      block = next;
    }
  }

  private reserve(keyCount: number): void {
    if (keyCount <= this.counts.length) return;
    this.counts = withRoom(this.counts, keyCount);
    this.lasts = withRoom(this.lasts, keyCount);
    this.heads = withRoom(this.heads, keyCount);
    this.tails = withRoom(this.tails, keyCount);
    this.tailEnds = withRoom(this.tailEnds, keyCount);
    this.unsorted = withRoom(this.unsorted, keyCount);
  }
}
