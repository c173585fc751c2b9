/**
 * Hashes of label bytes, 32 bits: the same on every node and in every release, because the `hash` rule writes them into
 * stored label values. FNV-1a, then the finalizer of MurmurHash3, which spreads FNV's weak high bits.
 * Sources: http://www.isthe.com/chongo/tech/comp/fnv, A. Appleby's MurmurHash3 (fmix32).
 */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = firstHash;
  for (let i = start; i < end; i++) hash = hashedByte(hash, bytes[i]!);
  return mixed(hash);
}

/** Where the hash of bytes begins, before the first one; `mixed` ends it. */
export const firstHash = 0x811c9dc5;
export const hashedByte = (hash: number, byte: number): number => Math.imul(hash ^ byte, 0x01000193);

/** Spreads the bits of a 32-bit number; a bijection. */
export function mixed(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Hash of a name with its value. Those of a label set are added, so that one label can be taken out again. */
export const pairHash = (nameHash: number, valueHash: number): number => mixed(Math.imul(nameHash, 31) ^ valueHash);
