/** The counterpart of the decoder: a line of a series' samples, as `/api/v1/export` answers. It is read back to the bit, but for the payload of NaNs. */
import type { Labels } from '../../model/labels.js';
import type { NativeHistogram, SpannedBuckets } from '../../model/native-histogram.js';
import { staleMarkerHigh, staleMarkerLow, valueWords } from '../../model/sample-batch.js';

/**
 * The line of samples [from, to) of a series, without its newline. Stale markers become null, other NaNs "NaN", infinities "Infinity" and
 * "-Infinity". Numbers are the shortest that read back as the same double. Times are epoch milliseconds.
 */
export function encodeJsonLine(
  labels: Labels,
  timesMs: Float64Array,
  values: Float64Array,
  from = 0,
  to: number = timesMs.length,
): string {
  const words = valueWords(values);
  const texts: string[] = [];
  for (let i = from; i < to; i++) texts.push(valueText(values[i]!, words[2 * i]!, words[2 * i + 1]!));
  return `{"metric":${metricText(labels)},"values":[${texts.join()}],"timestamps":[${timesMs.subarray(from, to).join()}]}`;
}

/** By hand: an object would sort names that are numbers. */
const metricText = (labels: Labels): string =>
  `{${labels.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join()}}`;

/** The line of native histograms of a series, without its newline: named as the columns of their table. A stale marker is null. */
export function encodeHistogramLine(
  labels: Labels,
  timesMs: Float64Array,
  histograms: readonly NativeHistogram[],
): string {
  const texts = histograms.map((histogram) => (histogram.isStale ? 'null' : histogramText(histogram)));
  return `{"metric":${metricText(labels)},"histograms":[${texts.join()}],"timestamps":[${timesMs.join()}]}`;
}

function histogramText({ positive, negative, ...histogram }: NativeHistogram): string {
  const numbers = (values: readonly number[]): string => `[${values.map(numberText).join()}]`;
  const side = (name: string, { offsets, lengths, counts }: SpannedBuckets): string =>
    `"${name}_offsets":${numbers(offsets)},"${name}_lengths":${numbers(lengths)},"${name}_counts":${numbers(counts)}`;
  return [
    `{"counter_reset":"${histogram.counterReset}","is_float":${histogram.isFloat},"schema":${histogram.schema}`,
    `"zero_threshold":${numberText(histogram.zeroThreshold)},"zero_count":${numberText(histogram.zeroCount)}`,
    `"count":${numberText(histogram.count)},"sum":${numberText(histogram.sum)}`,
    side('positive', positive),
    side('negative', negative),
    `"custom_bounds":${numbers(histogram.customBounds)}}`,
  ].join();
}

const numberText = (value: number): string => valueText(value, 0, 0);

function valueText(value: number, low: number, high: number): string {
  if (Number.isNaN(value)) return low === staleMarkerLow && high === staleMarkerHigh ? 'null' : '"NaN"';
  if (!Number.isFinite(value)) return value > 0 ? '"Infinity"' : '"-Infinity"';
  return Object.is(value, -0) ? '-0' : String(value);
}
