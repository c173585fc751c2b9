/**
 * The hot loops over bytes, compiled from `assembly/` to WebAssembly, and the memory that they work in. What JavaScript does per byte costs three to
 * five times as much there, and every body that is decompressed into memory of its own makes the garbage collector run; here one memory is used
 * again and again. `npm run bench -- remote-write-decode` measures it.
 *
 * Views of the memory are valid until something is placed or unpacked the next time, which may move the memory. It grows to what the
 * largest body needs and never shrinks: WebAssembly cannot give memory back.
 */
import { readFileSync } from 'node:fs';

/** What the files of `assembly/` export. Addresses and lengths in bytes. */
export interface KernelExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  allocate(bytes: number): number;
  release(address: number): void;
  unpackSnappy(at: number, end: number, out: number, outEnd: number): number;
  createScan(): number;
  scanWriteRequest(body: number, at: number, bodyEnd: number): number;
  scannedRuns(): number;
  scannedSamples(): number;
  scannedKeyStarts(): number;
  scannedKeyEnds(): number;
  scannedSampleEnds(): number;
  scannedTimes(): number;
  scannedValues(): number;
  scannedRowColumn(which: number): number;
  scanRows(description: number, at: number): number;
  createIdSet(randomFactor: bigint): void;
  addIdFilter(bytes: number): void;
  idsInFilter(): number;
  beginRuns(runs: number, ids: number): void;
  meetIds(texts: number, offsets: number, count: number, run: number, isUnsure: boolean): number;
  rowsPerhapsKnown(): number;
  hasRepeats(run: number): number;
  addIds(texts: number, offsets: number, count: number): number;
  addHashes(at: number, count: number): void;
  createKeys(max: number, bytes: number): number;
  forgetKeys(): void;
  beginKeys(): void;
  findKeys(body: number, count: number): number;
  findKey(body: number, i: number): number;
  rememberKey(body: number, i: number, target: number): number;
  keyCount(): number;
  keyInputs(which: number): number;
  keyTargets(): number;
  reserveSort(runs: number, samples: number, series: number): void;
  sortColumn(which: number): number;
  earliestFrom(samples: number, fromMs: number): number;
  beginSort(runs: number, series: number, fromMs: number, toMs: number): void;
  countSome(samples: number): number;
  placeSeries(): number;
  scatterSome(samples: number): number;
  orderSome(samples: number): number;
  forgetTimes(): void;
  decodeSeries(places: number, chunkCount: number, streams: number, fromMs: number, toMs: number): number;
  dropStale(): number;
  columnTimes(): number;
  columnValues(): number;
  setGrid(startMs: number, stepMs: number, steps: number, rangeMs: number): void;
  gridResults(): number;
  gridPresence(): number;
  fillGrowth(isCounter: boolean, isPerSecond: boolean): number;
  fillSums(isMean: boolean): number;
  fillExtremes(sign: number): number;
  fillLast(): number;
  fillCounts(): number;
  beginGroups(groups: number, steps: number): void;
  groupColumns(group: number): number;
  addSum(group: number): void;
  addExtreme(group: number, sign: number): void;
  addCount(group: number): void;
}

/** Smallest memory for a body: larger ones double it. */
const firstRegionBytes = 64 * 1024;

/** Memory that is used for one body after the other. */
interface Region {
  address: number;
  bytes: number;
}

export class Kernel {
  readonly exports: KernelExports;
  private readonly packed: Region = { address: 0, bytes: 0 };
  private readonly body: Region = { address: 0, bytes: 0 };

  constructor() {
    const instance = new WebAssembly.Instance(kernelModule(), { env: { abort: aborted } });
    this.exports = instance.exports as unknown as KernelExports;
  }

  /** Where bytes lie in the memory: those of a view of it where they are, others where they are copied to. */
  place(bytes: Uint8Array): number {
    if (bytes.buffer === this.exports.memory.buffer) return bytes.byteOffset;
    const address = this.room(this.packed, bytes.length);
    this.view(address, bytes.length).set(bytes);
    return address;
  }

  /** Room for `bytes` bytes of a body, whose last one it takes the place of. */
  bodyRoom(bytes: number): number {
    return this.room(this.body, bytes);
  }

  view(address: number, bytes: number): Uint8Array {
    return new Uint8Array(this.exports.memory.buffer, address, bytes);
  }

  private room(region: Region, bytes: number): number {
    if (bytes <= region.bytes) return region.address;
    if (region.bytes > 0) this.exports.release(region.address);
    region.bytes = Math.max(firstRegionBytes, 2 ** Math.ceil(Math.log2(bytes)));
    region.address = this.exports.allocate(region.bytes) >>> 0;
    return region.address;
  }
}

let compiled: WebAssembly.Module | undefined;

/** Compiled once in a process: it is constant. */
function kernelModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(readFileSync(new URL('./kernel.wasm', import.meta.url)));
  return compiled;
}

function aborted(): never {
  throw new Error('the kernel ran out of memory');
}
