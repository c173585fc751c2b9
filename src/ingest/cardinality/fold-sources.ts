/**
 * The sources of folded series, as columns: by the 64-bit id of a source its last sample and the target that it goes into. Their
 * number is bounded; past the bound the one gives way that was not used for longest, approximately: a hand goes round
 * and takes the first that was not used since it last came by (the CLOCK algorithm; F. Corbató, 1968).
 *
 * Each target's sources form a doubly linked list. An entry's number stays the same until it gives way.
 */
export interface FoldSources {
  readonly entriesMax: number;
  count: number;
  highs: Uint32Array;
  lows: Uint32Array;
  lastValues: Float64Array;
  lastTimesMs: Float64Array;
  /** `noEntry` where the source's target is gone. */
  targets: Uint32Array;
  /** 1 where the source came again since the hand last came by. */
  used: Uint8Array;
  /** 1 while the source counts for its target: from its first sample to its stale marker or expiry. */
  live: Uint8Array;
  previous: Uint32Array;
  next: Uint32Array;
  /** Open-addressed table of entry numbers plus 1; 0 is free. */
  slots: Uint32Array;
  hand: number;
}

export const noEntry = 0xffffffff;
const firstEntries = 256;

export function createFoldSources(entriesMax: number): FoldSources {
  const entries = Math.min(firstEntries, entriesMax);
  return {
    entriesMax,
    count: 0,
    highs: new Uint32Array(entries),
    lows: new Uint32Array(entries),
    lastValues: new Float64Array(entries),
    lastTimesMs: new Float64Array(entries),
    targets: new Uint32Array(entries),
    used: new Uint8Array(entries),
    live: new Uint8Array(entries),
    previous: new Uint32Array(entries),
    next: new Uint32Array(entries),
    slots: new Uint32Array(slotsFor(entries)),
    hand: 0,
  };
}

/** A power of two, at most half full. */
const slotsFor = (entries: number): number => 2 ** Math.ceil(Math.log2(entries * 2));

/** Ids are hashes: their low half is spread well enough. */
const homeSlot = (sources: FoldSources, low: number): number => low & (sources.slots.length - 1);

/** The entry of a source, `noEntry` where there is none. */
export function findSource(sources: FoldSources, high: number, low: number): number {
  const { slots, highs, lows } = sources;
  const mask = slots.length - 1;
  for (let slot = low & mask; ; slot = (slot + 1) & mask) {
    const entry = slots[slot]! - 1;
    if (entry < 0) return noEntry;
    if (lows[entry] === low && highs[entry] === high) return entry;
  }
}

/**
 * Makes an entry for a source that has none. Where another one must give way, `evict` is called with its number first and
 * still finds its columns. Of the new entry only the id is set, its target to `noEntry`, its life to 0.
 */
export function addSource(sources: FoldSources, high: number, low: number, evict: (entry: number) => void): number {
  if (sources.count === sources.highs.length && sources.count < sources.entriesMax) grow(sources);
  const isFull = sources.count === sources.entriesMax;
  const entry = isFull ? leastUsed(sources) : sources.count++;
  if (isFull) {
    evict(entry);
    removeSlot(sources, entry);
  }
  sources.highs[entry] = high;
  sources.lows[entry] = low;
  sources.targets[entry] = noEntry;
  sources.live[entry] = 0;
  // Only one that comes again is in use: ids that come once give way to each other, and not to them.
  sources.used[entry] = 0;
  insertSlot(sources, entry);
  return entry;
}

function leastUsed(sources: FoldSources): number {
  const { used, count } = sources;
  for (;;) {
    const entry = sources.hand;
    sources.hand = entry + 1 === count ? 0 : entry + 1;
    if (used[entry] === 0) return entry;
    used[entry] = 0;
  }
}

function insertSlot(sources: FoldSources, entry: number): void {
  const { slots } = sources;
  const mask = slots.length - 1;
  let slot = homeSlot(sources, sources.lows[entry]!);
  while (slots[slot] !== 0) slot = (slot + 1) & mask;
  slots[slot] = entry + 1;
}

/** Frees an entry's slot and moves later ones of its cluster up, so that no search ends too early. Source: D. Knuth, TAOCP 6.4, algorithm R. */
function removeSlot(sources: FoldSources, entry: number): void {
  const { slots, lows } = sources;
  const mask = slots.length - 1;
  let free = homeSlot(sources, lows[entry]!);
  while (slots[free] !== entry + 1) free = (free + 1) & mask;
  for (let slot = (free + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
    const home = homeSlot(sources, lows[slots[slot]! - 1]!);
    // The entry may move if its home does not lie between the free slot and its own.
    if (((slot - home) & mask) < ((slot - free) & mask)) continue;
    slots[free] = slots[slot]!;
    free = slot;
  }
  slots[free] = 0;
}

function grow(sources: FoldSources): void {
  const entries = Math.min(sources.entriesMax, sources.highs.length * 2);
  const larger = <T extends Uint8Array | Uint32Array | Float64Array>(column: T): T => {
    const copy = new (column.constructor as new (length: number) => T)(entries);
    copy.set(column as never);
    return copy;
  };
  sources.highs = larger(sources.highs);
  sources.lows = larger(sources.lows);
  sources.lastValues = larger(sources.lastValues);
  sources.lastTimesMs = larger(sources.lastTimesMs);
  sources.targets = larger(sources.targets);
  sources.used = larger(sources.used);
  sources.live = larger(sources.live);
  sources.previous = larger(sources.previous);
  sources.next = larger(sources.next);
  sources.slots = new Uint32Array(slotsFor(entries));
  for (let entry = 0; entry < sources.count; entry++) insertSlot(sources, entry);
}
