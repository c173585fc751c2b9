/**
 * Numbers of JSON, read into the nearest double exactly, as `src/protocols/json/json-number.ts` does, whose sources hold here too. What neither of
 * its quick ways reads is left to it.
 */
const minus: u8 = 0x2d;
const plus: u8 = 0x2b;
const dot: u8 = 0x2e;
const zero: u8 = 0x30;
const lowerE: u8 = 0x65;

/** More digits may not fit 64 bits. */
const digitsMax: usize = 18;
/** Powers of ten up to this one are exact doubles. */
const exactPowerMax: i32 = 22;
/** Whole numbers are exact doubles up to here. */
const exactMax: u64 = 9007199254740992;
/** Veltkamp's constant, 2^27 + 1: splits a double into two halves whose products are exact. */
const splitter: f64 = 134217729;

const powers = memory.data<f64>([
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
]);

let value: f64 = 0;

/** The number that was read last. */
// @ts-expect-error: decorator
@inline
export function numberRead(): f64 {
  return value;
}

/** Reads the number at `at`; answers where it ends, 0 where it is none or one that is left to others. */
export function readNumber(at: usize): usize {
  const isNegative = load<u8>(at) == minus;
  if (isNegative) at++;
  let mantissa: u64 = 0;
  let digits: usize = 0;
  let digit = load<u8>(at) ^ zero;
  if (digit == 0) digit = load<u8>(++at) ^ zero;
  else {
    const first = at;
    for (; digit <= 9; digit = load<u8>(++at) ^ zero) mantissa = 10 * mantissa + digit;
    digits = at - first;
    if (digits == 0) return 0;
  }
  if (digit <= 9) return 0;
  let power: i32 = 0;
  if (load<u8>(at) == dot) {
    const fraction = ++at;
    if (mantissa == 0) while (load<u8>(at) == zero) at++;
    const first = at;
    for (let eight = load<u64>(at); isDigits(eight); eight = load<u64>(at)) {
      mantissa = 100_000_000 * mantissa + valueOfDigits(eight);
      at += 8;
    }
    for (digit = load<u8>(at) ^ zero; digit <= 9; digit = load<u8>(++at) ^ zero) mantissa = 10 * mantissa + digit;
    if (at == fraction) return 0;
    digits += at - first;
    power = <i32>(at - fraction);
  }
  if (digits > digitsMax) return 0;
  if ((load<u8>(at) | 0x20) == lowerE) {
    const end = exponentEnd(at + 1);
    if (end == 0) return 0;
    power -= exponent;
    at = end;
  }
  if (!divide(mantissa, power)) return 0;
  if (isNegative) value = -value;
  return at;
}

/** Whether all eight bytes are digits. Source, also of the next: D. Lemire, "Quickly parsing eight digits", 2018. */
// @ts-expect-error: decorator
@inline
function isDigits(eight: u64): bool {
  return ((eight & 0xf0f0f0f0f0f0f0f0) | (((eight + 0x0606060606060606) & 0xf0f0f0f0f0f0f0f0) >> 4)) == 0x3333333333333333;
}

/** Value of eight digits, the first byte's the greatest. */
// @ts-expect-error: decorator
@inline
function valueOfDigits(eight: u64): u64 {
  eight -= 0x3030303030303030;
  eight = 10 * eight + (eight >> 8);
  return (
    ((eight & 0x000000ff000000ff) * 0x000f424000000064 + ((eight >> 16) & 0x000000ff000000ff) * 0x0000271000000001) >> 32
  );
}

let exponent: i32 = 0;

/** Reads the exponent at `at`, of at most three digits; answers where it ends, else 0. */
function exponentEnd(at: usize): usize {
  const isNegative = load<u8>(at) == minus;
  if (isNegative || load<u8>(at) == plus) at++;
  const first = at;
  exponent = 0;
  for (let digit = load<u8>(at) ^ zero; digit <= 9 && at - first <= 3; digit = load<u8>(++at) ^ zero)
    exponent = 10 * exponent + digit;
  if (isNegative) exponent = -exponent;
  return at == first || at - first > 3 ? 0 : at;
}

/** Sets `value` to the double nearest to mantissa / 10^power; false where that is in doubt. */
// @ts-expect-error: decorator
@inline
function divide(mantissa: u64, power: i32): bool {
  value = <f64>mantissa;
  if (power == 0 || mantissa == 0) return true;
  if (power > exactPowerMax || power < -exactPowerMax) return false;
  if (mantissa <= exactMax) {
    if (power > 0) value /= load<f64>(powers + 8 * power);
    else value *= load<f64>(powers - 8 * power);
    return true;
  }
  return power > 0 && divideWide(mantissa, power);
}

/** The same for a mantissa past 53 bits: in double-double arithmetic, with a bound on the error. */
function divideWide(mantissa: u64, power: i32): bool {
  const significand = <f64>mantissa;
  const rest = <f64>(<i64>(mantissa - <u64>significand));
  const divisor = load<f64>(powers + 8 * power);
  const first = significand / divisor;
  const firstShifted = splitter * first;
  const firstHigh = firstShifted - (firstShifted - first);
  const firstLow = first - firstHigh;
  const divisorShifted = splitter * divisor;
  const high = divisorShifted - (divisorShifted - divisor);
  const low = divisor - high;
  const product = first * divisor;
  const productRest = firstHigh * high - product + firstHigh * low + firstLow * high + firstLow * low;
  const second = (significand - product - productRest + rest) / divisor;
  const doubt = abs(second) * 8.8817841970012523e-16; // 2^-50
  value = first + second;
  return value == first + (second + doubt) && value == first + (second - doubt);
}
