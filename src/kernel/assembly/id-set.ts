/**
 * Which ids were seen before, by their 64-bit hashes: in the runs of rows that are stored together, which is exact but for ids of one hash, and ever, by a
 * filter that never says new of an id that was added. Whoever asks looks closer at the rest; so a wrong answer only costs time.
 *
 * The filter is a blocked Bloom filter: one block is one cache line, 512 bits, and holds all bits of an id. When it has as many ids as it was meant for, a
 * larger one takes the new ids, and the full ones are only asked. Past its design load the last one keeps working, with more ids that may be known.
 * Sources: Putze, Sanders, Singler, "Cache-, Hash- and Space-Efficient Bloom Filters", 2007; Almeida, Baquero, Preguiça, Hutchison, "Scalable Bloom
 * Filters", 2007.
 */
import { renewed } from './memory';
import { xxh64 } from './xxh64';

const bitsPerId: u32 = 8;
const blockBytes: usize = 64;

/** The filter that takes ids. */
let filter: usize = 0;
let blockMask: u32 = 0;
/** Ids that it has taken. */
let filterIds: u32 = 0;
/** Address and block mask of each full filter, the latest first. */
const fullFilters = memory.data(64);
let fullFilterCount: u32 = 0;

// By slot: the number + 1 of an id of the runs, 0 where none is. By id: its hash and its run.
let slots: usize = 0;
let slotsMax: u32 = 0;
let slotMask: u32 = 0;
let hashes: usize = 0;
let hashRuns: usize = 0;
let idsMax: u32 = 0;
let ids: u32 = 0;
// By run: whether one of its ids comes again, in it or in another.
let repeats: usize = 0;
let runsMax: u32 = 0;
/** Slots are chosen with a random factor, so that a sender cannot prepare ids that all fall on one. */
let factor: u64 = 1;

let perhapsRows: usize = 0;
let perhapsMax: u32 = 0;

/** To be called once, before anything else. */
export function createIdSet(randomFactor: u64): void {
  factor = randomFactor | 1;
}

/** Makes a filter of so many bytes, a power of two, which takes all ids from here on; at most 1 + 8 of them. */
export function addIdFilter(bytes: u32): void {
  if (filter != 0) {
    memory.copy(fullFilters + 8, fullFilters, 8 * fullFilterCount++);
    store<u32>(fullFilters, <u32>filter);
    store<u32>(fullFilters, blockMask, 4);
  }
  filter = heap.alloc(<usize>bytes + blockBytes);
  // Blocks are cache lines.
  filter = (filter + blockBytes - 1) & ~(blockBytes - 1);
  memory.fill(filter, 0, bytes);
  blockMask = bytes / <u32>blockBytes - 1;
  filterIds = 0;
}

/** Ids that the filter which takes them has taken. */
export function idsInFilter(): u32 {
  return filterIds;
}

/** Begins with `runs` runs that have at most `count` ids together. */
export function beginRuns(runs: u32, count: u32): void {
  const room = <u32>1 << (32 - clz<u32>(max<u32>(16, 2 * count) - 1));
  if (room > slotsMax) {
    slotsMax = room;
    slots = renewed(slots, 4 * room);
    idsMax = room / 2;
    hashes = renewed(hashes, 8 * idsMax);
    hashRuns = renewed(hashRuns, 4 * idsMax);
  }
  if (runs > runsMax) {
    runsMax = max<u32>(256, 2 * runs);
    repeats = renewed(repeats, runsMax);
  }
  slotMask = room - 1;
  memory.fill(slots, 0, 4 * room);
  memory.fill(repeats, 0, runs);
  ids = 0;
}

/** Whether an id of a run comes again in the run or in one that was met with it. */
export function hasRepeats(run: u32): bool {
  return load<u8>(repeats + run) != 0;
}

/**
 * Meets the texts of a run, [offsets[i], offsets[i + 1]) of `texts`, and adds them to the filter. Answers how many rows may have been seen before, in other
 * runs than these; all of them where `isUnsure`.
 */
export function meetIds(texts: usize, offsets: usize, count: u32, run: u32, isUnsure: bool): u32 {
  if (count > perhapsMax) {
    perhapsMax = max<u32>(1024, count);
    perhapsRows = renewed(perhapsRows, 4 * perhapsMax);
  }
  let perhaps: u32 = 0;
  for (let row: u32 = 0; row < count; row++) {
    const hash = hashAt(texts, offsets, row);
    const first = addToRuns(hash, run);
    if (first >= 0) {
      store<u8>(repeats + first, 1);
      store<u8>(repeats + run, 1);
    } else if (addToFilter(hash) || isUnsure) store<u32>(perhapsRows + 4 * perhaps++, row);
  }
  return perhaps;
}

/** Rows that may have been seen before, of the run that was met last, u32. */
export function rowsPerhapsKnown(): usize {
  return perhapsRows;
}

/** Adds texts to the filter. Answers how many it may have had. */
export function addIds(texts: usize, offsets: usize, count: u32): u32 {
  let had: u32 = 0;
  for (let row: u32 = 0; row < count; row++) had += <u32>addToFilter(hashAt(texts, offsets, row));
  return had;
}

/** Adds `count` hashes, u64. */
export function addHashes(at: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i++) addToFilter(load<u64>(at + 8 * i));
}

// @ts-expect-error: decorator
@inline
function hashAt(texts: usize, offsets: usize, row: u32): u64 {
  return xxh64(texts + load<u32>(offsets + 4 * row), texts + load<u32>(offsets + 4 * row, 4));
}

/** Answers the run that has the hash already, else -1. */
// @ts-expect-error: decorator
@inline
function addToRuns(hash: u64, run: u32): i32 {
  const spread = hash * factor;
  let slot = <u32>(spread >> 32) & slotMask;
  for (let held = load<u32>(slots + 4 * slot); held != 0; held = load<u32>(slots + 4 * slot)) {
    if (load<u64>(hashes + 8 * (held - 1)) == hash) return load<i32>(hashRuns + 4 * (held - 1));
    slot = (slot + 1) & slotMask;
  }
  store<u64>(hashes + 8 * ids, hash);
  store<u32>(hashRuns + 4 * ids, run);
  store<u32>(slots + 4 * slot, ++ids);
  return -1;
}

/** Answers whether the filters may have had it. */
// @ts-expect-error: decorator
@inline
function addToFilter(hash: u64): bool {
  for (let i: u32 = 0; i < fullFilterCount; i++)
    if (isInFilter(hash, load<u32>(fullFilters + 8 * i), load<u32>(fullFilters + 8 * i, 4))) return true;
  const low = <u32>hash;
  const block = filter + blockBytes * (low & blockMask);
  const step = (low * 0x9e3779b1) | 1;
  let mixed = <u32>(hash >> 32);
  let had = true;
  for (let i: u32 = 0; i < bitsPerId; i++) {
    const position = (mixed ^ (mixed >> 15)) & 511;
    const word = block + 4 * (position >> 5);
    const bit = (<u32>1) << (position & 31);
    const bits = load<u32>(word);
    if ((bits & bit) == 0) {
      had = false;
      store<u32>(word, bits | bit);
    }
    mixed = mixed * 0x85ebca6b + step;
  }
  filterIds += <u32>!had;
  return had;
}

function isInFilter(hash: u64, filter: usize, blockMask: u32): bool {
  const low = <u32>hash;
  const block = filter + blockBytes * (low & blockMask);
  const step = (low * 0x9e3779b1) | 1;
  let mixed = <u32>(hash >> 32);
  for (let i: u32 = 0; i < bitsPerId; i++) {
    const position = (mixed ^ (mixed >> 15)) & 511;
    if ((load<u32>(block + 4 * (position >> 5)) & ((<u32>1) << (position & 31))) == 0) return false;
    mixed = mixed * 0x85ebca6b + step;
  }
  return true;
}
