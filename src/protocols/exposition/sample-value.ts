/** The value of a sample: a decimal number, NaN, or an infinity, in any case of letters, as Go's ParseFloat reads it without hexadecimals. */
import { valueWords } from '../../model/sample-batch.js';
import { noNumber, readDecimal } from '../text/decimal.js';

const plus = 0x2b;
const minus = 0x2d;
const lowerI = 0x69;
const lowerN = 0x6e;

/** Bits of the NaN that Prometheus writes for every NaN that a text holds. Source: prometheus, model/value, NormalNaN. */
const normalNanHigh = 0x7ff80000;
const normalNanLow = 0x00000001;

/** Reads the value at bytes[start, end) into into[slot]; gives the position behind it, `noNumber` or `numberOutOfRange`. */
export function parseSampleValue(bytes: Buffer, start: number, end: number, into: Float64Array, slot: number): number {
  const first = bytes[start]!;
  const letterAt = first === plus || first === minus ? start + 1 : start;
  const letter = bytes[letterAt]! | 0x20;
  if (letter !== lowerI && letter !== lowerN) return readDecimal(bytes, start, end, into, slot);
  if (letterAt === start && isWord(bytes, start, end, 'nan')) {
    valueWords(into).set([normalNanLow, normalNanHigh], 2 * slot);
    return start + 3;
  }
  if (!isWord(bytes, letterAt, end, 'inf')) return noNumber;
  into[slot] = first === minus ? -Infinity : Infinity;
  return isWord(bytes, letterAt, end, 'infinity') ? letterAt + 8 : letterAt + 3;
}

function isWord(bytes: Buffer, at: number, end: number, word: string): boolean {
  if (at + word.length > end) return false;
  for (let i = 0; i < word.length; i++) if ((bytes[at + i]! | 0x20) !== word.charCodeAt(i)) return false;
  return true;
}
