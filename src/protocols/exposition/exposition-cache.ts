/**
 * What a sender's bodies say again and again: the texts of its series with their canonical labels, and its metadata. A line
 * that a body repeats is told by comparing bytes with the line that followed the same line last time, and costs no more than
 * its value.
 *
 * It also knows which series the last good body held, and so which ones the next lacks: those end with a stale marker.
 *
 * Invariants: a text's target holds for one labelling and format, and another one begins anew. A body counts only when
 * it is committed; one that fails changes nothing of what the last good one held.
 */
import { randomInt } from 'node:crypto';
import { grownArray } from '../../base/grown-array.js';
import type { MetricMetadata, SampleBatch } from '../../model/sample-batch.js';
import { createSampleBatchBuilder } from '../../model/sample-batch-builder.js';
import { absent, ByteTable, viewOf } from './byte-table.js';
import type { ExpositionFormat } from './content-type.js';
import type { Labelling } from './labelling.js';
import { foldMetadata, type MetadataLine } from './metadata-line.js';

export interface ExpositionCacheOptions {
  /** Most bytes that texts and labels may take together; a body that needs more fails. */
  readonly bytesMax?: number;
}

/** A guess: two hundred thousand series of 100 bytes of text and 150 of labels. */
const cacheBytesMax = 64 * 1024 * 1024;

/** What the columns and hash slots of a text or a key take, on the high side. */
const entryBytes = 48;

/** Targets of texts that are no series: one that relabelling drops, and metadata line i as `metadataTarget - i`. */
export const droppedTarget = -1;
export const metadataTarget = -2;

/** Small, because many a body holds a handful of series. */
const firstCount = 32;

/** Numbers in the order in which they came. */
interface NumberList {
  items: Int32Array;
  length: number;
}

const createList = (): NumberList => ({ items: new Int32Array(firstCount), length: 0 });

function push(list: NumberList, item: number): void {
  if (list.length === list.items.length) list.items = grownArray(list.items, list.length * 2);
  list.items[list.length++] = item;
}

function isSameList(a: NumberList, b: NumberList): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a.items[i] !== b.items[i]) return false;
  return true;
}

/** One target's cache; one body at a time. Made by `new ExpositionCache()`, used by `decodeExposition`. */
export class ExpositionCache {
  readonly bytesMax: number;
  /** Texts of series and lines of metadata. */
  texts: ByteTable;
  /** Canonical labels of series. */
  keys: ByteTable;
  /** What text i stands for: a key, or one of the targets below 0. */
  targets = new Int32Array(firstCount);
  /** The text that followed text i last time. */
  followers = new Int32Array(firstCount);
  metadataLines: MetadataLine[] = [];

  /** Numbers bodies from 1 on, failed ones too. */
  private body = 0;
  private committedBody = 0;
  /** The body in which key i was last seen, and in which its end will be marked. */
  private seenIn = new Uint32Array(firstCount);
  private trackedIn = new Uint32Array(firstCount);
  /** Texts of the body at hand, in its order. */
  private bodyTexts = createList();
  /** Keys of the body at hand, and of the last good one, whose end will be marked. */
  private tracked = createList();
  private trackedBefore = createList();
  private metadataTexts = createList();
  private metadataTextsBefore = createList();
  private metadata: readonly MetricMetadata[] = [];
  private labelling: Labelling | undefined;
  private format: ExpositionFormat | undefined;

  constructor({ bytesMax = cacheBytesMax }: ExpositionCacheOptions = {}) {
    this.bytesMax = bytesMax;
    this.texts = new ByteTable(randomInt(2 ** 32));
    this.keys = new ByteTable(randomInt(2 ** 32));
  }

  /** Bytes that texts and labels take at present. */
  get bytes(): number {
    const { texts, keys } = this;
    return texts.arena.end + keys.arena.end + entryBytes * (texts.count + keys.count);
  }

  /** Series whose end will be marked. */
  get trackedSeries(): number {
    return this.trackedBefore.length;
  }

  /** Stale markers for every series of the last good body, which then is forgotten: for a target that failed or went away. */
  takeStaleMarkers(timeMs: number): SampleBatch {
    const builder = createSampleBatchBuilder();
    this.forEachTracked((key) => {
      builder.beginRun(this.keys.arena.bytes, this.keys.starts[key]!, this.keys.ends[key]!);
      builder.addStaleMarker(timeMs);
    });
    this.trackedBefore.length = 0;
    return builder.finish();
  }

  /** Begins a body. */
  begin(labelling: Labelling | undefined, format: ExpositionFormat): void {
    if (this.labelling !== labelling || this.format !== format) this.forgetTexts();
    this.labelling = labelling;
    this.format = format;
    this.body++;
    this.bodyTexts.length = 0;
    this.tracked.length = 0;
    this.metadataTexts.length = 0;
  }

  /** Adds a text with its target; false where it has no room. */
  addText(source: Uint8Array, start: number, end: number, hash: number, target: number): number {
    if (this.bytes + entryBytes + end - start > this.bytesMax) return absent;
    const text = this.texts.add(source, start, end, hash);
    if (text === this.targets.length) {
      this.targets = grownArray(this.targets, text * 2);
      this.followers = grownArray(this.followers, text * 2);
    }
    this.targets[text] = target;
    this.followers[text] = text + 1;
    return text;
  }

  /** The number of canonical label bytes, given where they had none; `absent` where they have no room. */
  internKey(key: Uint8Array): number {
    const view = viewOf(key);
    const hash = this.keys.hashBytes(view, 0, key.length);
    const known = this.keys.find(view, 0, key.length, hash);
    if (known !== absent) return known;
    if (this.bytes + entryBytes + key.length > this.bytesMax) return absent;
    const id = this.keys.add(key, 0, key.length, hash);
    if (id === this.seenIn.length) {
      this.seenIn = grownArray(this.seenIn, id * 2);
      this.trackedIn = grownArray(this.trackedIn, id * 2);
    }
    return id;
  }

  /** Notes that the body holds a text. */
  passText(text: number, before: number): void {
    push(this.bodyTexts, text);
    if (before >= 0) this.followers[before] = text;
  }

  passMetadata(text: number): void {
    push(this.metadataTexts, text);
  }

  /** Whether the body at hand held the series before. */
  hasSeen(key: number): boolean {
    return this.seenIn[key] === this.body;
  }

  /** Notes a series; true where neither the last good body nor one since held it. */
  see(key: number): boolean {
    const isNew = this.seenIn[key]! < this.committedBody || this.seenIn[key] === 0;
    this.seenIn[key] = this.body;
    return isNew;
  }

  /** Has the end of a series marked when a body comes without it. */
  track(key: number): void {
    if (this.trackedIn[key] === this.body) return;
    this.trackedIn[key] = this.body;
    push(this.tracked, key);
  }

  /** Calls for each series that the last good body held and the one at hand lacks. */
  forEachVanished(visit: (key: number) => void): void {
    this.forEachTracked((key) => {
      if (this.trackedIn[key] !== this.body) visit(key);
    });
  }

  /** What the body tells of its metrics; the same array while bodies tell the same. */
  bodyMetadata(): readonly MetricMetadata[] {
    const { metadataTexts: now, metadataTextsBefore: before } = this;
    if (!isSameList(now, before)) {
      const texts = Array.from(now.items.subarray(0, now.length));
      this.metadata = foldMetadata(texts.map((text) => this.metadataLines[metadataTarget - this.targets[text]!]!));
    }
    this.metadataTexts = before;
    this.metadataTextsBefore = now;
    return this.metadata;
  }

  /** Makes the body at hand the last good one. */
  commit(): void {
    this.committedBody = this.body;
    const before = this.trackedBefore;
    this.trackedBefore = this.tracked;
    this.tracked = before;
    if (this.texts.count > 2 * this.bodyTexts.length + 1024) this.compact();
  }

  /** Leaves the last good body as it was. Where room is short, the texts are given up, so that the next body can have it. */
  rollback(): void {
    if (this.bytes > this.bytesMax / 2) this.forgetTexts();
  }

  private forEachTracked(visit: (key: number) => void): void {
    for (let i = 0; i < this.trackedBefore.length; i++) visit(this.trackedBefore.items[i]!);
  }

  /** Forgets all but the series of the last good body. */
  private forgetTexts(): void {
    this.bodyTexts.length = 0;
    this.compact();
  }

  /** Keeps the texts of the last body and the series of the last good one, and forgets the others. */
  private compact(): void {
    const { texts, keys, targets, metadataLines, seenIn, trackedIn } = this;
    const keptTexts = this.bodyTexts.items.slice(0, this.bodyTexts.length);
    const trackedKeys = this.trackedBefore.items.slice(0, this.trackedBefore.length);
    this.texts = new ByteTable(randomInt(2 ** 32));
    this.keys = new ByteTable(randomInt(2 ** 32));
    this.metadataLines = [];
    this.metadataTextsBefore.length = 0;
    this.metadata = [];
    this.seenIn = new Uint32Array(seenIn.length);
    this.trackedIn = new Uint32Array(trackedIn.length);
    const moveKey = (key: number): number => {
      const moved = this.internKey(keys.arena.bytes.subarray(keys.starts[key], keys.ends[key]));
      this.seenIn[moved] = seenIn[key]!;
      this.trackedIn[moved] = trackedIn[key]!;
      return moved;
    };
    this.trackedBefore.length = 0;
    for (const key of trackedKeys) push(this.trackedBefore, moveKey(key));
    for (const text of keptTexts) {
      const start = texts.starts[text]!;
      const hash = this.texts.hashBytes(texts.view, start, texts.ends[text]!);
      if (this.texts.find(texts.view, start, texts.ends[text]!, hash) !== absent) continue;
      let target = targets[text]!;
      if (target >= 0) target = moveKey(target);
      else if (target <= metadataTarget)
        target = metadataTarget + 1 - this.metadataLines.push(metadataLines[metadataTarget - target]!);
      this.addText(texts.arena.bytes, start, texts.ends[text]!, hash, target);
    }
  }
}
