/** What a decoder gave, as lines that a reader of Prometheus' text format knows: `name{label="value"} value time`. */
import { decodeLabels } from '../../../src/model/labels.js';
import { bucketIndexes, type NativeHistogram, type SpannedBuckets } from '../../../src/model/native-histogram.js';
import { histogramBytesAt, readHistogramBytes } from '../../../src/model/native-histogram-bytes.js';
import { type DecodedMetrics, staleMarkerHigh, staleMarkerLow, valueWords } from '../../../src/model/sample-batch.js';

export function sampleLines({ batch }: DecodedMetrics): string[] {
  const words = valueWords(batch.values);
  const lines: string[] = [];
  for (let run = 0, sample = 0; run < batch.runCount; run++) {
    const series = seriesText(batch.keys.subarray(batch.keyStarts[run], batch.keyEnds[run]));
    for (; sample < batch.sampleEnds[run]!; sample++) {
      const isStale = words[2 * sample] === staleMarkerLow && words[2 * sample + 1] === staleMarkerHigh;
      lines.push(`${series} ${isStale ? 'stale' : batch.values[sample]} ${batch.timesMs[sample]}`);
    }
  }
  return lines;
}

export function seriesText(key: Uint8Array): string {
  const labels = decodeLabels(key);
  const name = labels.find(([label]) => label === '__name__')?.[1] ?? '';
  const others = labels.filter(([label]) => label !== '__name__').map(([label, value]) => `${label}="${value}"`);
  return `${name}{${others.join(',')}}`;
}

/** Native histograms: `name{label="value"} schema 0 sum 3 count 4 zero 1 0.001 +[0 1: 2 3] -[] time`, buckets as index: counts of each span. */
export function histogramLines({ histograms: batch }: DecodedMetrics): string[] {
  if (batch === undefined) return [];
  const { runs, histograms } = batch;
  const lines: string[] = [];
  for (let run = 0, i = 0; run < runs.runCount; run++) {
    const series = seriesText(runs.keys.subarray(runs.keyStarts[run], runs.keyEnds[run]));
    for (; i < runs.sampleEnds[run]!; i++) {
      const histogram = readHistogramBytes(histogramBytesAt(histograms, runs.values[i]!));
      lines.push(`${series} ${histogramText(histogram)} ${runs.timesMs[i]}`);
    }
  }
  return lines;
}

function histogramText(histogram: NativeHistogram): string {
  if (histogram.isStale) return 'stale';
  const { schema, sum, count, zeroCount, zeroThreshold, positive, negative } = histogram;
  const zero = `${zeroCount} ${zeroThreshold}`;
  return `schema ${schema} sum ${sum} count ${count} zero ${zero} +[${bucketsText(positive)}] -[${bucketsText(negative)}]`;
}

function bucketsText(buckets: SpannedBuckets): string {
  const indexes = bucketIndexes(buckets);
  let at = 0;
  const spans = buckets.lengths.map((length) => {
    const text = `${indexes[at]}: ${buckets.counts.slice(at, at + length).join(' ')}`;
    at += length;
    return text;
  });
  return spans.join(', ');
}
