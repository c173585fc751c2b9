/**
 * Finds what stands for the bytes that senders name series with. Senders keep an order: the key that followed another last time is tried
 * first, which costs one comparison; only where that fails are bytes hashed.
 *
 * All memory is taken at once, so that nothing moves later; pages that are not written to cost nothing. Numbers of entries are kept with 1 added,
 * so that 0, which fresh memory holds, stands for none. The table is created before anything is released.
 */

/** Keys looked up by one call. */
const roomMax: u32 = 65536;
/** Stands for no target. */
const none: u32 = 0xffffffff;

let arena: usize = 0;
let arenaBytes: usize = 0;
let arenaEnd: usize = 0;
let entriesMax: u32 = 0;
let entries: u32 = 0;
let mask: u32 = 0;
// By entry.
let starts: usize = 0;
let lengths: usize = 0;
let hashes: usize = 0;
let targets: usize = 0;
let followers: usize = 0;
/** Entries by hash. */
let slots: usize = 0;
// By key that is looked up: where it begins and ends, and then its entry and its target.
let inputStarts: usize = 0;
let inputEnds: usize = 0;
let inputEntries: usize = 0;
let inputTargets: usize = 0;
/** Entry of the key before the first one that is looked up. */
let before: u32 = 0;

/** Makes room for `max` keys, a power of two, of `bytes` bytes in all; answers how many are looked up by one call. */
export function createKeys(max: u32, bytes: u32): u32 {
  entriesMax = max;
  arenaBytes = bytes;
  arena = heap.alloc(bytes);
  starts = heap.alloc(4 * max);
  lengths = heap.alloc(4 * max);
  hashes = heap.alloc(4 * max);
  targets = heap.alloc(4 * max);
  followers = heap.alloc(4 * max);
  slots = heap.alloc(8 * max);
  mask = 2 * max - 1;
  inputStarts = heap.alloc(4 * roomMax);
  inputEnds = heap.alloc(4 * roomMax);
  inputEntries = heap.alloc(4 * roomMax);
  inputTargets = heap.alloc(4 * roomMax);
  return roomMax;
}

/** Where offsets of keys are to be written, u32: their beginnings, and `roomMax` numbers further their ends. */
export function keyInputs(which: u32): usize {
  return which == 0 ? inputStarts : inputEnds;
}

export function keyTargets(): usize {
  return inputTargets;
}

export function keyCount(): u32 {
  return entries;
}

export function forgetKeys(): void {
  entries = 0;
  arenaEnd = 0;
  before = 0;
  memory.fill(slots, 0, 8 * <usize>entriesMax);
}

/** The next key that is looked up follows none. */
export function beginKeys(): void {
  before = 0;
}

/** Looks up the first `count` keys of the inputs, offsets from `body`; answers how many were not found, whose targets are 0xffffffff. */
export function findKeys(body: usize, count: u32): u32 {
  let misses: u32 = 0;
  let previous = before;
  for (let i: u32 = 0; i < count; i++) {
    const start = load<u32>(inputStarts + 4 * i);
    const length = load<u32>(inputEnds + 4 * i) - start;
    const key = body + start;
    let entry: u32 = previous == 0 ? 0 : load<u32>(followers + 4 * (previous - 1));
    if (entry == 0 || !isKey(entry - 1, key, length)) {
      entry = entryOf(key, length, hashOf(key, length));
      if (entry == 0) misses++;
      else if (previous != 0) store<u32>(followers + 4 * (previous - 1), entry);
    }
    store<u32>(inputEntries + 4 * i, entry);
    store<u32>(inputTargets + 4 * i, entry == 0 ? none : load<u32>(targets + 4 * (entry - 1)));
    previous = entry;
  }
  before = previous;
  return misses;
}

/** Looks up key `i` again, once others were remembered; answers its target. */
export function findKey(body: usize, i: u32): u32 {
  const start = load<u32>(inputStarts + 4 * i);
  const length = load<u32>(inputEnds + 4 * i) - start;
  const entry = entryOf(body + start, length, hashOf(body + start, length));
  if (entry == 0) return none;
  follow(i, entry);
  return load<u32>(targets + 4 * (entry - 1));
}

/** Remembers `target` for key `i`, which was not found. False where there is no room. */
export function rememberKey(body: usize, i: u32, target: u32): bool {
  const start = load<u32>(inputStarts + 4 * i);
  const length = load<u32>(inputEnds + 4 * i) - start;
  if (entries == entriesMax || <usize>length > arenaBytes - arenaEnd) return false;
  const place = entries++;
  const hash = hashOf(body + start, length);
  memory.copy(arena + arenaEnd, body + start, length);
  store<u32>(starts + 4 * place, <u32>arenaEnd);
  store<u32>(lengths + 4 * place, length);
  store<u32>(hashes + 4 * place, hash);
  store<u32>(targets + 4 * place, target);
  store<u32>(followers + 4 * place, 0);
  arenaEnd += length;
  let slot = hash & mask;
  while (load<u32>(slots + 4 * slot) != 0) slot = (slot + 1) & mask;
  store<u32>(slots + 4 * slot, entries);
  follow(i, entries);
  return true;
}

/** Key `i` is `entry`: it follows the key before it. */
function follow(i: u32, entry: u32): void {
  const previous = i == 0 ? 0 : load<u32>(inputEntries + 4 * (i - 1));
  if (previous != 0) store<u32>(followers + 4 * (previous - 1), entry);
  store<u32>(inputEntries + 4 * i, entry);
}

function entryOf(key: usize, length: u32, hash: u32): u32 {
  let slot = hash & mask;
  let entry = load<u32>(slots + 4 * slot);
  while (entry != 0 && !(load<u32>(hashes + 4 * (entry - 1)) == hash && isKey(entry - 1, key, length))) {
    slot = (slot + 1) & mask;
    entry = load<u32>(slots + 4 * slot);
  }
  return entry;
}

/** Compares from behind, 16 bytes at a time: series that follow each other differ near the end. */
// @ts-expect-error: decorator
@inline
function isKey(place: u32, key: usize, length: u32): bool {
  if (load<u32>(lengths + 4 * place) != length) return false;
  const known = arena + load<u32>(starts + 4 * place);
  let left: usize = length;
  for (; left >= 16; left -= 16)
    if (v128.any_true(v128.xor(v128.load(key + left - 16), v128.load(known + left - 16)))) return false;
  // The first 16 bytes once more, part of which were compared, spare a loop over what is left.
  if (length >= 16) return left == 0 || !v128.any_true(v128.xor(v128.load(key), v128.load(known)));
  for (; left > 0; left--) if (load<u8>(key + left - 1) != load<u8>(known + left - 1)) return false;
  return true;
}

/** Eight bytes at a time, mixed by multiplication as in XXH64 (Y. Collet, public domain); spreads well enough for a table. */
function hashOf(key: usize, length: u32): u32 {
  let hash: u64 = length;
  const end = key + length;
  for (; end - key >= 8; key += 8) hash = rotl<u64>(hash ^ (load<u64>(key) * 0xc2b2ae3d27d4eb4f), 29) * 0x9e3779b185ebca87;
  for (; key < end; key++) hash = rotl<u64>(hash ^ (<u64>load<u8>(key) * 0x27d4eb2f165667c5), 11) * 0x9e3779b185ebca87;
  hash ^= hash >> 33;
  hash *= 0xc2b2ae3d27d4eb4f;
  return <u32>(hash ^ (hash >> 29));
}
