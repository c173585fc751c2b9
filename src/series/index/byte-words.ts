/** Hashing and comparing ranges of bytes four at a time; bytes are given by a view of them. */

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/**
 * A 32-bit hash of bytes [start, end), as an int32. In four lanes, so that a processor works on them at once: 200 bytes
 * take a third of the time of xxHash64 through WebAssembly (measured). Only for tables in memory, seeded at random, so that
 * nobody outside can choose keys that meet. Multipliers and the last mixing: MurmurHash3's and xxHash32's.
 */
export function hashBytes(view: DataView, start: number, end: number, seed: number): number {
  let a = seed | 0;
  let b = ~seed;
  let c = (seed + 0x9e3779b9) | 0;
  let d = (end - start) | 0;
  let i = start;
  for (; i + 16 <= end; i += 16) {
    a = Math.imul(a ^ view.getInt32(i, true), 0x85ebca6b);
    a = (a << 13) | (a >>> 19);
    b = Math.imul(b ^ view.getInt32(i + 4, true), 0xc2b2ae35);
    b = (b << 15) | (b >>> 17);
    c = Math.imul(c ^ view.getInt32(i + 8, true), 0x27d4eb2f);
    c = (c << 11) | (c >>> 21);
    d = Math.imul(d ^ view.getInt32(i + 12, true), 0x165667b1);
    d = (d << 17) | (d >>> 15);
  }
  for (; i + 4 <= end; i += 4) {
    a = Math.imul(a ^ view.getInt32(i, true), 0x85ebca6b);
    a = (a << 13) | (a >>> 19);
  }
  if (i < end && end - start >= 4) b = Math.imul(b ^ view.getInt32(end - 4, true), 0xc2b2ae35);
  else for (; i < end; i++) b = Math.imul(b ^ view.getUint8(i), 0x01000193);
  return mixWords(a ^ Math.imul(c, 0x9e3779b1), b ^ Math.imul(d, 0x85ebca77));
}

/** A 32-bit hash of two words, as an int32. */
export function mixWords(a: number, b: number): number {
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 15), 0x27d4eb2d);
  a = Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
  return a ^ (a >>> 16);
}

/** Whether `length` bytes are the same; both ranges must lie within their views. The last word overlaps the one before it. */
export function equalBytes(a: DataView, aStart: number, b: DataView, bStart: number, length: number): boolean {
  if (length < 4) return equalFewBytes(a, aStart, b, bStart, length);
  const shift = bStart - aStart;
  const last = aStart + length - 4;
  for (let i = aStart; i < last; i += 4) if (a.getInt32(i, true) !== b.getInt32(i + shift, true)) return false;
  return a.getInt32(last, true) === b.getInt32(last + shift, true);
}

function equalFewBytes(a: DataView, aStart: number, b: DataView, bStart: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a.getUint8(aStart + i) !== b.getUint8(bStart + i)) return false;
  return true;
}
