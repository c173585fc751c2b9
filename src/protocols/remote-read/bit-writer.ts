/** Writes bits, the most significant first, into bytes that grow. They are gathered in a word of 32. */

const firstBytes = 512;

export class BitWriter {
  private bytes = new Uint8Array(firstBytes);
  private length = 0;
  /** Bits not written yet, from the top. */
  private word = 0;
  /** How many they are, 0 to 31. */
  private used = 0;

  /** What was written, the last byte filled with zeros. Ends the writing. */
  finish(): Uint8Array {
    const whole = this.length + Math.ceil(this.used / 8);
    this.flush();
    return this.bytes.subarray(0, whole);
  }

  /** The lowest `count` bits of a number, 1 to 32. */
  bits(value: number, count: number): void {
    const masked = count === 32 ? value : value & ((1 << count) - 1);
    const over = this.used + count - 32;
    if (over < 0) {
      this.word |= masked << -over;
      this.used += count;
      return;
    }
    this.word |= masked >>> over;
    this.flush();
    this.used = over;
    this.word = over === 0 ? 0 : masked << (32 - over);
  }

  /** The lowest `count` bits, 1 to 64, of a number given by its halves. */
  bits64(high: number, low: number, count: number): void {
    if (count > 32) this.bits(high, count - 32);
    this.bits(low, Math.min(count, 32));
  }

  /** A whole number from 0 to 2^54 in groups of seven bits, the least significant first. */
  varint(value: number): void {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.bits((rest % 128) | 128, 8);
    this.bits(rest, 8);
  }

  private flush(): void {
    const { word, length } = this;
    if (length + 4 > this.bytes.length) {
      const larger = new Uint8Array(2 * this.bytes.length);
      larger.set(this.bytes);
      this.bytes = larger;
    }
    const { bytes } = this;
    bytes[length] = word >>> 24;
    bytes[length + 1] = word >>> 16;
    bytes[length + 2] = word >>> 8;
    bytes[length + 3] = word;
    this.length = length + 4;
  }
}
