/**
 * Remembers, by the bytes that senders name series with, which series they are, so that known series are found without decoding a
 * label. Bounded in bytes. When it is full it keeps what it has while that still answers most look-ups, else it starts anew: then the series have
 * changed. Forgetting costs time, never an answer.
 */

import type { Kernel } from '../../kernel/kernel.js';
import { type KeyRanges, KeyTable } from '../../kernel/key-table.js';

/** Below this share of look-ups answered since the store became full, it starts anew. */
const usefulShare = 0.5;
/** So many look-ups tell the share. */
const judgedLookups = 100_000;

export class SenderKeys {
  private readonly table: KeyTable;
  private ranges: KeyRanges | undefined;
  /** Which of the body's keys the table was asked for last: from this one on. */
  private first = 0;
  private isFull = false;
  private lookups = 0;
  private misses = 0;

  constructor(kernel: Kernel, bytesMax: number) {
    this.table = new KeyTable(kernel, bytesMax);
  }

  get count(): number {
    return this.table.count;
  }

  /** Keys that `find` can be asked for at once. */
  get room(): number {
    return this.table.room;
  }

  /** Begins a body. True where everything was forgotten before it. */
  begin(ranges: KeyRanges): boolean {
    this.ranges = ranges;
    this.table.begin(ranges);
    if (!this.isFull || this.lookups < judgedLookups) return false;
    const isUseless = this.misses > this.lookups * (1 - usefulShare);
    if (isUseless) this.clear();
    this.lookups = 0;
    this.misses = 0;
    return isUseless;
  }

  /** Looks up the body's keys [from, to), at most `room`: writes to `targets`, by key, what is remembered, or `noRef`. Answers how many are not. */
  find(from: number, to: number, targets: Uint32Array): number {
    const { table } = this;
    const misses = table.find(this.ranges!, from, to);
    targets.set(table.targets.subarray(0, to - from), from);
    this.first = from;
    this.lookups += to - from;
    this.misses += misses;
    return misses;
  }

  /** Looks up once more a key that was not found: the body may have had it before. */
  findAgain(key: number): number {
    return this.table.findAgain(key - this.first);
  }

  /** Remembers `target` for a key that was not found. False where there is no room. */
  remember(key: number, target: number): boolean {
    const isRemembered = this.table.remember(key - this.first, target);
    if (!isRemembered) this.isFull = true;
    return isRemembered;
  }

  clear(): void {
    this.table.clear();
    this.isFull = false;
    this.lookups = 0;
    this.misses = 0;
  }
}
