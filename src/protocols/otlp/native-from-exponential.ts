/**
 * Exponential histograms as Prometheus' native ones. Both count by powers of 2^(2^-scale); a bucket is named by its lower bound there and by its upper one
 * here, so indexes differ by one, and a list of all buckets becomes spans of those that hold something. A missing sum is NaN, not the stale
 * marker that the specification names: that would end the series.
 * Source: OpenTelemetry specification, compatibility/prometheus_and_openmetrics.md, "Exponential Histograms".
 */
import { soundHistogram } from '../../model/check-native-histogram.js';
import { type NativeHistogram, noSpans, type SpannedBuckets, schemaMin } from '../../model/native-histogram.js';
import { type ExponentialBuckets, type ExponentialHistogram, rescaled, scaleMax } from './exponential-buckets.js';

/** Width of the zero bucket where the sender gives none. Source: the specification. */
const zeroThresholdDefault = 1e-128;

/** So many empty buckets between others cost less than another span. Source: Prometheus' receiver, storage/remote/otlptranslator. */
const gapMax = 2;

/** The histogram, or what is wrong with it, in words. */
export function nativeFromExponential(sent: ExponentialHistogram): NativeHistogram | string {
  const { scale, count, hasSum, sum, zeroThreshold, zeroCount, positive, negative } = rescaled(
    sent,
    Math.min(sent.scale, scaleMax),
  );
  if (scale < schemaMin) return `scale: got ${scale}, wanted ${schemaMin} or more`;
  return soundHistogram({
    counterReset: 'unknown',
    isFloat: false,
    isStale: false,
    schema: scale,
    zeroThreshold: zeroThreshold === 0 ? zeroThresholdDefault : zeroThreshold,
    zeroCount,
    count,
    sum: hasSum ? sum : Number.NaN,
    positive: spansOf(positive),
    negative: spansOf(negative),
    customBounds: [],
  });
}

function spansOf({ offset, counts }: ExponentialBuckets): SpannedBuckets {
  const offsets: number[] = [];
  const lengths: number[] = [];
  const kept: number[] = [];
  /** Where the next span's offset counts from. */
  let end = 0;
  for (let i = 0; i < counts.length; i++) {
    if (counts[i] === 0) continue;
    const index = offset + 1 + i;
    const gap = index - end;
    if (kept.length === 0 || gap > gapMax) {
      offsets.push(gap);
      lengths.push(1);
    } else {
      for (let empty = 0; empty < gap; empty++) kept.push(0);
      lengths[lengths.length - 1]! += gap + 1;
    }
    kept.push(counts[i]!);
    end = index + 1;
  }
  return kept.length === 0 ? noSpans : { offsets, lengths, counts: kept };
}
