/**
 * Writes the canonical label bytes (model/labels.ts) of a data point's series: its attributes, the labels of its resource and scope, its
 * metric's name, and `le` or `quantile`.
 *
 * Data points of a metric mostly have the same attribute keys in the same order. What follows from the keys alone, the labels' names and
 * their order, is worked out once and kept as a layout; a data point whose keys are those of the last one costs comparing them
 * and copying values, with no string made.
 */
import { isUtf8 } from 'node:buffer';
import { BarographError } from '../../base/errors.js';
import { compareUtf8, labelEndByte, labelLimits, metricNameLabel } from '../../model/labels.js';
import type { AttributeList } from './attribute-list.js';
import { joint, labelGroups, type NamedAttribute } from './label-groups.js';
import { labelName } from './label-name.js';
import type { TranslationStrategy } from './metric-name.js';
import { type Refusal, shownName } from './refusals.js';

/** A label that all data points of a resource and scope have. */
export interface BaseLabel extends NamedAttribute {
  readonly value: Uint8Array;
}

/** Labels that tell the series of one data point apart. */
export type PartLabel = 'le' | 'quantile';

/** What follows from a data point's attribute keys. */
interface Layout {
  /** The attribute keys as they were sent, one after the other; key i ends at keyEnds[i]. */
  readonly keys: Uint8Array;
  readonly keyEnds: Uint32Array;
  /** The labels' names in their order, each with the byte that ends it; name i ends at nameEnds[i]. */
  readonly names: Uint8Array;
  readonly nameEnds: Uint32Array;
  /** Where label i's value comes from: attribute n, or base label ~n. */
  readonly sources: Int32Array;
  /** All sources of the labels that have several. */
  readonly joined: ReadonlyMap<number, readonly number[]>;
  /** Numbers of the labels before which these go. */
  readonly nameAt: number;
  readonly leAt: number;
  readonly quantileAt: number;
  readonly hasLe: boolean;
  readonly hasQuantile: boolean;
  readonly refusal: Refusal | undefined;
}

/** Layouts kept. A guess: far more than one sender's metrics have; past it all are forgotten. */
const layoutsMax = 1000;

const tooManyLabels: Refusal = {
  code: 'too_many_values',
  message: `got more than ${labelLimits.labelsMax} labels of the data point, its resource and its scope, the limit`,
};

const jointByte = joint.charCodeAt(0);
const encoder = new TextEncoder();
const nameLabelBytes = ended(encoder.encode(metricNameLabel));
const partBytes: Readonly<Record<PartLabel, Uint8Array>> = {
  le: ended(encoder.encode('le')),
  quantile: ended(encoder.encode('quantile')),
};

export class SeriesKeys {
  /** The key of the data point without a part label is bytes[0, end), after `prepare`. */
  bytes = new Uint8Array(4096);
  end = 0;
  /** The last key that `part` wrote is partKey[0, partEnd). */
  partKey = new Uint8Array(4096);
  partEnd = 0;
  private base: readonly BaseLabel[] = [];
  private baseBytes = 0;
  private layout: Layout | undefined;
  private layouts = new Map<string, Layout>();
  private keyScratch = Buffer.alloc(1024);
  /** In `bytes`: the name's label is [nameStart, nameEnd), and the part labels go to these places. */
  private nameStart = 0;
  private nameEnd = 0;
  private leAt = 0;
  private quantileAt = 0;
  private bytesWritten = 0;
  /** All bytes copied so far of a data point's own values, or-ed: ASCII needs no further look. */
  private bits = 0;

  /**
   * @param keyBytesMax Most bytes of keys that are written in all; past them all functions that write fail with `body_too_large`. A few
   *   bytes of a body can stand for many of keys: those of a scope's attributes for each data point, those of a data point's for each bucket.
   */
  constructor(
    private readonly strategy: TranslationStrategy,
    private readonly keyBytesMax: number,
  ) {}

  /** Sets the labels that all data points to come have besides their own. */
  setBase(labels: readonly BaseLabel[]): void {
    const isSame = labels.length === this.base.length && labels.every((label, i) => sameName(label, this.base[i]!));
    this.base = labels;
    this.baseBytes = labels.reduce((sum, label) => sum + label.value.length + 1, 0);
    if (isSame) return;
    this.layouts.clear();
    this.layout = undefined;
  }

  /** Writes the key of the series `name` with these attributes; where it cannot, answers why. */
  prepare(attributes: AttributeList, name: Uint8Array): Refusal | undefined {
    if (attributes.count + this.base.length > labelLimits.labelsMax) return tooManyLabels;
    let { layout } = this;
    if (layout === undefined || !hasKeys(layout, attributes)) layout = this.layout = this.findLayout(attributes);
    if (layout.refusal !== undefined) return layout.refusal;
    this.reserve(layout, attributes, name);
    this.bits = 0;
    const labelCount = layout.sources.length;
    let at = 0;
    for (let i = 0; i <= labelCount; i++) {
      if (i === layout.nameAt) at = this.writeName(at, name);
      if (i === layout.leAt) this.leAt = at;
      if (i === layout.quantileAt) this.quantileAt = at;
      if (i < labelCount) at = this.writeLabel(at, layout, i, attributes);
    }
    this.end = at;
    this.count(at);
    return this.bits < 0x80 ? undefined : notUtf8(attributes);
  }

  /** Why the prepared data point cannot have a part label, if its attributes hold one of that name. */
  partRefusal(part: PartLabel): Refusal | undefined {
    const isTaken = part === 'le' ? this.layout!.hasLe : this.layout!.hasQuantile;
    if (!isTaken) return undefined;
    return { code: 'duplicate_key', message: `got an attribute ${part}, which is the name of a label of its series` };
  }

  /** Writes the key of the prepared data point's series `name`, with the label `part` where it is given, into `partKey`. */
  part(name: Uint8Array, part?: PartLabel, value?: Uint8Array): void {
    const { bytes, end } = this;
    const needed = end + name.length + (value?.length ?? 0) + nameLabelBytes.length + partBytes.quantile.length + 2;
    if (needed > this.partKey.length) this.partKey = new Uint8Array(2 * needed);
    const to = this.partKey;
    let at = copy(bytes, 0, this.nameStart, to, 0);
    at = copy(nameLabelBytes, 0, nameLabelBytes.length, to, at);
    at = copy(name, 0, name.length, to, at);
    to[at++] = labelEndByte;
    if (part === undefined || value === undefined) this.partEnd = copy(bytes, this.nameEnd, end, to, at);
    else {
      const split = part === 'le' ? this.leAt : this.quantileAt;
      at = copy(bytes, this.nameEnd, split, to, at);
      at = copy(partBytes[part], 0, partBytes[part].length, to, at);
      at = copy(value, 0, value.length, to, at);
      to[at++] = labelEndByte;
      this.partEnd = copy(bytes, split, end, to, at);
    }
    this.count(this.partEnd);
  }

  /** A copy of the key that `prepare` wrote. */
  copy(): Uint8Array {
    this.count(this.end);
    return this.bytes.slice(0, this.end);
  }

  /** A copy of the key that `part` wrote. */
  partCopy(): Uint8Array {
    this.count(this.partEnd);
    return this.partKey.slice(0, this.partEnd);
  }

  private count(bytes: number): void {
    this.bytesWritten += bytes;
    if (this.bytesWritten <= this.keyBytesMax) return;
    throw new BarographError(
      'body_too_large',
      `the labels of the body's series have more than ${this.keyBytesMax} bytes`,
      {
        hint: 'Send it in several bodies.',
      },
    );
  }

  private reserve(layout: Layout, attributes: AttributeList, name: Uint8Array): void {
    let needed = layout.names.length + this.baseBytes + nameLabelBytes.length + name.length + 1;
    const { count, valueStarts, valueEnds } = attributes;
    for (let i = 0; i < count; i++) needed += valueEnds[i]! - valueStarts[i]! + 1;
    if (needed > this.bytes.length) this.bytes = new Uint8Array(2 * needed);
  }

  private writeName(at: number, name: Uint8Array): number {
    this.nameStart = at;
    at = copy(nameLabelBytes, 0, nameLabelBytes.length, this.bytes, at);
    at = copy(name, 0, name.length, this.bytes, at);
    this.bytes[at++] = labelEndByte;
    this.nameEnd = at;
    return at;
  }

  /** Writes label i, or nothing where its value is empty; answers where it ends. */
  private writeLabel(start: number, layout: Layout, i: number, attributes: AttributeList): number {
    const { bytes } = this;
    const { names, nameEnds } = layout;
    const nameEnd = nameEnds[i]!;
    let at = start;
    for (let n = i === 0 ? 0 : nameEnds[i - 1]!; n < nameEnd; n++) bytes[at++] = names[n]!;
    const valueStart = at;
    const joined = layout.joined.size === 0 ? undefined : layout.joined.get(i);
    if (joined === undefined) at = this.writeValue(at, layout.sources[i]!, attributes);
    else
      joined.forEach((source, member) => {
        if (member > 0) bytes[at++] = jointByte;
        at = this.writeValue(at, source, attributes);
      });
    if (at === valueStart) return start;
    bytes[at++] = labelEndByte;
    return at;
  }

  private writeValue(at: number, source: number, attributes: AttributeList): number {
    const { bytes } = this;
    if (source < 0) {
      const { value } = this.base[~source]!;
      return copy(value, 0, value.length, bytes, at);
    }
    const from = attributes.inTexts[source] === 1 ? attributes.texts : attributes.bytes;
    const end = attributes.valueEnds[source]!;
    let bits = 0;
    for (let i = attributes.valueStarts[source]!; i < end; i++) {
      const byte = from[i]!;
      bits |= byte;
      bytes[at++] = byte;
    }
    this.bits |= bits;
    return at;
  }

  private findLayout(attributes: AttributeList): Layout {
    const { bytes, count, keyStarts, keyEnds } = attributes;
    let { keyScratch: scratch } = this;
    let end = 0;
    for (let i = 0; i < count; i++) {
      const length = keyEnds[i]! - keyStarts[i]!;
      if (end + length + 4 > scratch.length) {
        scratch = Buffer.alloc(2 * (end + length + 4));
        scratch.set(this.keyScratch.subarray(0, end));
        this.keyScratch = scratch;
      }
      end = scratch.writeUInt32LE(length, end);
      scratch.set(bytes.subarray(keyStarts[i]!, keyEnds[i]!), end);
      end += length;
    }
    const id = scratch.toString('latin1', 0, end);
    const known = this.layouts.get(id);
    if (known !== undefined) return known;
    if (this.layouts.size === layoutsMax) this.layouts.clear();
    const layout = buildLayout(attributes, this.base, this.strategy);
    this.count(layout.names.length);
    this.layouts.set(id, layout);
    return layout;
  }
}

const sameName = (a: BaseLabel, b: BaseLabel): boolean => a.name === b.name && a.key === b.key;

function hasKeys(layout: Layout, attributes: AttributeList): boolean {
  const { bytes, count, keyStarts, keyEnds } = attributes;
  const { keys, keyEnds: wantedEnds } = layout;
  if (wantedEnds.length !== count) return false;
  let wanted = 0;
  for (let i = 0; i < count; i++) {
    const end = keyEnds[i]!;
    let at = keyStarts[i]!;
    if (end - at !== wantedEnds[i]! - wanted) return false;
    for (; at < end; at++, wanted++) if (bytes[at] !== keys[wanted]) return false;
  }
  return true;
}

interface Source extends NamedAttribute {
  readonly source: number;
}

function buildLayout(attributes: AttributeList, base: readonly BaseLabel[], strategy: TranslationStrategy): Layout {
  const { bytes, count, keyStarts, keyEnds } = attributes;
  const rawKeys = Array.from({ length: count }, (_, i) => bytes.slice(keyStarts[i]!, keyEnds[i]!));
  const sources: Source[] = base.map(({ key, name }, i) => ({ key, name, source: ~i }));
  let refusal: Refusal | undefined;
  rawKeys.forEach((raw, source) => {
    const key = Buffer.from(raw).toString('utf8');
    const name = labelName(key, strategy);
    if (!isUtf8(raw))
      refusal ??= { code: 'invalid_utf8', message: `the attribute key ${shownName(key)} is not valid UTF-8` };
    else if (name === '')
      refusal ??= { code: 'empty_field', message: `of the attribute key ${shownName(key)} no label name is left` };
    // The metric's name is its own, as Prometheus' receiver has it.
    else if (name !== metricNameLabel) sources.push({ key, name, source });
  });
  const groups = labelGroups(sources);
  const names = groups.map(({ name }) => ended(encoder.encode(name)));
  const before = (label: string): number => groups.filter(({ name }) => compareUtf8(name, label) < 0).length;
  return {
    keys: Buffer.concat(rawKeys),
    keyEnds: endsOf(rawKeys),
    names: Buffer.concat(names),
    nameEnds: endsOf(names),
    sources: Int32Array.from(groups, ({ members }) => members[0]!.source),
    joined: new Map(
      groups
        .map(({ members }, i) => [i, members.map(({ source }) => source)] as const)
        .filter(([, members]) => members.length > 1),
    ),
    nameAt: before(metricNameLabel),
    leAt: before('le'),
    quantileAt: before('quantile'),
    hasLe: groups.some(({ name }) => name === 'le'),
    hasQuantile: groups.some(({ name }) => name === 'quantile'),
    refusal,
  };
}

/** Where each part ends once they lie one after the other. */
function endsOf(parts: readonly Uint8Array[]): Uint32Array {
  let end = 0;
  return Uint32Array.from(parts, (part) => {
    end += part.length;
    return end;
  });
}

function ended(bytes: Uint8Array): Uint8Array {
  const withEnd = new Uint8Array(bytes.length + 1);
  withEnd.set(bytes);
  withEnd[bytes.length] = labelEndByte;
  return withEnd;
}

/** Copies from[start, end) to to[at, …); answers where it ends. A loop for the short ones, since a call of `set` costs as much as a loop over some 60 bytes. */
function copy(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): number {
  if (end - start > 64) {
    to.set(from.subarray(start, end), at);
    return at + end - start;
  }
  for (let i = start; i < end; i++) to[at++] = from[i]!;
  return at;
}

/** The refusal of the first value that is no UTF-8, if one is. */
function notUtf8(attributes: AttributeList): Refusal | undefined {
  const { bytes, count, inTexts, keyEnds, keyStarts, valueEnds, valueStarts } = attributes;
  for (let i = 0; i < count; i++) {
    if (inTexts[i] === 1 || isUtf8(bytes.subarray(valueStarts[i]!, valueEnds[i]!))) continue;
    const key = Buffer.from(bytes.subarray(keyStarts[i]!, keyEnds[i]!)).toString('utf8');
    return { code: 'invalid_utf8', message: `the value of the attribute ${shownName(key)} is not valid UTF-8` };
  }
  return undefined;
}
