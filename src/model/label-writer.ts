/**
 * Writes canonical label bytes out of names and values as bytes, for decoders: no string per label. Labels may come in any order;
 * those that come sorted, as most senders send them, are copied once.
 */
import { labelEndByte } from './labels.js';

export interface LabelWriter {
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

export function createLabelWriter(): LabelWriter {
  let bytes = new Uint8Array(1024);
  let end = 0;
  let sorted = new Uint8Array(1024);
  // Label i is bytes[starts[i], starts[i + 1]): name, 0xFF, value, 0xFF; its name ends at nameEnds[i].
  let starts = new Uint32Array(32);
  let nameEnds = new Uint32Array(32);
  let count = 0;
  let isSorted = true;
  let hasRepeats = false;

  function reserve(byteCount: number): void {
    if (end + byteCount > bytes.length) bytes = grown(bytes, Math.max(bytes.length * 2, end + byteCount));
    if (count + 2 > starts.length) {
      starts = grown(starts, starts.length * 2);
      nameEnds = grown(nameEnds, starts.length);
    }
  }

  function compareNames(a: number, b: number): number {
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

  function endLabel(nameEnd: number): void {
    nameEnds[count] = nameEnd;
    count++;
    starts[count] = end;
    if (count < 2) return;
    const order = compareNames(count - 2, count - 1);
    if (order > 0) isSorted = false;
    else if (order === 0) hasRepeats = true;
  }

  function copySorted(): Uint8Array {
    const order = Array.from({ length: count }, (_, i) => i).sort(compareNames);
    if (sorted.length < end) sorted = new Uint8Array(bytes.length);
    let at = 0;
    order.forEach((label, i) => {
      sorted.set(bytes.subarray(starts[label]!, starts[label + 1]!), at);
      at += starts[label + 1]! - starts[label]!;
      if (i > 0 && compareNames(order[i - 1]!, label) === 0) hasRepeats = true;
    });
    return sorted.subarray(0, end);
  }

  return {
    clear() {
      end = 0;
      count = 0;
      starts[0] = 0;
      isSorted = true;
      hasRepeats = false;
    },
    add(names, nameStart, nameEnd, values, valueStart, valueEnd) {
      if (valueStart === valueEnd) return;
      reserve(nameEnd - nameStart + valueEnd - valueStart + 2);
      for (let i = nameStart; i < nameEnd; i++) bytes[end++] = names[i]!;
      const ended = end;
      bytes[end++] = labelEndByte;
      for (let i = valueStart; i < valueEnd; i++) bytes[end++] = values[i]!;
      bytes[end++] = labelEndByte;
      endLabel(ended);
    },
    addText(name, value) {
      const nameBytes = encoder.encode(name);
      const valueBytes = encoder.encode(value);
      this.add(nameBytes, 0, nameBytes.length, valueBytes, 0, valueBytes.length);
    },
    finish: () => (isSorted ? bytes.subarray(0, end) : copySorted()),
    get hasRepeats() {
      return hasRepeats;
    },
  };
}

function grown<T extends Uint8Array | Uint32Array>(array: T, length: number): T {
  const larger = new (array.constructor as new (length: number) => T)(length);
  larger.set(array as never);
  return larger;
}
