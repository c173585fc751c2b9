/** Whether a counter began anew between two histograms. Source: Prometheus, float_histogram.go, `DetectReset`. */
import { commonBounds, haveSameBounds, rebinned } from './add-histograms.js';
import { coarserBuckets, exponentialBound } from './bucket-bounds.js';
import { type Buckets, type FloatHistogram, usesCustomBounds } from './float-histogram.js';
import { zeroCountUpTo } from './zero-bucket.js';

/**
 * True where a count is smaller than before, in total or in any bucket, or where the layout changed as it only does at a
 * restart: to a higher resolution or a narrower zero bucket. A hint that says so itself decides.
 */
export function isHistogramReset(current: FloatHistogram, previous: FloatHistogram): boolean {
  if (current.counterReset === 'reset') return true;
  if (current.counterReset === 'not_reset') return false;
  if (current.count < previous.count) return true;
  if (usesCustomBounds(current)) return isCustomReset(current, previous);
  if (current.schema > previous.schema || current.zeroThreshold < previous.zeroThreshold) return true;
  const zero = zeroCountUpTo(previous, current.zeroThreshold);
  if (zero.threshold !== current.zeroThreshold || current.zeroCount < zero.zeroCount) return true;
  return (['positive', 'negative'] as const).some((side) => {
    const before = coarserBuckets(previous[side], previous.schema, current.schema);
    const isInZeroBucket = (index: number): boolean => exponentialBound(index, current.schema) <= current.zeroThreshold;
    return hasDecrease(current[side], before, isInZeroBucket);
  });
}

function isCustomReset(current: FloatHistogram, previous: FloatHistogram): boolean {
  if (!usesCustomBounds(previous)) return true;
  if (haveSameBounds(current.customBounds, previous.customBounds))
    return hasDecrease(current.positive, previous.positive, () => false);
  const bounds = commonBounds(current.customBounds, previous.customBounds);
  return hasDecrease(
    rebinned(current.positive, current.customBounds, bounds),
    rebinned(previous.positive, previous.customBounds, bounds),
    () => false,
  );
}

function hasDecrease(current: Buckets, previous: Buckets, isIgnored: (index: number) => boolean): boolean {
  let at = 0;
  return previous.indexes.some((index, i) => {
    while (at < current.indexes.length && current.indexes[at]! < index) at++;
    const count = current.indexes[at] === index ? current.counts[at]! : 0;
    return count < previous.counts[i]! && !isIgnored(index);
  });
}
