/** Canonical label bytes out of the symbols of a remote write 2.0 request. A label is two copies of bytes; no string is made. */
import { BarographError } from '../../base/errors.js';
import type { LabelProblem } from '../../model/label-check.js';
import { createLabelWriter } from '../../model/label-writer.js';
import { labelEndByte } from '../../model/labels.js';
import type { LabelRefs } from './label-refs.js';
import { remoteWriteLimits } from './limits.js';
import { type SymbolTable, slackBytes } from './symbol-table.js';

const firstBytes = 64 * 1024;
/** Keys with room for more than this are let go when they are cleared. A guess. */
const keptBytesMax = 16 * 1024 * 1024;

/** The keys of a body, one behind the other. */
export class LabelKeys {
  bytes = new Uint8Array(firstBytes);
  end = 0;
  private view = new DataView(this.bytes.buffer);
  /** Bytes appended since the last `clear`, those forgotten since among them: they cost time too. */
  private appendedBytes = 0;
  private readonly writer = createLabelWriter();

  clear(): void {
    this.end = 0;
    this.appendedBytes = 0;
    if (this.bytes.length > keptBytesMax) this.allot(firstBytes);
  }

  /**
   * Appends the labels that the references tell; answers where they begin, or what is wrong with the references. Fails with `body_too_large`
   * past `remoteWriteLimits.labelBytesMax`: references of a byte can unfold to texts of any length.
   */
  append(refs: LabelRefs, symbols: SymbolTable): number | LabelProblem {
    const start = this.end;
    if (!symbols.areSound || !this.appendInOrder(refs, symbols)) {
      this.end = start;
      const problem = refs.problem(symbols);
      if (problem !== undefined) return problem;
      this.appendSorted(refs, symbols);
    }
    this.appendedBytes += this.end - start;
    if (this.appendedBytes > remoteWriteLimits.labelBytesMax) throw labelsTooLarge();
    return start;
  }

  /** Forgets what was appended from `start` on. */
  truncate(start: number): void {
    this.end = start;
  }

  /**
   * Appends the labels as they come; false where they do not come in the order of their names, or a reference is not sound. It is one
   * function with all its state in local variables, because calls and look-ups would cost more than the copying.
   */
  private appendInOrder(refs: LabelRefs, symbols: SymbolTable): boolean {
    const { numbers } = refs;
    const { starts, ends, prefixes, count: symbolCount, view: source } = symbols;
    let { bytes, view, end: at } = this;
    let previous = -1;
    let previousPrefix = -1;
    if (refs.count % 2 !== 0 || refs.count > numbers.length) return false;
    for (let i = 0; i < refs.count; i += 2) {
      const name = numbers[i]!;
      const value = numbers[i + 1]!;
      if (name >= symbolCount || value >= symbolCount) return false;
      const nameEnd = ends[name]!;
      const valueEnd = ends[value]!;
      let from = starts[name]!;
      if (from === nameEnd) return false;
      if (starts[value] === valueEnd) continue;
      const prefix = prefixes[name]!;
      if (prefix <= previousPrefix && symbols.compare(previous, name) >= 0) return false;
      previous = name;
      previousPrefix = prefix;
      const wanted = at + nameEnd - from + valueEnd - starts[value]! + 2 + slackBytes;
      if (wanted > bytes.length) {
        this.end = at;
        this.grow(wanted);
        ({ bytes, view } = this);
      }
      let to = at;
      at += nameEnd - from;
      for (; from < nameEnd; from += 4, to += 4) view.setInt32(to, source.getInt32(from, true), true);
      bytes[at++] = labelEndByte;
      from = starts[value]!;
      to = at;
      at += valueEnd - from;
      for (; from < valueEnd; from += 4, to += 4) view.setInt32(to, source.getInt32(from, true), true);
      bytes[at++] = labelEndByte;
    }
    this.end = at;
    return true;
  }

  /** For labels in any order, of sound references. */
  private appendSorted(refs: LabelRefs, symbols: SymbolTable): void {
    const { writer, end } = this;
    const { bytes, starts, ends } = symbols;
    writer.clear();
    for (let i = 0; i < refs.count; i += 2) {
      const name = refs.numbers[i]!;
      const value = refs.numbers[i + 1]!;
      writer.add(bytes, starts[name]!, ends[name]!, bytes, starts[value]!, ends[value]!);
    }
    const sorted = writer.finish();
    if (end + sorted.length > this.bytes.length) this.grow(end + sorted.length);
    this.bytes.set(sorted, end);
    this.end = end + sorted.length;
  }

  private grow(wanted: number): void {
    const { bytes, end } = this;
    this.allot(Math.max(2 * bytes.length, wanted));
    this.bytes.set(bytes.subarray(0, end));
  }

  private allot(length: number): void {
    this.bytes = new Uint8Array(length);
    this.view = new DataView(this.bytes.buffer);
  }
}

const labelsTooLarge = (): BarographError => {
  const message = `the labels of the body unfold to more than ${remoteWriteLimits.labelBytesMax} bytes, the limit`;
  return new BarographError('body_too_large', message, { hint: 'Send it in several bodies.' });
};
