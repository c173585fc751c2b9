/** JSON that is being written as bytes, without a string of the whole on the way. */

/** Room to begin with: most answers to instant queries are shorter. A guess. */
const bytesFirst = 16_384;
const noBytes = Buffer.alloc(0);

export class JsonBytes {
  private bytes = noBytes;
  private end = 0;

  get length(): number {
    return this.end;
  }

  text(text: string): void {
    // No character takes more than three bytes of UTF-8.
    this.reserve(3 * text.length);
    this.end += this.bytes.write(text, this.end);
  }

  /** Text of ASCII characters alone. A loop: most such texts are short, and a call into the runtime costs as much as 50 characters. */
  ascii(text: string): void {
    this.reserve(text.length);
    const { bytes } = this;
    let end = this.end;
    for (let i = 0; i < text.length; i++) bytes[end++] = text.charCodeAt(i);
    this.end = end;
  }

  raw(source: Uint8Array): void {
    this.reserve(source.length);
    this.bytes.set(source, this.end);
    this.end += source.length;
  }

  /** As `raw`, of [from, to) of the source, for few bytes. */
  copy(source: Uint8Array, from: number, to: number): void {
    this.reserve(to - from);
    const { bytes } = this;
    let end = this.end;
    for (let i = from; i < to; i++) bytes[end++] = source[i]!;
    this.end = end;
  }

  /** A copy of what was written since the last time, to be kept: of no more memory than that. */
  copied(): Uint8Array {
    const copy = new Uint8Array(this.bytes.subarray(0, this.end));
    this.end = 0;
    return copy;
  }

  /** What was written since the last time, in memory of its own, which may be larger. */
  take(): Buffer {
    const taken = this.bytes.subarray(0, this.end);
    this.bytes = noBytes;
    this.end = 0;
    return taken;
  }

  private reserve(more: number): void {
    if (this.end + more <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(bytesFirst, 2 * this.bytes.length, this.end + more));
    larger.set(this.bytes.subarray(0, this.end));
    this.bytes = larger;
  }
}
