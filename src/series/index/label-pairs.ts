/**
 * Interned labels: each (name, value) is a pair, known by a number, which is what series and postings speak of. The pairs of
 * a name hang in a list. Numbers of pairs that no series has any more are given out again.
 *
 * A pair's `seriesCounts` counts live series; a removed series that has not been released yet still stands in the
 * postings, so a pair may be known and count none.
 */
import { metricNameLabel } from '../../model/labels.js';
import { hashBytes, mixWords, viewOf } from './byte-words.js';
import { withRoom } from './grown.js';
import { HashSlots } from './hash-slots.js';
import { hashSeed, TextTable } from './text-table.js';

/** Says that there is no pair. */
export const noPair = 0xffffffff;

const encoder = new TextEncoder();

export class LabelPairs {
  readonly names = new TextTable();
  readonly values = new TextTable();
  /** By pair: the number of its name among `names` and of its value among `values`. */
  nameIds = new Uint32Array(64);
  valueIds = new Uint32Array(64);
  /** By pair: live series that have it. */
  seriesCounts = new Uint32Array(64);
  /** By pair: the neighbours in the list of its name. */
  private nexts = new Uint32Array(64);
  private previous = new Uint32Array(64);
  /** By pair: the pair that came after it the last time, in the order of a series' labels. It may have been forgotten since. */
  private likelyNexts = new Uint32Array(64);
  private likelyFirst = noPair;
  /** By name: its first pair. */
  private firsts = new Uint32Array(0);
  /** By name: pairs that a live series has. */
  distinctOfName = new Uint32Array(0);
  /** Pairs that a live series has. */
  distinct = 0;
  /** One past the largest number of a pair. */
  limit = 0;
  private free: number[] = [];
  private readonly slots = new HashSlots();
  /** The number of `__name__`, held for ever. */
  readonly metricName: number;

  constructor() {
    const bytes = encoder.encode(metricNameLabel);
    this.metricName = this.findOrAddName(viewOf(bytes), 0, bytes.length);
    this.names.hold(this.metricName);
  }

  get columnBytes(): number {
    const byPair = [this.nameIds, this.valueIds, this.seriesCounts, this.nexts, this.previous, this.likelyNexts];
    const byName = [this.firsts, this.distinctOfName];
    return [...byPair, ...byName].reduce(
      (sum, column) => sum + column.byteLength,
      this.slots.stateBytes + 8 * this.free.length,
    );
  }

  /** The pair that came after `pair` the last time, or first in a series after `noPair`; `noPair` where none did. */
  likelyNext(pair: number): number {
    return pair === noPair ? this.likelyFirst : this.likelyNexts[pair]!;
  }

  setLikelyNext(pair: number, next: number): void {
    if (pair === noPair) this.likelyFirst = next;
    else this.likelyNexts[pair] = next;
  }

  /** The number of a name, -1 where no series has it. */
  nameNumber(name: string): number {
    const bytes = encoder.encode(name);
    const view = viewOf(bytes);
    return this.names.find(view, 0, bytes.length, hashBytes(view, 0, bytes.length, hashSeed));
  }

  /** The pair of a name and a value, -1 where no series has it. */
  pairNumber(name: number, value: string): number {
    const bytes = encoder.encode(value);
    const view = viewOf(bytes);
    return this.find(name, view, 0, bytes.length, hashBytes(view, 0, bytes.length, hashSeed));
  }

  /** The number of the name that is bytes [start, end). The next call must be `findOrAdd` with it, which holds it. */
  findOrAddName(view: DataView, start: number, end: number): number {
    const name = this.names.findOrAdd(view, start, end, hashBytes(view, start, end, hashSeed));
    if (name >= this.firsts.length) this.growNames(name + 1);
    return name;
  }

  /** The pair of a name and the value that is bytes [start, end). */
  findOrAdd(name: number, view: DataView, start: number, end: number): number {
    const hash = hashBytes(view, start, end, hashSeed);
    const found = this.find(name, view, start, end, hash);
    return found >= 0 ? found : this.add(name, this.values.findOrAdd(view, start, end, hash), hash);
  }

  /** Counts a live series that now has the pair. */
  countSeries(pair: number): void {
    if (this.seriesCounts[pair]!++ > 0) return;
    this.distinct++;
    this.distinctOfName[this.nameIds[pair]!]!++;
  }

  /** Counts one live series less. */
  discountSeries(pair: number): void {
    if (--this.seriesCounts[pair]! > 0) return;
    this.distinct--;
    this.distinctOfName[this.nameIds[pair]!]!--;
  }

  /** Forgets a pair that stands in no posting. */
  forget(pair: number): void {
    const name = this.nameIds[pair]!;
    const value = this.valueIds[pair]!;
    this.slots.remove(mixWords(name, this.values.hashOf(value)), pair);
    const next = this.nexts[pair]!;
    const before = this.previous[pair]!;
    if (next !== noPair) this.previous[next] = before;
    if (before !== noPair) this.nexts[before] = next;
    else this.firsts[name] = next;
    this.free.push(pair);
    this.names.letGo(name);
    this.values.letGo(value);
  }

  /** The pairs of a name that a live series has. */
  pairsOfName(name: number): Uint32Array {
    const pairs = new Uint32Array(this.distinctOfName[name]!);
    let count = 0;
    for (let pair = this.firsts[name]!; pair !== noPair; pair = this.nexts[pair]!) {
      if (this.seriesCounts[pair]! > 0) pairs[count++] = pair;
    }
    return pairs;
  }

  private find(name: number, view: DataView, start: number, end: number, valueHash: number): number {
    const hash = mixWords(name, valueHash);
    for (let slot = this.slots.first(hash); slot >= 0; slot = this.slots.next(slot, hash)) {
      const pair = this.slots.valueAt(slot);
      if (this.nameIds[pair] === name && this.values.isText(this.valueIds[pair]!, view, start, end)) return pair;
    }
    return -1;
  }

  private add(name: number, value: number, valueHash: number): number {
    const pair = this.free.pop() ?? this.limit++;
    if (this.limit > this.nameIds.length) this.growPairs();
    this.names.hold(name);
    this.values.hold(value);
    this.nameIds[pair] = name;
    this.valueIds[pair] = value;
    this.likelyNexts[pair] = noPair;
    const first = this.firsts[name]!;
    this.nexts[pair] = first;
    this.previous[pair] = noPair;
    if (first !== noPair) this.previous[first] = pair;
    this.firsts[name] = pair;
    this.slots.add(mixWords(name, valueHash), pair);
    return pair;
  }

  private growPairs(): void {
    this.nameIds = withRoom(this.nameIds, this.limit);
    this.valueIds = withRoom(this.valueIds, this.limit);
    this.seriesCounts = withRoom(this.seriesCounts, this.limit);
    this.nexts = withRoom(this.nexts, this.limit);
    this.previous = withRoom(this.previous, this.limit);
    this.likelyNexts = withRoom(this.likelyNexts, this.limit);
  }

  private growNames(nameCount: number): void {
    this.firsts = withRoom(this.firsts, nameCount, noPair);
    this.distinctOfName = withRoom(this.distinctOfName, nameCount);
  }
}
