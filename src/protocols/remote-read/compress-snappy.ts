/**
 * Snappy's block format, written: the length, then literals and copies of what came before within 64 KiB. A hash table of four bytes each finds
 * what came before. Where nothing repeats, the search takes longer steps, so that such bytes cost little. Source: google/snappy,
 * format_description.txt.
 *
 * Ours, because snappy's own code is a native binding, and what needs it at run time is remote read's samples alone, which newer clients ask for as
 * chunks instead.
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
  // A plain view: those of Buffer are slow to make.
  const out = new SnappyWriter(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  out.length32(bytes.length);
  const places = new Int32Array(2 ** hashBits);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let from = 0; from < bytes.length; from += blockBytes)
    compressBlock(view, from, Math.min(from + blockBytes, bytes.length), places, out);
  return out.finish();
}

/** Copies never look back to before the block, so that distances fit in 16 bits. */
function compressBlock(view: DataView, from: number, to: number, places: Int32Array, out: SnappyWriter): void {
  places.fill(-1);
  let written = from;
  let misses = 0;
  for (let at = from; at + copyBytesMin <= to; ) {
    const word = view.getInt32(at, true);
    const slot = Math.imul(word, hashFactor) >>> hashShift;
    const candidate = places[slot]!;
    places[slot] = at;
    if (candidate < 0 || view.getInt32(candidate, true) !== word) {
      at += 1 + Math.floor(misses++ / missesPerStep);
      continue;
    }
    misses = 0;
    const length = matchLength(view, candidate, at, to);
    out.literal(written, at);
    out.copy(at - candidate, length);
    written = at += length;
  }
  out.literal(written, to);
}

/** How many bytes from `at` on are those from `candidate` on. */
function matchLength(view: DataView, candidate: number, at: number, to: number): number {
  const distance = at - candidate;
  let end = at + copyBytesMin;
  while (end < to && view.getUint8(end) === view.getUint8(end - distance)) end++;
  return end - at;
}

/** Literals below this length are copied byte by byte: a call costs more. A guess. */
const shortLiteral = 64;

class SnappyWriter {
  private readonly room: Uint8Array;
  private end = 0;

  /** @param from The bytes that are compressed: literals are parts of them. */
  constructor(private readonly from: Uint8Array) {
    this.room = new Uint8Array(compressedBytesMax(from.length));
  }

  finish(): Uint8Array {
    return this.room.subarray(0, this.end);
  }

  length32(length: number): void {
    let rest = length;
    for (; rest > 127; rest = Math.floor(rest / 128)) this.room[this.end++] = (rest % 128) | 128;
    this.room[this.end++] = rest;
  }

  literal(start: number, stop: number): void {
    const last = stop - start - 1;
    if (last < 0) return;
    if (last < 60) this.room[this.end++] = last << 2;
    else {
      this.room[this.end++] = (last < 256 ? 60 : 61) << 2;
      this.room[this.end++] = last & 255;
      if (last >= 256) this.room[this.end++] = last >>> 8;
    }
    if (last >= shortLiteral) this.room.set(this.from.subarray(start, stop), this.end);
    else for (let i = start, at = this.end; i < stop; i++, at++) this.room[at] = this.from[i]!;
    this.end += stop - start;
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
