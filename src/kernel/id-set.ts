/** Which ids were seen before, remembered in the kernel: see `assembly/id-set.ts`. */
import { randomBytes } from 'node:crypto';
import type { Kernel } from './kernel.js';

/** Bits of filter for each id at which one id in about 120 is wrongly called known (measured in the test). */
export const filterBitsPerId = 12;
const filterBytesMin = 1 << 20;
/** A filter that follows a full one is so many times as large: few are asked for a new id, and little memory lies idle. */
const filterGrowth = 8;
/** The kernel's bound. */
const filtersMax = 9;

/** Texts end to end: text i is bytes[offsets[i], offsets[i + 1]). */
export interface Texts {
  readonly bytes: Uint8Array;
  readonly offsets: Uint32Array;
}

/** In a kernel of its own. */
export class IdSet {
  private filters = 0;
  private filterBytes = 0;
  private allBytes = 0;

  /** With a filter for `idsExpected`, which larger ones follow when it is full, as far as the `bytesMax` of all of them lets it. */
  constructor(
    private readonly kernel: Kernel,
    idsExpected: number,
    private readonly bytesMax: number,
  ) {
    kernel.exports.createIdSet(randomBytes(8).readBigUInt64LE());
    this.addFilter(Math.max(filterBytesMin, (idsExpected * filterBitsPerId) / 8));
  }

  /** Of all filters. */
  get bytes(): number {
    return this.allBytes;
  }

  /** Begins with `runs` runs of texts that have at most `ids` together. */
  beginRuns(runs: number, ids: number): void {
    this.kernel.exports.beginRuns(runs, ids);
  }

  /** Meets the texts of a run and adds them. Answers the rows that may have been added before these runs began; all of them where `isUnsure`. */
  meet(texts: Texts, run: number, isUnsure: boolean): number[] {
    const { exports } = this.kernel;
    const { address, offsets, count } = this.place(texts);
    const found = exports.meetIds(address, offsets, count, run, isUnsure);
    this.makeRoom();
    return Array.from(new Uint32Array(exports.memory.buffer, exports.rowsPerhapsKnown() >>> 0, found));
  }

  /** Whether a text of a run comes again, in it or in another that was met since `beginRuns`. */
  hasRepeats(run: number): boolean {
    return this.kernel.exports.hasRepeats(run) !== 0;
  }

  /** Adds texts. Answers how many may have been added before. */
  add(texts: Texts): number {
    const { address, offsets, count } = this.place(texts);
    const had = this.kernel.exports.addIds(address, offsets, count);
    this.makeRoom();
    return had;
  }

  /** Adds the hashes of texts, little-endian 64-bit words: XXH64 with seed 0. */
  addHashes(hashes: Uint8Array): void {
    this.kernel.exports.addHashes(this.kernel.place(hashes), hashes.length / 8);
    this.makeRoom();
  }

  /** A larger filter where the last one has all the ids it is meant for. */
  private makeRoom(): void {
    if (this.kernel.exports.idsInFilter() * filterBitsPerId < this.filterBytes * 8) return;
    // A last one that is smaller than the one before would be full at once.
    if (this.filters < filtersMax && this.bytesMax - this.allBytes >= this.filterBytes)
      this.addFilter(this.filterBytes * filterGrowth);
  }

  /** Of a power of two of bytes, at least as many as are wanted if it may. */
  private addFilter(bytesWanted: number): void {
    const room = Math.max(64, this.bytesMax - this.allBytes);
    this.filterBytes = 2 ** Math.min(Math.ceil(Math.log2(bytesWanted)), Math.floor(Math.log2(room)));
    this.kernel.exports.addIdFilter(this.filterBytes);
    this.filters++;
    this.allBytes += this.filterBytes;
  }

  private place({ bytes, offsets }: Texts) {
    const { kernel } = this;
    // Both rooms first: the second may move the memory.
    const room = kernel.bodyRoom(offsets.byteLength) >>> 0;
    const address = kernel.place(bytes) >>> 0;
    new Uint32Array(kernel.exports.memory.buffer, room, offsets.length).set(offsets);
    return { address, offsets: room, count: offsets.length - 1 };
  }
}
