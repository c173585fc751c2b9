/**
 * Canonical label bytes (model/labels.ts) taken apart in place, with a draft of other values for some of the labels, from
 * which the bytes of the series are written that the draft stands for. One is used again and again: no garbage but names.
 */
import { assert } from '../../base/assert.js';
import { compareUtf8, encodeLabels, labelEndByte, metricNameLabel } from '../../model/labels.js';
import { hashBytes } from './label-hash.js';
import { otherValue } from './rules.js';

/** Label i's name is bytes[starts[i], valueStarts[i] - 1), its value bytes[valueStarts[i], ends[i]). */
export interface LabelSpans {
  bytes: Buffer;
  count: number;
  /** Name of the metric, '' where there is none. */
  metric: string;
  names: string[];
  starts: Uint32Array;
  valueStarts: Uint32Array;
  ends: Uint32Array;
  /** Hashes of names and values as they came, by label. */
  nameHashes: Uint32Array;
  valueHashes: Uint32Array;
  /** What the draft has instead of a label's value: undefined for the value itself, '' for no such label. */
  replacements: (string | undefined)[];
  /** Whether the draft differs from what was read. */
  isChanged: boolean;
  /** Whether the draft has the label `__other__` in the place of merged ones. */
  hasMerged: boolean;
  /** The bytes of the draft, once they were written. */
  written: Uint8Array | undefined;
}

const encoder = new TextEncoder();
/** Most series have fewer. */
const firstLabels = 32;

export const createLabelSpans = (): LabelSpans => ({
  bytes: Buffer.alloc(0),
  count: 0,
  metric: '',
  names: [],
  starts: new Uint32Array(firstLabels),
  valueStarts: new Uint32Array(firstLabels),
  ends: new Uint32Array(firstLabels),
  nameHashes: new Uint32Array(firstLabels),
  valueHashes: new Uint32Array(firstLabels),
  replacements: [],
  isChanged: false,
  hasMerged: false,
  written: undefined,
});

/** Reads canonical bytes, which must stay as they are while the spans are in use. The draft is what was read. */
export function readLabels(spans: LabelSpans, labels: Uint8Array): void {
  spans.bytes = Buffer.from(labels.buffer, labels.byteOffset, labels.byteLength);
  spans.count = 0;
  spans.metric = '';
  spans.names = [];
  spans.replacements = [];
  spans.isChanged = false;
  spans.hasMerged = false;
  spans.written = undefined;
  for (let at = 0; at < labels.length; ) at = readLabel(spans, at);
}

/** Reads the label that begins at a place, and tells where the next one begins. */
function readLabel(spans: LabelSpans, at: number): number {
  const { bytes, count } = spans;
  if (count === spans.starts.length) grow(spans);
  const nameEnd = bytes.indexOf(labelEndByte, at);
  const valueEnd = bytes.indexOf(labelEndByte, nameEnd + 1);
  assert(nameEnd > at && valueEnd > nameEnd, 'labels are not in canonical form');
  const name = bytes.toString('utf8', at, nameEnd);
  spans.names.push(name);
  spans.replacements.push(undefined);
  spans.starts[count] = at;
  spans.valueStarts[count] = nameEnd + 1;
  spans.ends[count] = valueEnd;
  spans.nameHashes[count] = hashBytes(bytes, at, nameEnd);
  spans.valueHashes[count] = hashBytes(bytes, nameEnd + 1, valueEnd);
  if (name === metricNameLabel) spans.metric = bytes.toString('utf8', nameEnd + 1, valueEnd);
  spans.count++;
  return valueEnd + 1;
}

function grow(spans: LabelSpans): void {
  for (const column of ['starts', 'valueStarts', 'ends', 'nameHashes', 'valueHashes'] as const) {
    const larger = new Uint32Array(spans[column].length * 2);
    larger.set(spans[column]);
    spans[column] = larger;
  }
}

export const hasLabel = (spans: LabelSpans, name: string): boolean => spans.names.includes(name);

/** The value of a label as it came. */
export const valueText = (spans: LabelSpans, label: number): string =>
  spans.bytes.toString('utf8', spans.valueStarts[label]!, spans.ends[label]!);

/** Whether a label's value, as it came, is the one that stands for folded values. */
export const isOther = (spans: LabelSpans, label: number): boolean =>
  spans.ends[label]! - spans.valueStarts[label]! === otherValue.length && valueText(spans, label) === otherValue;

/** Gives a label of the draft another value; '' takes the label out. */
export function replaceValue(spans: LabelSpans, label: number, value: string): void {
  spans.replacements[label] = value;
  spans.isChanged = true;
  spans.written = undefined;
}

/** Takes a label out of the draft, which gets the label `__other__` with the value `__other__` in its place. */
export function mergeLabel(spans: LabelSpans, label: number): void {
  spans.hasMerged = true;
  replaceValue(spans, label, '');
}

/** The canonical bytes of the draft: a copy, the same one until the draft changes. */
export function writeDraft(spans: LabelSpans): Uint8Array {
  spans.written ??= draftBytes(spans);
  return spans.written;
}

/** Labels that stay as they are and stand side by side are copied at once. */
function draftBytes(spans: LabelSpans): Uint8Array {
  const { bytes, count, names, starts, valueStarts, ends, replacements } = spans;
  const pieces: Uint8Array[] = [];
  const mergedAt = spans.hasMerged ? mergedPlace(names) : -1;
  let copiedTo = 0;
  for (let label = 0; label < count; label++) {
    const value = replacements[label];
    if (value === undefined && label !== mergedAt) continue;
    pieces.push(bytes.subarray(copiedTo, starts[label]!));
    copiedTo = starts[label]!;
    if (label === mergedAt) pieces.push(mergedLabel);
    if (value === undefined) continue;
    if (value !== '') pieces.push(bytes.subarray(copiedTo, valueStarts[label]!), valueBytes(value));
    copiedTo = ends[label]! + 1;
  }
  pieces.push(bytes.subarray(copiedTo));
  if (mergedAt === count) pieces.push(mergedLabel);
  return joined(pieces);
}

const mergedLabel = encodeLabels([[otherValue, otherValue]]);

/** Where the label in the place of merged ones stands in the order of names. */
function mergedPlace(names: readonly string[]): number {
  const later = names.findIndex((name) => compareUtf8(name, otherValue) > 0);
  return later < 0 ? names.length : later;
}

/** A value with the byte that ends it. */
const valueBytes = (value: string): Uint8Array =>
  value === otherValue ? otherBytes : Uint8Array.of(...encoder.encode(value), labelEndByte);
const otherBytes = Uint8Array.of(...encoder.encode(otherValue), labelEndByte);

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
