/**
 * Doubles as decimal numbers: mantissa / 10^scale, which a division gives back to the bit, since both are exact doubles. One scale for all
 * values of a series, so that their mantissas differ by little. Values that are no decimal number of that scale (NaN, infinities, -0, full
 * mantissas) keep their bits, and `bitsScale` says so.
 */

/** In place of a scale: the mantissa is the value's bits. */
const bitsScale: u8 = 255;
/** The powers of ten up to this one are whole numbers of 64 bits, which the engine divides by. */
const scaleMax: u32 = 18;
/** Whole numbers are exact up to here. */
const mantissaMax: f64 = 9007199254740992;
/**
 * In search of a scale mantissas are held smaller: of doubles of no decimal origin one in 2^(53 - bits of the mantissa) passes for a decimal number
 * by chance, here one in a thousand, and would raise the scale of all others.
 */
const searchedMax: f64 = 8796093022208;
const minusZero: u64 = 0x8000000000000000;

const powers = memory.data<f64>([
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
]);

// @ts-ignore: decorator
@inline
const powerOf = (scale: u32): f64 => load<f64>(powers + 8 * scale);

/**
 * Turns `count` values of one series at `values` into mantissas, where they lie, and writes the scale of each to `scales`. Where more than a
 * quarter are no decimal numbers all keep their bits: a mantissa beside bits differs by much.
 */
export function encodeDecimals(values: usize, scales: usize, count: u32): void {
  const misfitsMax = count / 4;
  const scale = scaleFor(values, count, misfitsMax);
  if (scale <= scaleMax && writeMantissas(values, scales, count, scale) <= misfitsMax) return;
  if (scale <= scaleMax) restoreBits(values, scales, count, scale);
  memory.fill(scales, bitsScale, count);
}

/** The smallest scale that most values are decimal numbers of; more than `scaleMax` where more than `misfitsMax` are of none. */
function scaleFor(values: usize, count: u32, misfitsMax: u32): u32 {
  let scale: u32 = 0;
  let power = powerOf(0);
  let misfits: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const value = load<f64>(values + 8 * i);
    const mantissa = nearest(value * power);
    if (mantissa / power == value && abs(mantissa) <= mantissaMax) continue;
    const raised = scaleOf(value, scale + 1);
    if (raised <= scaleMax) {
      scale = raised;
      power = powerOf(scale);
    } else if (++misfits > misfitsMax) return raised;
  }
  return scale;
}

/** The smallest scale from `from` on at which a value is a decimal number; more than `scaleMax` where there is none. */
function scaleOf(value: f64, from: u32): u32 {
  for (let scale = from; scale <= scaleMax; scale++) {
    const power = powerOf(scale);
    const mantissa = nearest(value * power);
    // Written so that it holds for NaN too.
    if (!(abs(mantissa) <= searchedMax)) return scaleMax + 1;
    if (mantissa / power == value) return scale;
  }
  return scaleMax + 1;
}

/** Answers how many values kept their bits. */
function writeMantissas(values: usize, scales: usize, count: u32, scale: u32): u32 {
  const power = powerOf(scale);
  let misfits: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const value = load<f64>(values + 8 * i);
    const mantissa = nearest(value * power);
    if (mantissa / power == value && abs(mantissa) <= mantissaMax && load<u64>(values + 8 * i) != minusZero) {
      store<i64>(values + 8 * i, <i64>mantissa);
      store<u8>(scales + i, <u8>scale);
    } else {
      store<u8>(scales + i, bitsScale);
      misfits++;
    }
  }
  return misfits;
}

function restoreBits(values: usize, scales: usize, count: u32, scale: u32): void {
  const power = powerOf(scale);
  for (let i: u32 = 0; i < count; i++)
    if (load<u8>(scales + i) != bitsScale) store<f64>(values + 8 * i, <f64>load<i64>(values + 8 * i) / power);
}
