/**
 * Finds a row's known fields by the bytes of their names. Senders keep an order of fields, so the field that followed the
 * previous one last time is tried first, with one comparison against the bytes as they lie in the text.
 */
import type { JsonCursor } from './json-cursor.js';
import { QuotedNames } from './quoted-names.js';

export class FieldNames {
  private readonly names: QuotedNames;
  /** Field that came after field i last time, at i + 1; at 0 the one that began the row. At first the order of the names. */
  private readonly followers: Int32Array;

  constructor(names: readonly string[]) {
    this.names = new QuotedNames(names.map((name) => Buffer.from(name)));
    this.followers = new Int32Array(names.length + 1);
    for (let i = 0; i < names.length; i++) this.followers[i] = i;
  }

  /**
   * Reads the name at the cursor; answers the number of its field. -1 where it is no field's, with its bytes in the cursor's text,
   * or where it is no sound string, with the cursor's failure set. `previous` is the row's field before it, -1 where none.
   */
  read(cursor: JsonCursor, previous: number): number {
    const follower = this.followers[previous + 1]!;
    const end = this.names.match(follower, cursor.view, cursor.position);
    if (end >= 0) {
      cursor.position = end;
      return follower;
    }
    if (!cursor.readString('the name of a field')) return -1;
    const found = this.names.find(cursor.textView, cursor.textStart, cursor.textEnd);
    if (found >= 0) this.followers[previous + 1] = found;
    return found;
  }
}
