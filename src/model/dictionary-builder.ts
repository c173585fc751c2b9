/**
 * A growing column of texts of which few differ, such as the names of features: each different text is kept once, and for each row its
 * place among them.
 *
 * Senders repeat the same texts in the same order, row after row. So the text that followed the previous one last time is tried
 * first, with one comparison; only another one is looked up by its hash.
 */
import { grownArray } from '../base/grown-array.js';
import { maskOf, wordHash } from '../base/word-hash.js';
import { type ColumnBuilder, keptLengthMax, slackBytes } from './column-builders.js';
import { type DictionaryColumn, narrowedPlaces, type TextColumn } from './columns.js';

/** Room for texts that is made with the first of them. Guess: the features of an ordinary model. */
const firstTexts = 64;
const firstRows = 1024;

const nothing = new DataView(new ArrayBuffer(slackBytes));

export class DictionaryBuilder implements ColumnBuilder<DictionaryColumn> {
  length = 0;
  private textCount = 0;
  private places = new Uint32Array(0);
  /** Text i is view[starts[i], starts[i] + lengths[i]), padded with NULs to whole words. */
  private view = nothing;
  private starts = new Uint32Array(0);
  private lengths = new Uint32Array(0);
  private hashes = new Int32Array(0);
  /** The place that came after place i last time. */
  private followers = new Uint32Array(0);
  /** Place + 1 of the text in each slot, 0 where none is. Twice as many as there is room for texts, a power of two. */
  private slots = new Uint32Array(0);
  private previous = 0;

  /** Appends the bytes source[start, end) as one row, a word at a time: eight bytes behind `end` must be readable too. Answers its place. */
  addWords(source: DataView, start: number, end: number): number {
    const place = this.placeOfWords(source, start, end);
    this.addPlace(place);
    return place;
  }

  /** The place of such a text, without appending it. */
  placeOfWords(source: DataView, start: number, end: number): number {
    const expected = this.followers[this.previous]!;
    const isExpected = expected < this.textCount && this.holds(expected, source, start, end);
    return isExpected ? expected : this.placeOf(source, start, end);
  }

  /** Appends the text of a place that was answered since the last `clear`. */
  addPlace(place: number): void {
    if (this.length === this.places.length) this.places = grownArray(this.places, Math.max(firstRows, 2 * this.length));
    this.places[this.length++] = place;
    this.previous = place;
  }

  /** Appends the texts of such places: those of keys[from] to keys[to - 1], of which key k's is places[k] - 1. */
  addPlaces(places: Uint32Array, keys: Uint32Array, from: number, to: number): void {
    const length = this.length + to - from;
    if (length > this.places.length) this.places = grownArray(this.places, Math.max(firstRows, 2 * length));
    const own = this.places;
    for (let i = from, o = this.length; i < to; i++) own[o++] = places[keys[i]!]! - 1;
    if (to > from) this.previous = own[length - 1]!;
    this.length = length;
  }

  addAbsent(): void {
    this.addWords(nothing, 0, 0);
  }

  padTo(length: number): void {
    while (this.length < length) this.addAbsent();
  }

  /** Texts that no row holds any longer stay. */
  truncate(length: number): void {
    this.length = length;
  }

  clear(): void {
    this.length = 0;
    this.textCount = 0;
    this.previous = 0;
    this.slots.fill(0);
    if (this.places.length > keptLengthMax) this.places = new Uint32Array(0);
    if (this.starts.length > keptLengthMax) this.allotTexts(0);
    if (this.view.byteLength > keptLengthMax) this.view = nothing;
  }

  finish(): DictionaryColumn {
    const places = this.places.subarray(0, this.length);
    return { kind: 'dictionary', texts: this.texts(), places: narrowedPlaces(places, this.textCount) };
  }

  private texts(): TextColumn {
    const { lengths, starts, textCount, view } = this;
    const offsets = new Uint32Array(textCount + 1);
    for (let i = 0; i < textCount; i++) offsets[i + 1] = offsets[i]! + lengths[i]!;
    const bytes = new Uint8Array(offsets[textCount]!);
    for (let i = 0; i < textCount; i++) bytes.set(new Uint8Array(view.buffer, starts[i], lengths[i]), offsets[i]);
    return { kind: 'text', bytes, offsets };
  }

  private holds(place: number, source: DataView, start: number, end: number): boolean {
    if (this.lengths[place] !== end - start) return false;
    const { view } = this;
    let own = this.starts[place]!;
    let at = start;
    for (; at + 4 <= end; at += 4, own += 4) if (source.getInt32(at, true) !== view.getInt32(own, true)) return false;
    return at === end || (source.getInt32(at, true) & maskOf(end - at)) === view.getInt32(own, true);
  }

  /** The place of a text that is not the expected one. */
  private placeOf(source: DataView, start: number, end: number): number {
    if (this.textCount === this.starts.length) this.growTexts();
    const hash = wordHash(source, start, end);
    const mask = this.slots.length - 1;
    let slot = hash & mask;
    for (; this.slots[slot] !== 0; slot = (slot + 1) & mask) {
      const place = this.slots[slot]! - 1;
      if (this.hashes[place] === hash && this.holds(place, source, start, end)) return this.follow(place);
    }
    const place = this.textCount++;
    this.slots[slot] = place + 1;
    this.hashes[place] = hash;
    this.keep(place, source, start, end);
    return this.follow(place);
  }

  private follow(place: number): number {
    this.followers[this.previous] = place;
    return place;
  }

  private keep(place: number, source: DataView, start: number, end: number): void {
    const from = place === 0 ? 0 : this.starts[place - 1]! + ((this.lengths[place - 1]! + 3) & ~3);
    const to = from + end - start + slackBytes;
    if (to > this.view.byteLength) {
      const larger = new Uint8Array(2 * to);
      larger.set(new Uint8Array(this.view.buffer, 0, from));
      this.view = new DataView(larger.buffer);
    }
    this.starts[place] = from;
    this.lengths[place] = end - start;
    let own = from;
    let at = start;
    for (; at + 4 <= end; at += 4, own += 4) this.view.setInt32(own, source.getInt32(at, true), true);
    if (at < end) this.view.setInt32(own, source.getInt32(at, true) & maskOf(end - at), true);
  }

  private growTexts(): void {
    const { followers, hashes, lengths, starts } = this;
    this.allotTexts(Math.max(firstTexts, 2 * starts.length));
    this.followers.set(followers);
    this.hashes.set(hashes);
    this.lengths.set(lengths);
    this.starts.set(starts);
    const mask = this.slots.length - 1;
    for (let place = 0; place < this.textCount; place++) {
      let slot = this.hashes[place]! & mask;
      while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
      this.slots[slot] = place + 1;
    }
  }

  private allotTexts(room: number): void {
    this.followers = new Uint32Array(room);
    this.hashes = new Int32Array(room);
    this.lengths = new Uint32Array(room);
    this.starts = new Uint32Array(room);
    this.slots = new Uint32Array(2 * room);
  }
}
