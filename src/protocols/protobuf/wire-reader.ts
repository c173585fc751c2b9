/**
 * Reads the protobuf wire format in place: no object and no string per field, unless one is asked for. A message is read so, and one
 * within it the same way between `enter` and `leave`, by a function of its own:
 *
 * ```ts
 * const outer = reader.enter();
 * while (reader.next())
 *   if (reader.field === 1) readInner(reader);
 *   else if (reader.field === 2) timeMs = reader.int64();
 *   else reader.skip();
 * reader.leave(outer);
 * ```
 *
 * After each `next()` that answers true exactly one of the reading functions or `skip` is called. Each of them checks the field's wire
 * type, and that the field ends within its message. What is broken fails with `invalid_protobuf`, which names the byte.
 * Source: protobuf.dev, "Encoding".
 */
import { isUtf8 } from 'node:buffer';
import { BarographError } from '../../base/errors.js';

export const wireType = { varint: 0, fixed64: 1, bytes: 2, startGroup: 3, endGroup: 4, fixed32: 5 } as const;

const typeNames = ['varint', 'fixed64', 'bytes', 'start of a group', 'end of a group', 'fixed32', '6', '7'];

/** Deepest groups within one another that `skip` passes over. Nobody has sent groups since proto2; the number is protobuf's own bound for messages. */
const groupDepthMax = 100;

const twoTo32 = 4_294_967_296;

export class WireReader {
  /** Where the next byte is read. */
  position: number;
  /** Where the message that is being read ends. */
  end: number;
  /** Number of the field that `next` met. */
  field = 0;
  /** Wire type of the field that `next` met. */
  type = 0;
  /** The last range read is bytes[start, stop). */
  start = 0;
  stop = 0;
  /** Halves of the last 64-bit number read, as unsigned 32-bit numbers. */
  low = 0;
  high = 0;
  readonly view: DataView;

  constructor(
    readonly bytes: Uint8Array,
    start = 0,
    end: number = bytes.length,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.position = start;
    this.end = end;
  }

  /** Goes to the message's next field; false where the message has ended. */
  next(): boolean {
    if (this.position >= this.end) return false;
    let tag = this.bytes[this.position]!;
    // Field numbers below 16 take one byte, and most messages have no others.
    if (tag < 128) this.position++;
    else tag = this.longTag();
    this.field = tag >>> 3;
    this.type = tag & 7;
    if (this.field === 0) this.fail('a field has the number 0');
    return true;
  }

  /** Begins the embedded message; `next` then walks its fields. Answers what `leave` takes. */
  enter(): number {
    this.range();
    const outerEnd = this.end;
    this.position = this.start;
    this.end = this.stop;
    return outerEnd;
  }

  /** Ends the embedded message that `enter` began, wherever in it the reader is. */
  leave(outerEnd: number): void {
    this.position = this.end;
    this.end = outerEnd;
  }

  /** Reads a string, bytes or message as bytes[start, stop), without looking into it. */
  range(): void {
    this.expect(wireType.bytes);
    const length = this.varint();
    if (length > this.end - this.position)
      this.fail(`${length} bytes are announced and ${this.end - this.position} are left`);
    this.start = this.position;
    this.stop = this.position = this.position + length;
  }

  /** Reads a string as bytes[start, stop) that are UTF-8; fails with `invalid_utf8`. */
  utf8Range(): void {
    this.range();
    if (isUtf8(this.bytes.subarray(this.start, this.stop))) return;
    throw new BarographError('invalid_utf8', `the text at byte ${this.start} of the body is not valid UTF-8`);
  }

  /** Reads a string; fails with `invalid_utf8`. */
  text(): string {
    this.utf8Range();
    const { bytes, start, stop } = this;
    return Buffer.from(bytes.buffer, bytes.byteOffset + start, stop - start).toString('utf8');
  }

  /** Reads an enum, a bool or any number of type uint32: the low 32 bits, unsigned, as protobuf cuts longer ones. */
  uint32(): number {
    this.expect(wireType.varint);
    this.varint64();
    return this.low;
  }

  /** Reads an int32: the low 32 bits, signed. */
  int32(): number {
    return this.uint32() | 0;
  }

  /** Reads a sint32 or, within 32 bits, a sint64 (zigzag). */
  sint32(): number {
    const zigzag = this.uint32();
    return (zigzag >>> 1) ^ -(zigzag & 1);
  }

  bool(): boolean {
    this.expect(wireType.varint);
    this.varint64();
    return (this.low | this.high) !== 0;
  }

  /** Reads an int64 as the nearest double, which up to 2^53 is the number itself. Its bits are in `low` and `high`. */
  int64(): number {
    this.expect(wireType.varint);
    this.varint64();
    return (this.high | 0) * twoTo32 + this.low;
  }

  /** Reads a uint64 as the nearest double. Its bits are in `low` and `high`. */
  uint64(): number {
    this.expect(wireType.varint);
    this.varint64();
    return this.high * twoTo32 + this.low;
  }

  /** Reads a fixed64 as the nearest double. Its bits are in `low` and `high`. */
  fixed64(): number {
    this.bits64();
    return this.high * twoTo32 + this.low;
  }

  /** Reads an sfixed64 as the nearest double. Its bits are in `low` and `high`. */
  sfixed64(): number {
    this.bits64();
    return (this.high | 0) * twoTo32 + this.low;
  }

  /** Reads a double. Only `low` and `high` keep every bit of a NaN. */
  double(): number {
    this.bits64();
    return this.view.getFloat64(this.position - 8, true);
  }

  /** Passes over the field, whatever its type. */
  skip(): void {
    switch (this.type) {
      case wireType.varint:
        this.varint64();
        return;
      case wireType.fixed64:
        this.advance(8);
        return;
      case wireType.bytes:
        this.range();
        return;
      case wireType.startGroup:
        this.skipGroup();
        return;
      case wireType.fixed32:
        this.advance(4);
        return;
      default:
        this.fail(`a field has the wire type ${typeNames[this.type]}`);
    }
  }

  /** Begins a packed list of numbers, as `enter` does a message; read it with the `packed…` functions while `hasMore`. */
  enterPacked(): number {
    return this.enter();
  }

  get hasMore(): boolean {
    return this.position < this.end;
  }

  /** Reads one number of a packed list of uint64; below 2^53 it is the number itself. */
  packedVarint(): number {
    this.varint64();
    return this.high * twoTo32 + this.low;
  }

  /** Reads one number of a packed list of doubles. */
  packedDouble(): number {
    this.advance(8);
    return this.view.getFloat64(this.position - 8, true);
  }

  /** Reads one number of a packed list of fixed64 as the nearest double. */
  packedFixed64(): number {
    this.advance(8);
    const at = this.position - 8;
    return this.view.getUint32(at + 4, true) * twoTo32 + this.view.getUint32(at, true);
  }

  fail(message: string): never {
    throw new BarographError(
      'invalid_protobuf',
      `the body is not the protobuf message wanted: byte ${this.position}: ${message}`,
    );
  }

  private expect(wanted: number): void {
    if (this.type !== wanted)
      this.fail(`field ${this.field} has the wire type ${typeNames[this.type]}, wanted ${typeNames[wanted]}`);
  }

  private advance(length: number): void {
    if (length > this.end - this.position)
      this.fail(`${length} bytes are wanted and ${this.end - this.position} are left`);
    this.position += length;
  }

  private bits64(): void {
    this.expect(wireType.fixed64);
    this.advance(8);
    this.low = this.view.getUint32(this.position - 8, true);
    this.high = this.view.getUint32(this.position - 4, true);
  }

  /** A length: small, and never past 2^32. */
  private varint(): number {
    const { bytes, end } = this;
    let { position } = this;
    let value = 0;
    for (let shift = 0; shift < 32; shift += 7) {
      if (position >= end) this.fail('the message ends inside a number');
      const byte = bytes[position++]!;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) {
        this.position = position;
        return value;
      }
    }
    return this.fail('a length has more than 5 bytes');
  }

  /** A number of up to ten bytes into `low` and `high`; bits past the 64th are dropped, as protobuf has it. */
  private varint64(): void {
    const { bytes, end } = this;
    let { position } = this;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (position >= end) this.fail('the message ends inside a number');
      const byte = bytes[position++]!;
      const bits = byte & 127;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 128) {
        this.position = position;
        this.low = low >>> 0;
        this.high = high >>> 0;
        return;
      }
    }
    this.fail('a number has more than 10 bytes');
  }

  private longTag(): number {
    const at = this.position;
    const tag = this.varint();
    if (tag < twoTo32) return tag;
    this.position = at;
    return this.fail('a field has a number over 536,870,911');
  }

  /** Passes over a group with all that lies in it. Iterative, so that no depth exhausts the stack. */
  private skipGroup(): void {
    const open = [this.field];
    while (open.length > 0) {
      if (!this.next()) this.fail('the message ends inside a group');
      if (this.type === wireType.startGroup) {
        if (open.push(this.field) > groupDepthMax) this.fail(`groups are more than ${groupDepthMax} deep`);
      } else if (this.type === wireType.endGroup) {
        if (open.pop() !== this.field) this.fail('a group ends that did not begin');
      } else this.skip();
    }
  }
}
