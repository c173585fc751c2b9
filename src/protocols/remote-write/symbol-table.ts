/** The symbols of a remote write 2.0 request: every text of it, once, told by its number. They stay bytes of the body. */
import { isUtf8 } from 'node:buffer';
import { isMetricName } from '../../model/label-check.js';
import { labelLimits } from '../../model/labels.js';
import type { WireReader } from '../protobuf/wire-reader.js';

const firstSymbols = 1024;

/** Room behind the last byte of what is copied by words, and of what it is copied to. */
export const slackBytes = 8;

export class SymbolTable {
  count = 0;
  /** Symbol i is bytes[starts[i], ends[i]). */
  starts = new Uint32Array(firstSymbols);
  ends = new Uint32Array(firstSymbols);
  /** The first four bytes of each symbol, the first one highest, zeros behind its end: they mostly tell the order of two symbols. */
  prefixes = new Uint32Array(firstSymbols);
  /**
   * Whether all symbols are UTF-8, not too long for a label, and lie so that `slackBytes` can be read behind each: which is nearly
   * always so, and then none has to be looked at one by one.
   */
  areSound = false;
  /** Which symbols are no UTF-8; undefined where all are. */
  private broken: Uint8Array | undefined;
  private longest = 0;
  private lastEnd = 0;

  constructor(
    readonly bytes: Uint8Array,
    readonly view: DataView,
  ) {}

  /** Adds the string that `reader` is at. */
  add(reader: WireReader): void {
    reader.range();
    const { start, stop } = reader;
    if (this.count === this.starts.length) this.grow();
    this.starts[this.count] = start;
    this.ends[this.count] = stop;
    this.prefixes[this.count] = prefixOf(this.bytes, start, stop);
    this.count++;
    this.longest = Math.max(this.longest, stop - start);
    this.lastEnd = stop;
  }

  /**
   * To be called when all are added. Their bytes mostly lie one behind the other, parted by tags and lengths of one byte, which
   * are ASCII: then one native pass tells that all of them are UTF-8.
   */
  finish(): void {
    const { bytes, starts, ends, count } = this;
    if (count > 0 && !isUtf8(bytes.subarray(starts[0]!, ends[count - 1]!))) {
      this.broken = new Uint8Array(count);
      for (let i = 0; i < count; i++) if (!isUtf8(bytes.subarray(starts[i]!, ends[i]!))) this.broken[i] = 1;
    }
    this.areSound =
      this.broken === undefined &&
      this.longest <= labelLimits.labelBytesMax &&
      this.lastEnd + slackBytes <= bytes.length;
  }

  isUtf8(symbol: number): boolean {
    return this.broken === undefined || this.broken[symbol] === 0;
  }

  isEmpty(symbol: number): boolean {
    return this.starts[symbol] === this.ends[symbol];
  }

  lengthOf(symbol: number): number {
    return this.ends[symbol]! - this.starts[symbol]!;
  }

  isMetricName(symbol: number): boolean {
    return isMetricName(this.bytes, this.starts[symbol]!, this.ends[symbol]!);
  }

  text(symbol: number): string {
    const { bytes, starts, ends } = this;
    const start = starts[symbol]!;
    return Buffer.from(bytes.buffer, bytes.byteOffset + start, ends[symbol]! - start).toString('utf8');
  }

  /** Negative, 0 or positive as symbol a's bytes come before, equal or come after those of b. */
  compare(a: number, b: number): number {
    const difference = this.prefixes[a]! - this.prefixes[b]!;
    return difference !== 0 ? difference : this.compareBytes(a, b);
  }

  private compareBytes(a: number, b: number): number {
    const { bytes, starts, ends } = this;
    const aEnd = ends[a]!;
    const bEnd = ends[b]!;
    let i = starts[a]!;
    let j = starts[b]!;
    for (; i < aEnd && j < bEnd; i++, j++) {
      const difference = bytes[i]! - bytes[j]!;
      if (difference !== 0) return difference;
    }
    return aEnd - i - (bEnd - j);
  }

  private grow(): void {
    const { starts, ends, prefixes } = this;
    this.starts = new Uint32Array(2 * starts.length);
    this.ends = new Uint32Array(2 * starts.length);
    this.prefixes = new Uint32Array(2 * starts.length);
    this.starts.set(starts);
    this.ends.set(ends);
    this.prefixes.set(prefixes);
  }
}

function prefixOf(bytes: Uint8Array, start: number, end: number): number {
  let prefix = 0;
  for (let i = 0; i < 4; i++) prefix = (prefix << 8) | (start + i < end ? bytes[start + i]! : 0);
  return prefix >>> 0;
}
