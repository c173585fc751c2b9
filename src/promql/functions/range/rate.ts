/** `rate`, `increase` and `delta`. Source: Prometheus, promql/functions.go, `extrapolatedRate`. */
import { startTimeOverlap } from '../../evaluate/annotation-kinds.js';
import { type SeriesBuilder, setFloat } from '../../evaluate/series-builder.js';
import { metricNameOf } from '../../evaluate/series-labels.js';
import { lostAtResets } from './counter-growth.js';
import { extendedGrowth } from './extended-rate.js';
import { extrapolationFactor, sampledFactor } from './extrapolation.js';
import type { GrowthKind } from './growth-kind.js';
import type { RangeCall, RangeFunction } from './range-function.js';
import { rateOfHistograms } from './rate-histograms.js';
import { isStartTimeOverlap, isStartTimeReset } from './start-time-reset.js';

const growthFunction = (kind: GrowthKind): RangeFunction => ({
  floats: (call, out) =>
    kind.isCounter && call.floats.startTimesMs !== undefined
      ? fillWithStartTimes(call, kind, out)
      : fillGrowth(call, kind, out),
  histograms: rateOfHistograms(kind),
  extended: { anchored: extendedGrowth(kind, 'anchored'), smoothed: extendedGrowth(kind, 'smoothed') },
  usesStartTimes: kind.isCounter,
  isForCounters: kind.isCounter,
});

export const rate = growthFunction({ isCounter: true, isPerSecond: true });
export const increase = growthFunction({ isCounter: true, isPerSecond: false });
export const delta = growthFunction({ isCounter: false, isPerSecond: false });

function fillGrowth(call: RangeCall, { isCounter, isPerSecond }: GrowthKind, out: SeriesBuilder): void {
  const { floats, floatBounds, windows } = call;
  const { timesMs, values } = floats;
  const { starts, ends } = floatBounds;
  const { startMs, stepMs, rangeMs, steps } = windows;
  const lost = isCounter ? lostAtResets(call) : undefined;
  const divisor = isPerSecond ? rangeMs / 1000 : 1;
  for (let step = 0; step < steps; step++) {
    const start = starts[step]!;
    const last = ends[step]! - 1;
    if (start >= last) continue;
    const endMs = startMs + step * stepMs;
    const firstMs = timesMs[start]!;
    const lastMs = timesMs[last]!;
    const first = values[start]!;
    const growth = values[last]! - first + (lost === undefined ? 0 : lost(step));
    const factor = extrapolationFactor(
      (firstMs - endMs + rangeMs) / 1000,
      (lastMs - firstMs) / 1000,
      (endMs - lastMs) / 1000,
      last - start,
      isCounter && growth > 0 && first >= 0 ? first / growth : Number.POSITIVE_INFINITY,
    );
    setFloat(out, step, growth * (factor / divisor));
  }
}

/** As `fillGrowth` where samples say when their counter began: resets that values do not show, and counters born in the window. */
function fillWithStartTimes(call: RangeCall, kind: GrowthKind, out: SeriesBuilder): void {
  const { floats, floatBounds, windows } = call;
  const { timesMs, values } = floats;
  const startTimesMs = floats.startTimesMs!;
  const divisor = kind.isPerSecond ? windows.rangeMs / 1000 : 1;
  for (let step = 0; step < windows.steps; step++) {
    const start = floatBounds.starts[step]!;
    const last = floatBounds.ends[step]! - 1;
    if (start > last) continue;
    const endMs = windows.startMs + step * windows.stepMs;
    const windowStartMs = endMs - windows.rangeMs;
    const startMs = startTimesMs[start]!;
    const begunInside = startMs !== 0 && startMs > windowStartMs && startMs < timesMs[start]!;
    if (start === last && !begunInside) continue;
    const growth = growthWithResets(call, start, last) + (begunInside ? values[start]! : 0);
    const sampled = {
      firstMs: timesMs[start]!,
      lastMs: timesMs[last]!,
      intervals: last - start,
      isCounter: true,
      first: values[start]!,
      growth,
      startMs: begunInside ? startMs : 0,
    };
    setFloat(out, step, growth * (sampledFactor(sampled, windowStartMs, endMs) / divisor));
  }
}

function growthWithResets({ floats, labels, annotations, at }: RangeCall, start: number, last: number): number {
  const { timesMs, values } = floats;
  const startTimesMs = floats.startTimesMs!;
  let growth = values[last]! - values[start]!;
  let isOverlapping = false;
  for (let i = start + 1; i <= last; i++) {
    const previousStart = startTimesMs[i - 1]!;
    const previousMs = timesMs[i - 1]!;
    const currentStart = startTimesMs[i]!;
    isOverlapping ||= isStartTimeOverlap(previousStart, previousMs, currentStart);
    const isReset =
      values[i]! < values[i - 1]! || isStartTimeReset(previousStart, previousMs, currentStart, timesMs[i]!);
    if (isReset) growth += values[i - 1]!;
  }
  if (isOverlapping) annotations.add(startTimeOverlap(metricNameOf(labels), at));
  return growth;
}
