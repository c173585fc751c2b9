/** What a decoder gave, as lines that a reader of Prometheus' text format knows: `name{label="value"} value time`. */
import { decodeLabels } from '../../../src/model/labels.js';
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
