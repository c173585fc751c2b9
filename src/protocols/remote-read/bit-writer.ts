/** Writes bits, the most significant first, into bytes that grow. */

const firstBytes = 1024;

export class BitWriter {
  private bytes = new Uint8Array(firstBytes);
  private length = 0;
  /** Bits that the last byte still has room for. */
  private free = 0;

  clear(): void {
    this.length = 0;
    this.free = 0;
  }

  /** What was written, the last byte filled with zeros. The caller's own. */
  finish(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }

  /** The lowest `count` bits of a number, 1 to 32. */
  bits(value: number, count: number): void {
    let left = count;
    while (left > 0) {
      if (this.free === 0) this.addByte();
      const taken = Math.min(left, this.free);
      const part = (value >>> (left - taken)) & ((1 << taken) - 1);
      this.bytes[this.length - 1]! |= part << (this.free - taken);
      this.free -= taken;
      left -= taken;
    }
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

  private addByte(): void {
    if (this.length === this.bytes.length) {
      const larger = new Uint8Array(2 * this.length);
      larger.set(this.bytes);
      this.bytes = larger;
    }
    this.bytes[this.length++] = 0;
    this.free = 8;
  }
}
