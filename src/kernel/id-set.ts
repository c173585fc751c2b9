/** Which ids were seen before, remembered in the kernel: see `assembly/id-set.ts`. */
import { randomBytes } from 'node:crypto';
import type { Kernel } from './kernel.js';

/** Bits of filter for each id at which one id in about 120 is wrongly called known (measured in the test). */
export const filterBitsPerId = 12;
const filterBytesMin = 1 << 20;

/** Texts end to end: text i is bytes[offsets[i], offsets[i + 1]). */
export interface Texts {
  readonly bytes: Uint8Array;
  readonly offsets: Uint32Array;
}

/** In a kernel of its own. */
export class IdSet {
  /** Of the filter. */
  readonly bytes: number;

  /** With a filter of the largest power of two of bytes that is not over `bytesMax`, large enough for `idsExpected` if it may. */
  constructor(
    private readonly kernel: Kernel,
    idsExpected: number,
    bytesMax: number,
  ) {
    const bytesWanted = Math.max(filterBytesMin, (idsExpected * filterBitsPerId) / 8);
    this.bytes = 2 ** Math.min(Math.ceil(Math.log2(bytesWanted)), Math.floor(Math.log2(Math.max(64, bytesMax))));
    kernel.exports.createIdFilter(this.bytes, randomBytes(8).readBigUInt64LE());
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
    return Array.from(new Uint32Array(exports.memory.buffer, exports.rowsPerhapsKnown() >>> 0, found));
  }

  /** Whether a text of a run comes again, in it or in another that was met since `beginRuns`. */
  hasRepeats(run: number): boolean {
    return this.kernel.exports.hasRepeats(run) !== 0;
  }

  /** Adds texts. Answers how many may have been added before. */
  add(texts: Texts): number {
    const { address, offsets, count } = this.place(texts);
    return this.kernel.exports.addIds(address, offsets, count);
  }

  /** Adds the hashes of texts, little-endian 64-bit words: XXH64 with seed 0. */
  addHashes(hashes: Uint8Array): void {
    this.kernel.exports.addHashes(this.kernel.place(hashes), hashes.length / 8);
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
