/**
 * Decimal numbers as whole mantissas: a double that was read from a decimal text of up to 13 digits is mantissa / 10^scale,
 * bit for bit, because division of two exact doubles rounds as reading the text does. (10^scale is exact up to 10^22.)
 */

/** The largest scale that is tried. More digits behind the point than these are seldom a decimal number. */
export const scaleMax = 12;

/** Powers of ten by scale. */
export const powersOfTen: Float64Array = Float64Array.from({ length: scaleMax + 1 }, (_, scale) =>
  Number(`1e${scale}`),
);

/**
 * Mantissas are below this in magnitude, so that residuals, at most four times as large, are exact once zigzagged: a
 * prediction is bounded by the largest difference of two mantissas, a residual by twice that.
 */
export const mantissaEnd = 2 ** 50;

/**
 * In search of a scale mantissas are held smaller: one double in 2^(53 - bits of the mantissa) of no decimal origin passes for
 * a decimal number by chance, here one in a thousand.
 */
const searchedMantissaEnd = 2 ** 43;

/**
 * The mantissa of a value at a power of ten, NaN where the value is not exactly mantissa / power. The value -0 has none;
 * the caller tells it from 0 by its bits.
 */
export function mantissaOf(value: number, power: number): number {
  const mantissa = Math.round(value * power);
  return mantissa / power === value && mantissa < mantissaEnd && mantissa > -mantissaEnd ? mantissa : Number.NaN;
}

/** The smallest scale from `from` on at which a finite value is a decimal number of few enough digits; -1 where there is none. */
export function scaleOf(value: number, from: number): number {
  for (let scale = from; scale <= scaleMax; scale++) {
    const power = powersOfTen[scale]!;
    if (Math.abs(value * power) >= (scale === 0 ? mantissaEnd : searchedMantissaEnd)) return -1;
    if (Math.round(value * power) / power === value) return scale;
  }
  return -1;
}
