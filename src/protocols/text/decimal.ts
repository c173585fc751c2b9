/**
 * Decimal numbers in text, read into the nearest double exactly. A significand under 2^53 times or over a power of ten up to
 * 22 is one correctly rounded operation on exact doubles and never becomes a string (W. D. Clinger, "How to read floating
 * point numbers accurately", 1990); everything else goes through Number().
 */

/** Results of the readers where there is no number; otherwise they give the position behind it, which is never negative. */
export const noNumber = -1;
/** The number is past the range of what it is read into. */
export const numberOutOfRange = -2;

const plus = 0x2b;
const minus = 0x2d;
const dot = 0x2e;
const zero = 0x30;
const lowerE = 0x65;

const exactPowers = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
/** Larger exponents than this are all the same: no double reaches them. */
const exponentMax = 100_000;

/**
 * Reads a sign, digits, a fraction and an exponent, of which at least one digit must be there, from bytes[start, end)
 * into into[slot].
 */
export function readDecimal(
  bytes: Buffer,
  start: number,
  end: number,
  into: Float64Array | number[],
  slot: number,
): number {
  let at = start;
  const isNegative = bytes[at] === minus;
  if (isNegative || bytes[at] === plus) at++;
  let significand = 0;
  const wholeStart = at;
  // Exclusive or with "0" is the digit's value, and more than 9 for any byte that is no digit.
  for (; at < end; at++) {
    const digit = bytes[at]! ^ zero;
    if (digit > 9) break;
    significand = significand * 10 + digit;
  }
  let digits = at - wholeStart;
  let power = 0;
  if (at < end && bytes[at] === dot) {
    const fractionStart = ++at;
    for (; at < end; at++) {
      const digit = bytes[at]! ^ zero;
      if (digit > 9) break;
      significand = significand * 10 + digit;
    }
    power = fractionStart - at;
    digits -= power;
  }
  if (digits === 0) return noNumber;
  if (at < end && (bytes[at]! | 0x20) === lowerE) {
    const exponentEnd = skipExponent(bytes, at, end);
    if (exponentEnd === noNumber) return noNumber;
    power += exponentOf(bytes, at + 1, exponentEnd);
    at = exponentEnd;
  }
  if (significand <= Number.MAX_SAFE_INTEGER && power >= -22 && power <= 22) {
    const size = power < 0 ? significand / exactPowers[-power]! : significand * exactPowers[power]!;
    into[slot] = isNegative ? -size : size;
    return at;
  }
  const value = Number(bytes.toString('latin1', start, at));
  into[slot] = value;
  return Number.isFinite(value) ? at : numberOutOfRange;
}

function skipExponent(bytes: Buffer, e: number, end: number): number {
  let at = e + 1;
  if (at < end && (bytes[at] === plus || bytes[at] === minus)) at++;
  const first = at;
  while (at < end && (bytes[at]! ^ zero) <= 9) at++;
  return at === first ? noNumber : at;
}

function exponentOf(bytes: Buffer, start: number, end: number): number {
  const isSigned = bytes[start] === plus || bytes[start] === minus;
  let exponent = 0;
  for (let at = isSigned ? start + 1 : start; at < end; at++)
    exponent = Math.min(exponent * 10 + (bytes[at]! ^ zero), exponentMax);
  return bytes[start] === minus ? -exponent : exponent;
}

/** Reads an optional minus and digits into into[slot]; a number that is not a safe integer is out of range. */
export function readInteger(
  bytes: Buffer,
  start: number,
  end: number,
  into: Float64Array | number[],
  slot: number,
): number {
  const isNegative = bytes[start] === minus;
  const first = isNegative ? start + 1 : start;
  let at = first;
  let size = 0;
  for (; at < end; at++) {
    const digit = bytes[at]! ^ zero;
    if (digit > 9) break;
    size = size * 10 + digit;
  }
  if (at === first) return noNumber;
  // 0 - 0 is 0, where -0 would not be the same time as 0.
  into[slot] = isNegative ? 0 - size : size;
  return size <= Number.MAX_SAFE_INTEGER ? at : numberOutOfRange;
}
