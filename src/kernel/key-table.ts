/** A table from bytes to numbers, in the kernel, that is asked for many keys at once and expects them in the order of the last time. */
import type { Kernel } from './kernel.js';

/** What an entry takes beside its bytes: five columns, and two slots. */
const entryBytes = 28;
/** Bytes of an entry and its key that the room is divided by. A guess: a dozen labels. */
const expectedBytes = 192;
/** Stands for no target. */
export const noTarget = 0xffffffff;

/** Keys, each a range of bytes. */
export interface KeyRanges {
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

export class KeyTable {
  /** Keys that `find` can be asked for at once. */
  readonly room: number;
  /** By key of the last `find`, what is remembered for it or `noTarget`. Valid until the next one. */
  targets = new Uint32Array(0);
  private inputStarts = new Uint32Array(0);
  private inputEnds = new Uint32Array(0);
  private address = 0;

  /** Takes `bytesMax` bytes of address space, and memory as it fills. */
  constructor(
    private readonly kernel: Kernel,
    bytesMax: number,
  ) {
    const entriesMax = 2 ** Math.floor(Math.log2(bytesMax / expectedBytes));
    this.room = kernel.exports.createKeys(entriesMax, bytesMax - entriesMax * entryBytes);
  }

  get count(): number {
    return this.kernel.exports.keyCount();
  }

  /** Begins with keys whose first follows none. */
  begin({ bytes }: KeyRanges): void {
    const { kernel } = this;
    this.address = kernel.place(bytes);
    const { buffer } = kernel.exports.memory;
    if (this.targets.buffer !== buffer) this.look(buffer);
    kernel.exports.beginKeys();
  }

  /** Looks up the keys [from, to), at most `room`; answers how many are not remembered. */
  find({ starts, ends }: KeyRanges, from: number, to: number): number {
    this.inputStarts.set(starts.subarray(from, to));
    this.inputEnds.set(ends.subarray(from, to));
    return this.kernel.exports.findKeys(this.address, to - from);
  }

  /** Looks up the key that is `i`th of the last `find` once more, since others were remembered. */
  findAgain(i: number): number {
    return this.kernel.exports.findKey(this.address, i) >>> 0;
  }

  /** Remembers `target` for the key that is `i`th of the last `find`, which was not found. False where there is no room. */
  remember(i: number, target: number): boolean {
    return this.kernel.exports.rememberKey(this.address, i, target) !== 0;
  }

  clear(): void {
    this.kernel.exports.forgetKeys();
  }

  private look(buffer: ArrayBuffer): void {
    const { kernel, room } = this;
    this.inputStarts = new Uint32Array(buffer, kernel.exports.keyInputs(0), room);
    this.inputEnds = new Uint32Array(buffer, kernel.exports.keyInputs(1), room);
    this.targets = new Uint32Array(buffer, kernel.exports.keyTargets(), room);
  }
}
