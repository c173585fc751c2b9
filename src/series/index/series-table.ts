/**
 * The columns of series, by ref. A ref is free, live, or removed: a removed one is found by nobody, but is not given out
 * again until it is released. Times are those of a series' first and last sample as far as they are known.
 */
import { withRoom } from './grown.js';

export const seriesState = { free: 0, live: 1, removed: 2, releasing: 3 } as const;

export class SeriesTable {
  /** The 64-bit id in two halves. */
  idLow = new Uint32Array(64);
  idHigh = new Uint32Array(64);
  metrics = new Uint32Array(64);
  /** Epoch milliseconds; Infinity and -Infinity while no sample was seen, -Infinity and Infinity where nothing is known. */
  firstMs = new Float64Array(64);
  lastMs = new Float64Array(64);
  states = new Uint8Array(64);
  /** A series' labels are pairs[pairStarts[ref], pairStarts[ref] + labelCounts[ref]), in the order of their names. */
  pairStarts = new Uint32Array(64);
  labelCounts = new Uint8Array(64);
  pairs = new Uint32Array(1024);
  private pairsEnd = 0;
  /** By a list's length: where a free one begins, plus one; it holds the next in its first place. */
  private readonly freeLists = new Uint32Array(256);
  private freeRefs = new Uint32Array(64);
  private freeRefCount = 0;
  /** One past the largest ref given out. */
  limit = 0;
  liveCount = 0;
  /** Series removed so far. */
  removals = 0;

  get columnBytes(): number {
    const { idLow, idHigh, metrics, firstMs, lastMs, states, pairStarts, labelCounts, freeRefs } = this;
    const columns = [idLow, idHigh, metrics, firstMs, lastMs, states, pairStarts, labelCounts, freeRefs];
    return columns.reduce((sum, column) => sum + column.byteLength, 0);
  }

  get pairListBytes(): number {
    return this.pairs.byteLength + this.freeLists.byteLength;
  }

  /** Adds a live series without samples; its labels are the first `labelCount` of `labels`. */
  add(labels: Uint32Array, labelCount: number, idLow: number, idHigh: number, metric: number): number {
    const ref = this.freeRefCount > 0 ? this.freeRefs[--this.freeRefCount]! : this.limit++;
    if (this.limit > this.idLow.length) this.grow();
    const start = this.takeList(labelCount);
    for (let i = 0; i < labelCount; i++) this.pairs[start + i] = labels[i]!;
    this.pairStarts[ref] = start;
    this.labelCounts[ref] = labelCount;
    this.idLow[ref] = idLow;
    this.idHigh[ref] = idHigh;
    this.metrics[ref] = metric;
    this.firstMs[ref] = Number.POSITIVE_INFINITY;
    this.lastMs[ref] = Number.NEGATIVE_INFINITY;
    this.states[ref] = seriesState.live;
    this.liveCount++;
    return ref;
  }

  /** The numbers of a series' labels, valid until the next change. */
  labelsOf(ref: number): Uint32Array {
    const start = this.pairStarts[ref]!;
    return this.pairs.subarray(start, start + this.labelCounts[ref]!);
  }

  remove(ref: number): void {
    this.states[ref] = seriesState.removed;
    this.liveCount--;
    this.removals++;
  }

  /** Frees removed refs, so that the smallest is given out first: postings are shorter where refs ascend. */
  release(refs: Uint32Array): void {
    this.freeRefs = withRoom(this.freeRefs, this.freeRefCount + refs.length);
    for (const ref of Uint32Array.from(refs).sort().reverse()) {
      this.states[ref] = seriesState.free;
      this.freeList(this.pairStarts[ref]!, this.labelCounts[ref]!);
      this.freeRefs[this.freeRefCount++] = ref;
    }
  }

  private takeList(length: number): number {
    const free = this.freeLists[length]!;
    if (free > 0) {
      this.freeLists[length] = this.pairs[free - 1]!;
      return free - 1;
    }
    const start = this.pairsEnd;
    this.pairsEnd += length;
    this.pairs = withRoom(this.pairs, this.pairsEnd);
    return start;
  }

  private freeList(start: number, length: number): void {
    if (length === 0) return;
    this.pairs[start] = this.freeLists[length]!;
    this.freeLists[length] = start + 1;
  }

  private grow(): void {
    const { limit } = this;
    this.idLow = withRoom(this.idLow, limit);
    this.idHigh = withRoom(this.idHigh, limit);
    this.metrics = withRoom(this.metrics, limit);
    this.firstMs = withRoom(this.firstMs, limit);
    this.lastMs = withRoom(this.lastMs, limit);
    this.states = withRoom(this.states, limit);
    this.pairStarts = withRoom(this.pairStarts, limit);
    this.labelCounts = withRoom(this.labelCounts, limit);
  }
}
