/** A list of numbers that is filled again and again without making another array. */
import { type WireReader, wireType } from '../protobuf/wire-reader.js';

export class NumberList {
  values = new Float64Array(64);
  count = 0;

  clear(): void {
    this.count = 0;
  }

  push(value: number): void {
    if (this.count === this.values.length) {
      const larger = new Float64Array(2 * this.count);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.count++] = value;
  }

  /** A copy of the numbers. */
  toArray(): Float64Array {
    return this.values.slice(0, this.count);
  }

  // A repeated number comes packed or, from old writers, as a field for each; readers have to take both.

  addDoubles(reader: WireReader): void {
    if (reader.type !== wireType.bytes) {
      this.push(reader.double());
      return;
    }
    const outer = reader.enterPacked();
    while (reader.hasMore) this.push(reader.packedDouble());
    reader.leave(outer);
  }

  addFixed64s(reader: WireReader): void {
    if (reader.type !== wireType.bytes) {
      this.push(reader.fixed64());
      return;
    }
    const outer = reader.enterPacked();
    while (reader.hasMore) this.push(reader.packedFixed64());
    reader.leave(outer);
  }

  addUint64s(reader: WireReader): void {
    if (reader.type !== wireType.bytes) {
      this.push(reader.uint64());
      return;
    }
    const outer = reader.enterPacked();
    while (reader.hasMore) this.push(reader.packedVarint());
    reader.leave(outer);
  }
}
