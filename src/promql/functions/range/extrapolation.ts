/**
 * How much a counter would have grown over a whole window, where samples cover only its middle. Where the first or last sample is
 * about one sample's distance from the window's border or nearer, the growth goes on up to the border; else by half a distance. A
 * counter is not taken below zero. Source: Prometheus, promql/functions.go, `extrapolatedRate`.
 */
export interface SampledGrowth {
  firstMs: number;
  lastMs: number;
  /** Samples, less one; at least 1 unless `startMs` is used. */
  intervals: number;
  isCounter: boolean;
  /** First value, and growth up to the last one, resets added up; for histograms, their counts. */
  first: number;
  growth: number;
  /** When the counter began inside the window: it was zero then. 0 where that is not known. */
  startMs: number;
}

/** What to multiply the growth by. */
export function extrapolationFactor(sampled: SampledGrowth, windowStartMs: number, windowEndMs: number): number {
  const { firstMs, lastMs, intervals, isCounter, first, growth, startMs } = sampled;
  const begunInside = startMs !== 0;
  const sampledSeconds = (lastMs - (begunInside ? startMs : firstMs)) / 1000;
  const distance = intervals > 0 ? (lastMs - firstMs) / 1000 / intervals : 0;
  const threshold = distance * 1.1;
  let toStart = begunInside ? 0 : (firstMs - windowStartMs) / 1000;
  if (!begunInside) {
    if (toStart >= threshold) toStart = distance / 2;
    if (isCounter && growth > 0 && first >= 0) {
      const toZero = sampledSeconds * (first / growth);
      if (toZero < toStart) toStart = toZero;
    }
  }
  let toEnd = (windowEndMs - lastMs) / 1000;
  if (toEnd >= threshold) toEnd = distance / 2;
  return sampledSeconds === 0 ? 1 : (sampledSeconds + toStart + toEnd) / sampledSeconds;
}
