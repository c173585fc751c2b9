/**
 * Canonical label bytes (model/labels.ts) taken apart in place, with a draft of other values for some of the labels, from
 * which the bytes of the series are written that the draft stands for. One is used again and again: no garbage but names.
 */
import { assert } from '../../base/assert.js';
import { compareUtf8, encodeLabels, labelEndByte, metricNameLabel } from '../../model/labels.js';
import { firstHash, hashBytes, hashedByte, mixed } from './label-hash.js';
import { otherValue } from './rules.js';

/** Label i's name is bytes[starts[i], valueStarts[i] - 1), its value bytes[valueStarts[i], ends[i]). */
export interface LabelSpans {
  bytes: Buffer;
  count: number;
  /** Name of the metric, '' where there is none. */
  metric: string;
  names: string[];
  /** Names that series had in each place. */
  readonly knownNames: LabelName[];
  /** The metric of the series before. */
  knownMetric: KnownText | undefined;
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

interface KnownText {
  readonly text: string;
  /** With the byte that ends it. */
  readonly bytes: Uint8Array;
}

interface LabelName extends KnownText {
  readonly hash: number;
}

const encoder = new TextEncoder();
/** Most series have fewer. */
const firstLabels = 32;

export const createLabelSpans = (): LabelSpans => ({
  bytes: Buffer.alloc(0),
  count: 0,
  metric: '',
  names: [],
  knownNames: [],
  knownMetric: undefined,
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
  const name = nameAt(spans, at);
  const valueStart = at + name.bytes.length;
  let hash = firstHash;
  let valueEnd = valueStart;
  for (; bytes[valueEnd] !== labelEndByte; valueEnd++) {
    assert(valueEnd < bytes.length, 'labels are not in canonical form');
    hash = hashedByte(hash, bytes[valueEnd]!);
  }
  spans.names.push(name.text);
  spans.replacements.push(undefined);
  spans.starts[count] = at;
  spans.valueStarts[count] = valueStart;
  spans.ends[count] = valueEnd;
  spans.nameHashes[count] = name.hash;
  spans.valueHashes[count] = mixed(hash);
  if (name.text === metricNameLabel) spans.metric = metricAt(spans, valueStart, valueEnd);
  spans.count++;
  return valueEnd + 1;
}

/** Series that follow each other mostly are of one metric, which is not decoded again. */
function metricAt(spans: LabelSpans, start: number, end: number): string {
  const { bytes, knownMetric } = spans;
  if (knownMetric !== undefined && startsWith(bytes, start, knownMetric.bytes)) return knownMetric.text;
  const text = bytes.toString('utf8', start, end);
  spans.knownMetric = { text, bytes: new Uint8Array(bytes.subarray(start, end + 1)) };
  return text;
}

/** The name that begins at a place. Series that follow each other mostly have the same names, which are not decoded again. */
function nameAt(spans: LabelSpans, at: number): LabelName {
  const { bytes, count, knownNames } = spans;
  const known = knownNames[count];
  if (known !== undefined && startsWith(bytes, at, known.bytes)) return known;
  const end = bytes.indexOf(labelEndByte, at);
  assert(end > at, 'labels are not in canonical form');
  const name = {
    text: bytes.toString('utf8', at, end),
    bytes: new Uint8Array(bytes.subarray(at, end + 1)),
    hash: hashBytes(bytes, at, end),
  };
  knownNames[count] = name;
  return name;
}

function startsWith(bytes: Uint8Array, at: number, start: Uint8Array): boolean {
  for (let i = 0; i < start.length; i++) if (bytes[at + i] !== start[i]) return false;
  return true;
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

/** Whether these bytes are the value that stands for folded ones. */
export const isOtherValue = (value: Uint8Array): boolean =>
  value.length === otherValue.length && value.every((byte, i) => byte === otherBytes[i]);

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
