/** Names as JSON writes them, quotes included, packed for comparison with a text's bytes word by word. */
import { maskOf } from '../../base/word-hash.js';
import { byte } from './json-bytes.js';
import { slackBytes } from './json-words.js';

export class QuotedNames {
  /** Number of names. */
  readonly count: number;
  /** The names end to end, each padded with NULs to whole words. */
  readonly view: DataView;
  private readonly words: Int32Array;
  /** Words of name i are words[starts[i], starts[i + 1]). */
  private readonly starts: Uint32Array;
  private readonly lengths: Uint32Array;

  /** Names must not hold what JSON escapes: quotes, backslashes, control characters. */
  constructor(names: readonly Uint8Array[]) {
    this.count = names.length;
    this.lengths = new Uint32Array(names.length);
    this.starts = new Uint32Array(names.length + 1);
    for (let i = 0; i < names.length; i++) {
      this.lengths[i] = names[i]!.length + 2;
      this.starts[i + 1] = this.starts[i]! + Math.ceil(this.lengths[i]! / 4);
    }
    const bytes = new Uint8Array(4 * this.starts[names.length]! + slackBytes);
    for (let i = 0; i < names.length; i++) {
      const start = 4 * this.starts[i]!;
      bytes.set(names[i]!, start + 1);
      bytes[start] = bytes[start + this.lengths[i]! - 1] = byte.quote;
    }
    this.view = new DataView(bytes.buffer);
    this.words = new Int32Array(this.starts[names.length]!);
    for (let i = 0; i < this.words.length; i++) this.words[i] = this.view.getInt32(4 * i, true);
  }

  /** Name i, quotes included. */
  quotedName(i: number): Uint8Array {
    return new Uint8Array(this.view.buffer, 4 * this.starts[i]!, this.lengths[i]!);
  }

  /** Where name i begins in `view`, its quote not counted. */
  startOf(i: number): number {
    return 4 * this.starts[i]! + 1;
  }

  /** Where name i ends in `view`, its quote not counted. */
  endOf(i: number): number {
    return 4 * this.starts[i]! + this.lengths[i]! - 1;
  }

  /** Position behind name i where it stands, quotes included, at `position`; else, and where there is no name i, -1. */
  match(i: number, view: DataView, position: number): number {
    if (i >= this.count) return -1;
    const last = this.starts[i + 1]! - 1;
    let at = position;
    for (let word = this.starts[i]!; word < last; word++, at += 4)
      if (view.getInt32(at, true) !== this.words[word]) return -1;
    const end = position + this.lengths[i]!;
    return (view.getInt32(at, true) & maskOf(end - at)) === this.words[last] ? end : -1;
  }

  /** Position of the name whose bytes, without quotes, are view[start, end); -1 where none is. */
  find(view: DataView, start: number, end: number): number {
    for (let i = 0; i < this.count; i++) if (this.holds(i, view, start, end)) return i;
    return -1;
  }

  private holds(i: number, view: DataView, start: number, end: number): boolean {
    if (this.lengths[i] !== end - start + 2) return false;
    let own = this.startOf(i);
    for (let at = start; at < end; at++) if (view.getUint8(at) !== this.view.getUint8(own++)) return false;
    return true;
  }
}
