/** `rate`, `increase` and `delta`. Source: Prometheus, promql/functions.go, `extrapolatedRate`. */
import { startTimeOverlap } from '../../evaluate/annotation-kinds.js';
import { type SeriesBuilder, setFloat } from '../../evaluate/series-builder.js';
import { metricNameOf } from '../../evaluate/series-labels.js';
import { lostAtResets } from './counter-growth.js';
import { extendedGrowth } from './extended-rate.js';
import { extrapolationFactor, type SampledGrowth } from './extrapolation.js';
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

const newSampledGrowth = ({ isCounter }: GrowthKind): SampledGrowth => ({
  firstMs: 0,
  lastMs: 0,
  intervals: 0,
  isCounter,
  first: 0,
  growth: 0,
  startMs: 0,
});

function fillGrowth(call: RangeCall, kind: GrowthKind, out: SeriesBuilder): void {
  const { floats, floatBounds, windows } = call;
  const { timesMs, values } = floats;
  const { starts, ends } = floatBounds;
  const lost = kind.isCounter ? lostAtResets(call) : undefined;
  const sampled = newSampledGrowth(kind);
  const divisor = kind.isPerSecond ? windows.rangeMs / 1000 : 1;
  for (let step = 0; step < windows.steps; step++) {
    const start = starts[step]!;
    const last = ends[step]! - 1;
    if (start >= last) continue;
    sampled.firstMs = timesMs[start]!;
    sampled.lastMs = timesMs[last]!;
    sampled.intervals = last - start;
    sampled.first = values[start]!;
    sampled.growth = values[last]! - values[start]! + (lost === undefined ? 0 : lost(step));
    const endMs = windows.startMs + step * windows.stepMs;
    const factor = extrapolationFactor(sampled, endMs - windows.rangeMs, endMs);
    setFloat(out, step, sampled.growth * (factor / divisor));
  }
}

/** As `fillGrowth` where samples say when their counter began: resets that values do not show, and counters born in the window. */
function fillWithStartTimes(call: RangeCall, kind: GrowthKind, out: SeriesBuilder): void {
  const { floats, floatBounds, windows } = call;
  const { timesMs, values } = floats;
  const startTimesMs = floats.startTimesMs!;
  const sampled = newSampledGrowth(kind);
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
    sampled.firstMs = timesMs[start]!;
    sampled.lastMs = timesMs[last]!;
    sampled.intervals = last - start;
    sampled.first = values[start]!;
    sampled.growth = growthWithResets(call, start, last) + (begunInside ? values[start]! : 0);
    sampled.startMs = begunInside ? startMs : 0;
    setFloat(out, step, sampled.growth * (extrapolationFactor(sampled, windowStartMs, endMs) / divisor));
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
