/** The counterpart of the decoder: a line of a series' samples, as `/api/v1/export` answers. It is read back to the bit, but for the payload of NaNs. */
import type { Labels } from '../../model/labels.js';
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
  const metric = labels.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join();
  const words = valueWords(values);
  const texts: string[] = [];
  for (let i = from; i < to; i++) texts.push(valueText(values[i]!, words[2 * i]!, words[2 * i + 1]!));
  return `{"metric":{${metric}},"values":[${texts.join()}],"timestamps":[${timesMs.subarray(from, to).join()}]}`;
}

function valueText(value: number, low: number, high: number): string {
  if (Number.isNaN(value)) return low === staleMarkerLow && high === staleMarkerHigh ? 'null' : '"NaN"';
  if (!Number.isFinite(value)) return value > 0 ? '"Infinity"' : '"-Infinity"';
  return Object.is(value, -0) ? '-0' : String(value);
}
