/**
 * Writes protobuf messages whose lengths are known only once they are written: lengths get five bytes, as many as any needs, and are filled
 * in after. Short messages are then moved to behind a length of one byte, which readers know best.
 */
import { wireType } from './wire-reader.js';

const lengthBytes = 5;

export class MessageWriter {
  private room: Buffer<ArrayBuffer>;
  private end = 0;

  /** @param firstBytes Room to begin with. */
  constructor(firstBytes: number) {
    this.room = Buffer.allocUnsafe(firstBytes);
  }

  /** What was written. */
  finish(): Uint8Array {
    return this.room.subarray(0, this.end);
  }

  /** Begins an embedded message; answers what `endMessage` takes. */
  beginMessage(field: number): number {
    this.tag(field, wireType.bytes, lengthBytes);
    this.end += lengthBytes;
    return this.end;
  }

  endMessage(start: number): void {
    let length = this.end - start;
    const lengthAt = start - lengthBytes;
    if (length < 128) {
      for (let i = start; i < this.end; i++) this.room[i - lengthBytes + 1] = this.room[i]!;
      this.room[lengthAt] = length;
      this.end = lengthAt + 1 + length;
      return;
    }
    for (let i = lengthAt; i < start - 1; i++, length = Math.floor(length / 128)) this.room[i] = (length % 128) | 128;
    this.room[start - 1] = length;
  }

  range(field: number, from: Uint8Array, start: number, stop: number): void {
    this.tag(field, wireType.bytes, lengthBytes + stop - start);
    this.varintBytes(0, stop - start);
    if (stop - start > 64) this.room.set(from.subarray(start, stop), this.end);
    else for (let i = start, at = this.end; i < stop; i++, at++) this.room[at] = from[i]!;
    this.end += stop - start;
  }

  bytes(field: number, bytes: Uint8Array): void {
    this.range(field, bytes, 0, bytes.length);
  }

  /** A number of type varint, by its unsigned halves. */
  varint(field: number, high: number, low: number): void {
    this.tag(field, wireType.varint, 10);
    this.varintBytes(high, low);
  }

  private varintBytes(high: number, low: number): void {
    while (high !== 0 || low > 127) {
      this.room[this.end++] = (low & 127) | 128;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    this.room[this.end++] = low;
  }

  /** A number of type fixed64 or sfixed64, by its unsigned halves. */
  fixed64(field: number, high: number, low: number): void {
    this.tag(field, wireType.fixed64, 8);
    this.end = this.room.writeUInt32LE(low, this.end);
    this.end = this.room.writeUInt32LE(high, this.end);
  }

  double(field: number, value: number): void {
    this.tag(field, wireType.fixed64, 8);
    this.end = this.room.writeDoubleLE(value, this.end);
  }

  /** The tag of a field whose number is below 2048, with room for what follows. */
  private tag(field: number, type: number, roomBytes: number): void {
    const needed = this.end + 2 + roomBytes;
    if (needed > this.room.length) {
      const larger = Buffer.allocUnsafe(Math.max(2 * this.room.length, needed));
      larger.set(this.room.subarray(0, this.end));
      this.room = larger;
    }
    if (field < 16) this.room[this.end++] = (field << 3) | type;
    else {
      this.room[this.end++] = ((field << 3) & 127) | 128 | type;
      this.room[this.end++] = field >> 4;
    }
  }
}
