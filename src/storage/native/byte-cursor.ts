import { BarographError, type ErrorCode } from '../../base/errors.js';

/** Reads bytes in order. What is missing or not as it must be throws `code` with the place; nothing is read past the end. */
export class ByteCursor {
  /** Where the next byte is read. */
  at = 0;

  constructor(
    readonly bytes: Uint8Array,
    private readonly code: ErrorCode,
  ) {}

  get left(): number {
    return this.bytes.length - this.at;
  }

  fail(message: string): never {
    throw new BarographError(this.code, `A block of columns is damaged at byte ${this.at}: ${message}.`);
  }

  /** An unsigned number of variable length below 2^53. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      if (this.at >= this.bytes.length) this.fail('it ends inside a number');
      const byte = this.bytes[this.at++]!;
      value += (byte & 127) * scale;
      if (value > Number.MAX_SAFE_INTEGER) this.fail('a number is over 2^53');
      if (byte < 128) return value;
      scale *= 128;
      if (scale > Number.MAX_SAFE_INTEGER) this.fail('a number has too many bytes');
    }
  }

  /** Steps over `count` values of `width` bytes and returns where they began. */
  skip(count: number, width: number): number {
    if (count * width > this.left)
      this.fail(`${count} values of ${width} bytes are announced and ${this.left} bytes are left`);
    const start = this.at;
    this.at += count * width;
    return start;
  }

  /** A copy of the next `count` values of `width` bytes, aligned for any typed array. */
  copy(count: number, width: number): ArrayBuffer {
    const start = this.skip(count, width);
    const aligned = new Uint8Array(count * width);
    aligned.set(this.bytes.subarray(start, this.at));
    return aligned.buffer;
  }

  /** One byte a row, each 0 or 1. */
  flags(count: number): Uint8Array {
    const flags = new Uint8Array(this.copy(count, 1));
    for (let i = 0; i < count; i++) if (flags[i]! > 1) this.fail(`a flag is ${flags[i]}`);
    return flags;
  }

  /** A text with its length before it, at most `bytesMax` long. */
  text(bytesMax: number): string {
    const length = this.varint();
    if (length > bytesMax) this.fail(`a name of ${length} bytes`);
    const start = this.skip(length, 1);
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + start, length).toString('utf8');
  }

  /** A 64-bit number below 2^53. */
  uint64(): number {
    const [low, high] = new Uint32Array(this.copy(1, 8));
    const value = high! * 4_294_967_296 + low!;
    if (value > Number.MAX_SAFE_INTEGER) this.fail('a number is over 2^53');
    return value;
  }
}
