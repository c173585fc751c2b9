/**
 * Writes canonical label bytes out of names and values as bytes, for decoders: no string per label. Labels may come in any order;
 * those that come sorted, as most senders send them, are copied once.
 */
import { grownArray } from '../base/grown-array.js';
import { labelEndByte } from './labels.js';

export interface LabelWriter {
  /** Labels added so far, those with an empty value not counted. */
  readonly count: number;
  /** Forgets the labels so far. */
  clear(): void;
  /** Adds a label; its name and value are ranges of bytes without 0xFF, and are copied. An empty value adds nothing. */
  add(
    names: Uint8Array,
    nameStart: number,
    nameEnd: number,
    values: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): void;
  /** Adds a label out of texts. */
  addText(name: string, value: string): void;
  /** The canonical bytes of the labels added, valid until the next `clear` or `add`. Of a name added twice both stay; `hasRepeats` tells. */
  finish(): Uint8Array;
  /** Whether `finish` met a name that was added twice. */
  readonly hasRepeats: boolean;
}

const encoder = new TextEncoder();

/** Up to so many labels, an insertion sort is quicker than the built-in one; and many more would take it a time that grows with their square. */
const insertionSortMax = 64;

export const createLabelWriter = (): LabelWriter => new CanonicalLabelWriter();

class CanonicalLabelWriter implements LabelWriter {
  count = 0;
  hasRepeats = false;
  private bytes = new Uint8Array(1024);
  private end = 0;
  private sorted = new Uint8Array(1024);
  // Label i is bytes[starts[i], starts[i + 1]): name, 0xFF, value, 0xFF; its name ends at nameEnds[i].
  private starts = new Uint32Array(32);
  private nameEnds = new Uint32Array(32);
  private order = new Uint32Array(32);
  private isSorted = true;

  clear(): void {
    this.end = 0;
    this.count = 0;
    this.starts[0] = 0;
    this.isSorted = true;
    this.hasRepeats = false;
  }

  add(
    names: Uint8Array,
    nameStart: number,
    nameEnd: number,
    values: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): void {
    if (valueStart === valueEnd) return;
    this.reserve(nameEnd - nameStart + valueEnd - valueStart + 2);
    const { bytes, count } = this;
    let at = this.end;
    for (let i = nameStart; i < nameEnd; i++) bytes[at++] = names[i]!;
    this.nameEnds[count] = at;
    bytes[at++] = labelEndByte;
    for (let i = valueStart; i < valueEnd; i++) bytes[at++] = values[i]!;
    bytes[at++] = labelEndByte;
    this.end = at;
    this.starts[count + 1] = at;
    this.count = count + 1;
    if (count > 0) this.compareWithLast(count);
  }

  addText(name: string, value: string): void {
    const nameBytes = encoder.encode(name);
    const valueBytes = encoder.encode(value);
    this.add(nameBytes, 0, nameBytes.length, valueBytes, 0, valueBytes.length);
  }

  finish(): Uint8Array {
    return this.isSorted ? this.bytes.subarray(0, this.end) : this.copySorted();
  }

  private compareWithLast(label: number): void {
    const order = this.compareNames(label - 1, label);
    if (order > 0) this.isSorted = false;
    else if (order === 0) this.hasRepeats = true;
  }

  private reserve(byteCount: number): void {
    const { bytes, end, starts } = this;
    if (end + byteCount > bytes.length) this.bytes = grownArray(bytes, Math.max(bytes.length * 2, end + byteCount));
    if (this.count + 2 > starts.length) {
      this.starts = grownArray(starts, starts.length * 2);
      this.nameEnds = grownArray(this.nameEnds, this.starts.length);
    }
  }

  private compareNames(a: number, b: number): number {
    const { bytes, starts, nameEnds } = this;
    const endA = nameEnds[a]!;
    const endB = nameEnds[b]!;
    let i = starts[a]!;
    let j = starts[b]!;
    for (; i < endA && j < endB; i++, j++) {
      const difference = bytes[i]! - bytes[j]!;
      if (difference !== 0) return difference;
    }
    return endA - i - (endB - j);
  }

  private copySorted(): Uint8Array {
    const { bytes, starts, end, count } = this;
    const order = this.sortedOrder();
    if (this.sorted.length < end) this.sorted = new Uint8Array(bytes.length);
    const { sorted } = this;
    let to = 0;
    for (let i = 0; i < count; i++) {
      const label = order[i]!;
      const labelEnd = starts[label + 1]!;
      for (let from = starts[label]!; from < labelEnd; from++) sorted[to++] = bytes[from]!;
      if (i > 0 && this.compareNames(order[i - 1]!, label) === 0) this.hasRepeats = true;
    }
    return sorted.subarray(0, end);
  }

  /** The labels in the order of their names; of equal names the first added comes first. */
  private sortedOrder(): Uint32Array {
    const { count } = this;
    if (this.order.length < count) this.order = new Uint32Array(this.starts.length);
    const { order } = this;
    for (let i = 0; i < count; i++) order[i] = i;
    if (count > insertionSortMax) return order.subarray(0, count).sort((a, b) => this.compareNames(a, b) || a - b);
    for (let i = 1; i < count; i++) {
      const label = order[i]!;
      let at = i;
      for (; at > 0 && this.compareNames(order[at - 1]!, label) > 0; at--) order[at] = order[at - 1]!;
      order[at] = label;
    }
    return order;
  }
}
