/** Functions of one number: rounding, logarithms, angles. */
import { vectorOf } from '../evaluate/value.js';
import { type PromqlFunction, scalarArg, seriesArg } from './function-call.js';
import { mapFloats } from './map-series.js';

const ofFloats =
  (change: (value: number) => number): PromqlFunction =>
  (call) =>
    vectorOf(mapFloats(seriesArg(call, 0), change));

const sign = (value: number): number => (value < 0 ? -1 : value > 0 ? 1 : value);

/** As Go's `math.Max` and `math.Min`: NaN if either is. JavaScript's do the same. */
const bounded = (value: number, lower: number, upper: number): number => Math.max(lower, Math.min(upper, value));

/** Steps whose bounds are the wrong way round have no values. */
const clamp =
  (lowerOf: number | undefined, upperOf: number | undefined): PromqlFunction =>
  (call) => {
    const { steps } = call.grid;
    const bound = (arg: number | undefined, otherwise: number): Float64Array =>
      arg === undefined ? new Float64Array(steps).fill(otherwise) : scalarArg(call, arg);
    const lower = bound(lowerOf, Number.NEGATIVE_INFINITY);
    const upper = bound(upperOf, Number.POSITIVE_INFINITY);
    const results = mapFloats(seriesArg(call, 0), (value, step) => bounded(value, lower[step]!, upper[step]!));
    const isCrossed = lower.some((each, step) => upper[step]! < each);
    if (!isCrossed) return vectorOf(results);
    return vectorOf(
      results.map((each) => ({
        ...each,
        presence: each.presence.map((held, step) => (upper[step]! < lower[step]! ? 0 : held)),
      })),
    );
  };

/** Ties go up. The inverse of the unit loses fewer digits than the unit. */
const round: PromqlFunction = (call) => {
  const units = call.args.length > 1 ? scalarArg(call, 1) : new Float64Array(call.grid.steps).fill(1);
  return vectorOf(
    mapFloats(seriesArg(call, 0), (value, step) => {
      const inverse = 1 / units[step]!;
      return Math.floor(value * inverse + 0.5) / inverse;
    }),
  );
};

export const mathFunctions: Readonly<Record<string, PromqlFunction>> = {
  abs: ofFloats(Math.abs),
  acos: ofFloats(Math.acos),
  acosh: ofFloats(Math.acosh),
  asin: ofFloats(Math.asin),
  asinh: ofFloats(Math.asinh),
  atan: ofFloats(Math.atan),
  atanh: ofFloats(Math.atanh),
  ceil: ofFloats(Math.ceil),
  clamp: clamp(1, 2),
  clamp_max: clamp(undefined, 1),
  clamp_min: clamp(1, undefined),
  cos: ofFloats(Math.cos),
  cosh: ofFloats(Math.cosh),
  deg: ofFloats((value) => (value * 180) / Math.PI),
  exp: ofFloats(Math.exp),
  floor: ofFloats(Math.floor),
  ln: ofFloats(Math.log),
  log10: ofFloats(Math.log10),
  log2: ofFloats(Math.log2),
  rad: ofFloats((value) => (value * Math.PI) / 180),
  round,
  sgn: ofFloats(sign),
  sin: ofFloats(Math.sin),
  sinh: ofFloats(Math.sinh),
  sqrt: ofFloats(Math.sqrt),
  tan: ofFloats(Math.tan),
  tanh: ofFloats(Math.tanh),
};
