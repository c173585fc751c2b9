/**
 * Numbers of JSON, read into the nearest double exactly. The common ones never become a string:
 * - a significand under 2^53 over a power of ten up to 22 is one correctly rounded division of exact doubles (W. D.
 *   Clinger, "How to read floating point numbers accurately", 1990);
 * - a significand of up to 18 digits over a power of ten up to 22, which is how programs print doubles, is divided in
 *   double-double arithmetic, and taken where the error bound leaves no doubt about the rounding (the remainder by T. J. Dekker,
 *   "A floating-point technique for extending the available precision", 1971; the rounding test after A. Ziv, 1991).
 * Everything else, exponents among it, goes through Number().
 */
import { byte, isDigit } from './json-bytes.js';
import type { JsonCursor } from './json-cursor.js';
import { isDigits, valueOfDigits } from './json-words.js';

// Taken out of the object, because compiled code knows the constants of its own module only.
const { dot, lowerE, minus, plus, zero } = byte;

const exactPowers = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

/** Veltkamp's constant, 2^27 + 1: splits a double into two halves whose products are exact. */
const splitter = 134_217_729;
const powerHighs = exactPowers.map((power) => splitter * power - (splitter * power - power));
const powerLows = exactPowers.map((power, i) => power - powerHighs[i]!);

/**
 * Reads the number at the cursor into `cursor.number`; infinite where it is past the range of a double.
 *
 * Significant digits are gathered in two integers that fit 31 bits, which multiply several times faster than doubles do: the
 * first nine in `high`, up to nine more in `low`. It is one function with all its state in local variables, because the hot
 * path spends as long on handing them over as on the digits.
 */
export function readDouble(cursor: JsonCursor): boolean {
  const { bytes, view, position: start } = cursor;
  let at = bytes[start] === minus ? start + 1 : start;
  let high = 0;
  let low = 0;
  let digits = 0;
  // Exclusive or with "0" is the digit's value, and more than 9 for any byte that is no digit.
  let digit = bytes[at]! ^ zero;
  if (digit === 0) digit = bytes[++at]! ^ zero;
  else if (digit > 9) return readRare(cursor);
  else {
    for (; digit <= 9 && digits < 9; digit = bytes[++at]! ^ zero, digits++) high = Math.imul(high, 10) + digit;
    for (; digit <= 9 && digits < 18; digit = bytes[++at]! ^ zero, digits++) low = Math.imul(low, 10) + digit;
  }
  if (digit <= 9) return readRare(cursor);
  let fraction = at;
  if (bytes[at] === dot) {
    fraction = ++at;
    if (digits === 0) while (bytes[at] === zero) at++;
    for (let word = view.getInt32(at, true); digits <= 5 && isDigits(word); word = view.getInt32(at, true)) {
      high = Math.imul(high, 10_000) + valueOfDigits(word);
      digits += 4;
      at += 4;
    }
    digit = bytes[at]! ^ zero;
    for (; digit <= 9 && digits < 9; digit = bytes[++at]! ^ zero, digits++) high = Math.imul(high, 10) + digit;
    if (digit <= 9) {
      for (let word = view.getInt32(at, true); digits <= 14 && isDigits(word); word = view.getInt32(at, true)) {
        low = Math.imul(low, 10_000) + valueOfDigits(word);
        digits += 4;
        at += 4;
      }
      digit = bytes[at]! ^ zero;
      for (; digit <= 9 && digits < 18; digit = bytes[++at]! ^ zero, digits++) low = Math.imul(low, 10) + digit;
    }
    if (digit <= 9 || at === fraction) return readRare(cursor);
  }
  if ((bytes[at]! | 0x20) === lowerE) return readRare(cursor);
  const size = sizeOf(high, low, digits, at - fraction);
  if (Number.isNaN(size)) return readRare(cursor);
  cursor.number = bytes[start] === minus ? -size : size;
  cursor.position = at;
  return true;
}

/** Reads a number of any form, by way of a string, or finds where it is broken. */
function readRare(cursor: JsonCursor): boolean {
  const { bytes, position: start } = cursor;
  let at = bytes[start] === minus ? start + 1 : start;
  if (!isDigit(bytes[at]!)) return cursor.unexpected(at, 'a digit');
  if (bytes[at] === zero && isDigit(bytes[at + 1]!)) return cursor.unexpected(at + 1, 'a number without leading zeros');
  at = skipDigits(bytes, at);
  if (bytes[at] === dot) {
    if (!isDigit(bytes[++at]!)) return cursor.unexpected(at, 'a digit after the decimal point');
    at = skipDigits(bytes, at);
  }
  if ((bytes[at]! | 0x20) === lowerE) {
    at++;
    if (bytes[at] === plus || bytes[at] === minus) at++;
    if (!isDigit(bytes[at]!)) return cursor.unexpected(at, 'a digit of the exponent');
    at = skipDigits(bytes, at);
  }
  cursor.number = Number(bytes.toString('latin1', start, at));
  cursor.position = at;
  return true;
}

function skipDigits(bytes: Uint8Array, at: number): number {
  while (isDigit(bytes[at]!)) at++;
  return at;
}

/** The double nearest to the digits over 10^power, NaN where the quick ways leave a doubt. `high` holds the first nine digits. */
function sizeOf(high: number, low: number, digits: number, power: number): number {
  // Exact: high has at most 30 bits and 5^9 has 21, so that their product fits the 53 of a double.
  const upper = digits <= 9 ? high : high * exactPowers[digits - 9]!;
  const significand = upper + low;
  if (power === 0 || significand === 0) return significand;
  if (power > 22) return Number.NaN;
  if (significand <= Number.MAX_SAFE_INTEGER) return significand / exactPowers[power]!;
  return quotient(significand, low - (significand - upper), power);
}

/** (significand + rest) / 10^power rounded once, where |rest| is at most half a unit of the significand's last place; NaN in doubt. */
function quotient(significand: number, rest: number, power: number): number {
  const divisor = exactPowers[power]!;
  const first = significand / divisor;
  const shifted = splitter * first;
  const firstHigh = shifted - (shifted - first);
  const firstLow = first - firstHigh;
  const product = first * divisor;
  const high = powerHighs[power]!;
  const low = powerLows[power]!;
  const productRest = firstHigh * high - product + firstHigh * low + firstLow * high + firstLow * low;
  const second = (significand - product - productRest + rest) / divisor;
  // The remainder is exact up to the addition of `rest` and this division: three roundings, an error far under 2^-50 of `second`.
  const doubt = Math.abs(second) * 2 ** -50;
  const result = first + second;
  return result === first + (second + doubt) && result === first + (second - doubt) ? result : Number.NaN;
}
