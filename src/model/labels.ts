/**
 * The labels of a series, and their canonical bytes: for each label, in the byte order of names, its name, 0xFF, its value,
 * 0xFF, all UTF-8, which never holds 0xFF. The metric's name is the label `__name__`. A label with an empty value is the
 * same as none. Equal series have equal bytes, and a series' id is xxHash64 over them, so that every node computes the
 * same id. Source of the form: Prometheus, model/labels, `Labels.Hash`.
 */
export type Label = readonly [name: string, value: string];

/** Sorted by the bytes of their names, each name once. */
export type Labels = readonly Label[];

/** The label that names the metric. */
export const metricNameLabel = '__name__';

/** Ends each name and each value. */
export const labelEndByte = 0xff;

export const labelLimits = {
  /** Most labels of a series, its name included. A guess, four times what users of Prometheus are advised. */
  labelsMax: 128,
  /** Longest label name or value, bytes of UTF-8. */
  labelBytesMax: 64 * 1024,
} as const;

const asciiMax = 0x7f;

const encoder = new TextEncoder();
const nameBytes = encoder.encode(metricNameLabel);
// A byte order mark at the start of a value is part of it.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Orders texts as their UTF-8 bytes, which JavaScript's own order does not where surrogates meet U+E000 and above. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return codeUnitRank(x) - codeUnitRank(y);
  }
  return a.length - b.length;
}

/** Surrogates stand for the highest code points: they go behind U+E000 to U+FFFF. */
const codeUnitRank = (unit: number): number => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800);

/** Orders sorted labels: by their first difference in a name or value, the shorter first where there is none. */
export function compareLabels(a: Labels, b: Labels): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const order = compareUtf8(a[i]![0], b[i]![0]) || compareUtf8(a[i]![1], b[i]![1]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Labels out of pairs in any order: sorted, without the empty ones. Of a name that comes twice both stay; see `firstRepeated`. */
export const sortedLabels = (pairs: Iterable<Label>): Label[] =>
  Array.from(pairs)
    .filter(([, value]) => value !== '')
    .sort(([a], [b]) => compareUtf8(a, b));

/** The first name that comes twice in sorted labels, if one does. */
export function firstRepeated(labels: Labels): string | undefined {
  return labels.find(([name], i) => i > 0 && labels[i - 1]![0] === name)?.[0];
}

/** Canonical bytes of sorted labels. */
export function encodeLabels(labels: Labels): Uint8Array {
  const length = labels.reduce((sum, [name, value]) => sum + name.length + value.length + 2, 0);
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const label of labels)
    for (const text of label) {
      const end = writeAscii(bytes, at, text);
      if (end < 0) return encodeUtf8Labels(labels);
      bytes[end] = labelEndByte;
      at = end + 1;
    }
  return bytes;
}

/** Writes a text at `at` and gives its end; -1 where it is not all ASCII. Nearly all are, and the encoder costs ten times as much for each. */
function writeAscii(bytes: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > asciiMax) return -1;
    bytes[at++] = unit;
  }
  return at;
}

function encodeUtf8Labels(labels: Labels): Uint8Array {
  const parts = labels.flatMap(([name, value]) => [encoder.encode(name), encoder.encode(value)]);
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length + 1, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
    bytes[at++] = labelEndByte;
  }
  return bytes;
}

/** The labels that canonical bytes stand for. */
export function decodeLabels(bytes: Uint8Array): Label[] {
  const labels: Label[] = [];
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; ) {
    const nameEnd = bytes.indexOf(labelEndByte, at);
    const valueEnd = bytes.indexOf(labelEndByte, nameEnd + 1);
    labels.push([textAt(buffer, at, nameEnd), textAt(buffer, nameEnd + 1, valueEnd)]);
    at = valueEnd + 1;
  }
  return labels;
}

/** The text of UTF-8 at buffer[start, end). */
function textAt(buffer: Buffer, start: number, end: number): string {
  for (let i = start; i < end; i++) if (buffer[i]! > asciiMax) return decoder.decode(buffer.subarray(start, end));
  return buffer.toString('latin1', start, end);
}

function isNameAt(bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < nameBytes.length; i++) if (bytes[at + i] !== nameBytes[i]) return false;
  return true;
}

/** The metric's name among canonical labels bytes[start, end), '' where they have none. */
export function metricNameOf(bytes: Uint8Array, start: number, end: number): string {
  for (let at = start; at < end; ) {
    const nameEnd = bytes.indexOf(labelEndByte, at);
    const valueEnd = bytes.indexOf(labelEndByte, nameEnd + 1);
    if (nameEnd - at === nameBytes.length && isNameAt(bytes, at))
      return decoder.decode(bytes.subarray(nameEnd + 1, valueEnd));
    at = valueEnd + 1;
  }
  return '';
}

/** The value of a label, '' where there is none. */
export const labelValue = (labels: Labels, name: string): string =>
  labels.find(([candidate]) => candidate === name)?.[1] ?? '';
