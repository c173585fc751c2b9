/** Series as requests of remote write 1.0, in the order of time, as a server takes them whose newest samples bound what it takes. */
import { compressSync } from 'snappy';
import { bitsOf } from '../protocols/protobuf/wire-writer.js';
import { type SeriesToWrite, sample, writeRequest } from '../protocols/remote-write/remote-write-encoder.js';
import type { WrittenSeries } from './random-metrics.js';

/** Time of one request's samples. Less than the hour by which Prometheus takes samples behind its newest one. */
const sliceMs = 10 * 60_000;
const staleMarker = 0x7ff0000000000002n;
/** Go's NaN: to Prometheus a marker is the only NaN that means something, but chunks keep every bit. */
const ordinaryNan = 0x7ff8000000000001n;

export function* writeRequests(series: readonly WrittenSeries[], startMs: number, endMs: number): Generator<Buffer> {
  const next = series.map(() => 0);
  for (let toMs = startMs + sliceMs; toMs < endMs + sliceMs; toMs += sliceMs) {
    const sent = series.map(({ labels, timesMs, values }, i): SeriesToWrite => {
      const samples = [];
      for (; next[i]! < timesMs.length && timesMs[next[i]!]! < toMs; next[i]!++) {
        const value = values[next[i]!];
        samples.push({ ...sample(timesMs[next[i]!]!, 0), bits: wordOf(value) });
      }
      return { labels, samples };
    });
    yield compressSync(writeRequest(sent.filter(({ samples }) => samples.length > 0))) as Buffer;
  }
}

function wordOf(value: number | undefined): bigint {
  if (value === undefined) return staleMarker;
  return Number.isNaN(value) ? ordinaryNan : bitsOf(value);
}
