/** `double_exponential_smoothing`: smoothed values with a trend. Source: Prometheus, functions.go. */
import { BarographError } from '../../../base/errors.js';
import { setFloat } from '../../evaluate/series-builder.js';
import type { RangeFunction } from './range-function.js';

/** The window's last value, smoothed; throws `query_failed` where a factor is not between 0 and 1. */
export const doubleExponentialSmoothing: RangeFunction = {
  floats({ floats: { values }, floatBounds: { starts, ends }, windows: { steps }, scalars }, out) {
    for (let step = 0; step < steps; step++) {
      const start = starts[step]!;
      const end = ends[step]!;
      if (start === end) continue;
      const smoothing = factor('smoothing', 'sf', scalars[0]![step]!);
      const trending = factor('trend', 'tf', scalars[1]![step]!);
      if (end - start >= 2) setFloat(out, step, smoothed(values, start, end, smoothing, trending));
    }
  },
  histograms: undefined,
};

function factor(name: string, symbol: string, value: number): number {
  if (!(value <= 0 || value >= 1)) return value;
  throw new BarographError(
    'query_failed',
    `invalid ${name} factor. Expected: 0 < ${symbol} < 1, got: ${value.toFixed(6)}`,
  );
}

function smoothed(values: Float64Array, start: number, end: number, smoothing: number, trending: number): number {
  let before = 0;
  let level = values[start]!;
  let trend = values[start + 1]! - values[start]!;
  for (let i = start + 1; i < end; i++) {
    if (i > start + 1) trend = trending * (level - before) + (1 - trending) * trend;
    const next = smoothing * values[i]! + (1 - smoothing) * (level + trend);
    before = level;
    level = next;
  }
  return level;
}
