/**
 * Snappy's block format, written: the length, then literals and copies of what came before within 64 KiB. A hash table of four bytes each finds
 * what came before. Where nothing repeats, the search takes longer steps, so that such bytes cost little. Source: google/snappy,
 * format_description.txt.
 */

const blockBytes = 65_536;
const hashBits = 14;
const hashShift = 32 - hashBits;
/** Any odd number whose bits are mixed well does; that of Fibonacci hashing. */
const hashFactor = 0x9e3779b1;
const copyBytesMin = 4;
/** One element copies so many bytes at most. */
const copyBytesMax = 64;
/** After so many misses the step grows by one. */
const missesPerStep = 32;

/** Most bytes that `byteCount` bytes take. Source: google/snappy, `MaxCompressedLength`. */
const compressedBytesMax = (byteCount: number): number => 32 + byteCount + Math.floor(byteCount / 6);

/** Bytes, at most 2^32 - 1 of them, in snappy's block format. */
export function compressSnappy(bytes: Uint8Array): Uint8Array {
  const out = new SnappyWriter(compressedBytesMax(bytes.length));
  out.length32(bytes.length);
  const places = new Int32Array(2 ** hashBits);
  for (let from = 0; from < bytes.length; from += blockBytes)
    compressBlock(bytes, from, Math.min(from + blockBytes, bytes.length), places, out);
  return out.finish();
}

/** Copies never look back to before the block, so that distances fit in 16 bits. */
function compressBlock(bytes: Uint8Array, from: number, to: number, places: Int32Array, out: SnappyWriter): void {
  places.fill(-1);
  let written = from;
  let misses = 0;
  for (let at = from; at + copyBytesMin <= to; ) {
    const word = wordAt(bytes, at);
    const slot = Math.imul(word, hashFactor) >>> hashShift;
    const candidate = places[slot]!;
    places[slot] = at;
    if (candidate < 0 || wordAt(bytes, candidate) !== word) {
      at += 1 + Math.floor(misses++ / missesPerStep);
      continue;
    }
    misses = 0;
    const length = matchLength(bytes, candidate, at, to);
    out.literal(bytes, written, at);
    out.copy(at - candidate, length);
    written = at += length;
  }
  out.literal(bytes, written, to);
}

const wordAt = (bytes: Uint8Array, at: number): number =>
  bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);

/** How many bytes from `at` on are those from `candidate` on. */
function matchLength(bytes: Uint8Array, candidate: number, at: number, to: number): number {
  let end = at + copyBytesMin;
  while (end < to && bytes[end] === bytes[candidate + end - at]) end++;
  return end - at;
}

class SnappyWriter {
  private readonly room: Uint8Array;
  private end = 0;

  constructor(bytesMax: number) {
    this.room = new Uint8Array(bytesMax);
  }

  finish(): Uint8Array {
    return this.room.subarray(0, this.end);
  }

  length32(length: number): void {
    let rest = length;
    for (; rest > 127; rest = Math.floor(rest / 128)) this.room[this.end++] = (rest % 128) | 128;
    this.room[this.end++] = rest;
  }

  literal(bytes: Uint8Array, from: number, to: number): void {
    const last = to - from - 1;
    if (last < 0) return;
    if (last < 60) this.room[this.end++] = last << 2;
    else {
      this.room[this.end++] = (last < 256 ? 60 : 61) << 2;
      this.room[this.end++] = last & 255;
      if (last >= 256) this.room[this.end++] = last >>> 8;
    }
    this.room.set(bytes.subarray(from, to), this.end);
    this.end += to - from;
  }

  /** In elements with a distance of two bytes. */
  copy(distance: number, length: number): void {
    for (let left = length; left > 0; left -= copyBytesMax) {
      this.room[this.end++] = ((Math.min(left, copyBytesMax) - 1) << 2) | 2;
      this.room[this.end++] = distance & 255;
      this.room[this.end++] = distance >>> 8;
    }
  }
}
