/** XXH64 with seed 0, as ClickHouse's xxHash64 computes it. Source: Y. Collet, xxHash, doc/xxhash_spec.md. */
const prime1: u64 = 0x9e3779b185ebca87;
const prime2: u64 = 0xc2b2ae3d27d4eb4f;
const prime3: u64 = 0x165667b19e3779f9;
const prime4: u64 = 0x85ebca77c2b2ae63;
const prime5: u64 = 0x27d4eb2f165667c5;

// @ts-expect-error: decorator
@inline
const mixed = (lane: u64): u64 => rotl<u64>(lane * prime2, 31) * prime1;

// @ts-expect-error: decorator
@inline
const merged = (hash: u64, lane: u64): u64 => (hash ^ mixed(lane)) * prime1 + prime4;

/** The hash of the bytes [at, end). */
export function xxh64(at: usize, end: usize): u64 {
  const length = <u64>(end - at);
  let hash = length >= 32 ? stripes(at, end) : prime5;
  if (length >= 32) at += (end - at) & ~31;
  hash += length;
  for (; at + 8 <= end; at += 8) hash = rotl<u64>(hash ^ mixed(load<u64>(at)), 27) * prime1 + prime4;
  if (at + 4 <= end) {
    hash = rotl<u64>(hash ^ (<u64>load<u32>(at) * prime1), 23) * prime2 + prime3;
    at += 4;
  }
  for (; at < end; at++) hash = rotl<u64>(hash ^ (<u64>load<u8>(at) * prime5), 11) * prime1;
  hash = (hash ^ (hash >> 33)) * prime2;
  hash = (hash ^ (hash >> 29)) * prime3;
  return hash ^ (hash >> 32);
}

/** What the whole stripes of 32 bytes come to. */
function stripes(at: usize, end: usize): u64 {
  let first: u64 = prime1 + prime2;
  let second: u64 = prime2;
  let third: u64 = 0;
  let fourth: u64 = 0 - prime1;
  for (; at + 32 <= end; at += 32) {
    first = rotl<u64>(first + load<u64>(at) * prime2, 31) * prime1;
    second = rotl<u64>(second + load<u64>(at, 8) * prime2, 31) * prime1;
    third = rotl<u64>(third + load<u64>(at, 16) * prime2, 31) * prime1;
    fourth = rotl<u64>(fourth + load<u64>(at, 24) * prime2, 31) * prime1;
  }
  let hash = rotl<u64>(first, 1) + rotl<u64>(second, 7) + rotl<u64>(third, 12) + rotl<u64>(fourth, 18);
  hash = merged(hash, first);
  hash = merged(hash, second);
  hash = merged(hash, third);
  return merged(hash, fourth);
}
