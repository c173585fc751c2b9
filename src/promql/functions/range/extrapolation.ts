/**
 * How much a counter would have grown over a whole window, where samples cover only its middle. Where the first or last sample is
 * about one sample's distance from the window's border or nearer, the growth goes on up to the border; else by half a distance. A
 * counter is not taken below zero. Source: Prometheus, promql/functions.go, `extrapolatedRate`.
 */
export interface SampledGrowth {
  readonly firstMs: number;
  readonly lastMs: number;
  /** Samples, less one; at least 1 unless `startMs` is used. */
  readonly intervals: number;
  readonly isCounter: boolean;
  /** First value, and growth up to the last one, resets added up; for histograms, their counts. */
  readonly first: number;
  readonly growth: number;
  /** When the counter began inside the window: it was zero then. 0 where that is not known. */
  readonly startMs: number;
}

/** What to multiply the growth by, where the first sample is all that tells where the growth began. */
export function extrapolationFactor(
  toStart: number,
  sampledSeconds: number,
  toEnd: number,
  intervals: number,
  // The part of the sampled time after which a counter that goes on as it did would have been zero; infinite for others.
  zeroPart: number,
): number {
  const distance = sampledSeconds / intervals;
  const threshold = distance * 1.1;
  if (toStart >= threshold) toStart = distance / 2;
  const toZero = sampledSeconds * zeroPart;
  if (toZero < toStart) toStart = toZero;
  if (toEnd >= threshold) toEnd = distance / 2;
  return (sampledSeconds + toStart + toEnd) / sampledSeconds;
}

/** As `extrapolationFactor`, for counters that may be known to have begun inside the window. */
export function sampledFactor(sampled: SampledGrowth, windowStartMs: number, windowEndMs: number): number {
  const { firstMs, lastMs, intervals, isCounter, first, growth, startMs } = sampled;
  const seconds = (lastMs - firstMs) / 1000;
  const toEnd = (windowEndMs - lastMs) / 1000;
  if (startMs === 0) {
    const zeroPart = isCounter && growth > 0 && first >= 0 ? first / growth : Number.POSITIVE_INFINITY;
    return extrapolationFactor((firstMs - windowStartMs) / 1000, seconds, toEnd, intervals, zeroPart);
  }
  const sinceStart = (lastMs - startMs) / 1000;
  const distance = intervals > 0 ? seconds / intervals : 0;
  return (sinceStart + (toEnd >= distance * 1.1 ? distance / 2 : toEnd)) / sinceStart;
}
