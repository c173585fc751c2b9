/**
 * Reads the names of one object after another and refuses a name that comes twice.
 *
 * Senders repeat the same names in the same order, row after row, perhaps leaving some out. So the names of an earlier object
 * are kept as they stand in JSON: where the next name in that order stands at the cursor, one comparison both passes it and
 * proves it new. Only an object that leaves the order pays for a set, and becomes the order for those after it.
 */
import { byte } from './json-bytes.js';
import { excerpt, type JsonCursor } from './json-cursor.js';
import { KeySet } from './key-set.js';
import { QuotedNames } from './quoted-names.js';

export class DistinctNames {
  /** `nameBytesMax` is the longest name that is taken, bytes of UTF-8. */
  constructor(private readonly nameBytesMax: number) {}

  /** The names that are expected, in their order. */
  order = new QuotedNames([]);
  /** Number in the order of the first name that may still come. */
  next = 0;
  /** Number of the object in which each name of the order came last. */
  private cameIn = new Uint32Array(0);
  private object = 0;
  private inOrder = true;
  private readonly seen = new KeySet();

  /** Starts a new object. */
  begin(): void {
    this.next = 0;
    this.inOrder = true;
    if (++this.object <= 0xffff_ffff) return;
    this.cameIn.fill(0);
    this.object = 1;
  }

  /** Reads a name into the cursor's text. Refuses an empty one and one that is too long or that came before. */
  read(cursor: JsonCursor): boolean {
    const end = this.inOrder ? this.order.match(this.next, cursor.view, cursor.position) : -1;
    if (end < 0) return this.readOther(cursor);
    this.passNext();
    cursor.passString(end);
    return true;
  }

  /** Position behind the next name of the order where it stands at `position`, else -1. */
  matchNext(view: DataView, position: number): number {
    return this.inOrder ? this.order.match(this.next, view, position) : -1;
  }

  /** Takes the next name of the order as one that came. */
  passNext(): void {
    this.cameIn[this.next++] = this.object;
  }

  /** Ends a sound object. */
  end(): void {
    if (!this.inOrder) this.learn();
  }

  /** Reads a name that is not the next one of the order, but perhaps a later one. */
  private readOther(cursor: JsonCursor): boolean {
    if (this.inOrder) {
      if (this.readLater(cursor)) return true;
      this.leaveOrder();
    }
    const start = cursor.position;
    if (!cursor.readString('a name')) return false;
    const length = cursor.textEnd - cursor.textStart;
    if (length === 0) return cursor.fail('empty_field', () => 'got an empty name, wanted text');
    if (length > this.nameBytesMax) return failTooLong(cursor, length, this.nameBytesMax);
    return this.seen.add(0, cursor.textView, cursor.textStart, cursor.textEnd) || failTwice(cursor, start);
  }

  private readLater(cursor: JsonCursor): boolean {
    const { order } = this;
    const { view, position } = cursor;
    for (let name = this.next + 1; name < order.count; name++) {
      const end = order.match(name, view, position);
      if (end < 0) continue;
      this.next = name + 1;
      this.cameIn[name] = this.object;
      cursor.passString(end);
      return true;
    }
    return false;
  }

  /** The names that came so far are put into the set. */
  private leaveOrder(): void {
    const { order, seen } = this;
    this.inOrder = false;
    seen.clear();
    for (let name = 0; name < this.next; name++)
      if (this.cameIn[name] === this.object) seen.add(0, order.view, order.startOf(name), order.endOf(name));
  }

  /** Takes over the order of the names just seen, but for those that JSON writes with escapes. */
  private learn(): void {
    const names = Array.from({ length: this.seen.size }, (_, entry) => this.seen.keyAt(entry));
    this.order = new QuotedNames(names.filter((name) => !name.some(needsEscape)));
    this.cameIn = new Uint32Array(this.order.count);
  }
}

const failTooLong = (cursor: JsonCursor, length: number, bytesMax: number): false =>
  cursor.fail('too_long', () => `got a name of ${length} bytes, wanted at most ${bytesMax}`);

function failTwice(cursor: JsonCursor, start: number): false {
  const { bytes, position } = cursor;
  return cursor.fail('duplicate_key', () => `got the name ${excerpt(bytes, start, position)} twice`);
}

const needsEscape = (code: number): boolean => code < 0x20 || code === byte.quote || code === byte.backslash;
