/**
 * `rate`, `increase` and `delta` over `anchored` and `smoothed` selectors, floats. Instead of being extrapolated, the values at the
 * window's borders are taken from samples beyond them: anchored, the last sample at or before a border; smoothed, on the line
 * between the samples around it. Source: Prometheus, promql/functions.go, `extendedRate`.
 */
import type { RangeExtension } from '../../ast.js';
import { mixedFloatsHistograms } from '../../evaluate/annotation-kinds.js';
import { type SeriesBuilder, setFloat } from '../../evaluate/series-builder.js';
import { metricNameOf } from '../../evaluate/series-labels.js';
import { extendedHistogramGrowth } from './extended-rate-histograms.js';
import { borderSamples } from './extended-window.js';
import type { GrowthKind } from './growth-kind.js';
import type { RangeCall, WindowFunction } from './range-function.js';
import { countsAt } from './sum-histograms-over-time.js';

export const extendedGrowth =
  (kind: GrowthKind, extension: RangeExtension): WindowFunction =>
  (call, step, out) => {
    const counts = countsAt(call, step);
    if (counts.floats > 0 && counts.histograms > 0)
      call.annotations.add(mixedFloatsHistograms(metricNameOf(call.labels), call.at));
    else if (counts.histograms > 0) extendedHistogramGrowth(kind, extension, call, step, out);
    else if (counts.floats > 0) extendedFloatGrowth(kind, extension, call, step, out);
  };

function extendedFloatGrowth(
  { isCounter, isPerSecond }: GrowthKind,
  extension: RangeExtension,
  call: RangeCall,
  step: number,
  out: SeriesBuilder,
): void {
  const { timesMs, values } = call.floats;
  const borders = borderSamples(call, step, call.floatBounds, timesMs, extension);
  if (borders === undefined) return;
  const { startMs, endMs, isSmoothed } = borders;
  let { first, last } = borders;
  const between = (from: number, timeMs: number): number => interpolate(call.floats, from, timeMs, isCounter);
  const left = isSmoothed && timesMs[first]! < startMs ? between(first, startMs) : values[first]!;
  const right =
    isSmoothed && last > borders.lowest && timesMs[last]! > endMs ? between(last - 1, endMs) : values[last]!;
  let growth = right - left;
  if (isCounter) {
    if (timesMs[first]! <= startMs) first++;
    if (timesMs[last]! >= endMs) last--;
    let previous = left;
    for (let i = first; i <= last; i++) {
      if (values[i]! < previous) growth += previous;
      previous = values[i]!;
    }
    if (right < previous) growth += previous;
  }
  setFloat(out, step, isPerSecond ? growth / (call.windows.rangeMs / 1000) : growth);
}

/** The value between sample `from` and the next; a counter that was reset between them is taken to have grown from zero. */
export function interpolate(
  { timesMs, values }: Pick<RangeCall['floats'], 'timesMs' | 'values'>,
  from: number,
  timeMs: number,
  isCounter: boolean,
): number {
  const after = values[from + 1]!;
  const before = isCounter && after < values[from]! ? 0 : values[from]!;
  return before + ((after - before) * (timeMs - timesMs[from]!)) / (timesMs[from + 1]! - timesMs[from]!);
}
