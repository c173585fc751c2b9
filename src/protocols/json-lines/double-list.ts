/** The values of a line, and their times, before it is known that there are as many of either. Every bit of a value is kept. */
import { valueWords } from '../../model/sample-batch.js';

const firstLength = 256;
/** A list with more room than this is let go before the next line. A guess. */
const keptLengthMax = 1_000_000;

export class DoubleList {
  length = 0;
  values = new Float64Array(firstLength);
  words = valueWords(this.values);

  clear(): void {
    this.length = 0;
    if (this.values.length > keptLengthMax) this.allot(firstLength);
  }

  add(value: number): void {
    if (this.length === this.values.length) this.grow();
    this.values[this.length++] = value;
  }

  addBits(low: number, high: number): void {
    if (this.length === this.values.length) this.grow();
    this.words[2 * this.length] = low;
    this.words[2 * this.length + 1] = high;
    this.length++;
  }

  private grow(): void {
    const { words } = this;
    this.allot(2 * this.values.length);
    this.words.set(words);
  }

  private allot(length: number): void {
    this.values = new Float64Array(length);
    this.words = valueWords(this.values);
  }
}
