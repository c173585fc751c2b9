/** The record of native histograms in the metrics' log. `docs/formats/metric-record.md` has the grammar. */
import type { HistogramRuns } from '../../model/histogram-runs.js';
import { headerBytes, writeHeader } from './record-header.js';
import type { RecordSeries } from './record-series.js';

/** Native histograms, with the series among theirs whose labels come along. */
export interface RecordedHistograms {
  readonly samples: HistogramRuns;
  readonly newSeries: readonly number[];
}

const fixedBytes = headerBytes + 8;

/**
 * header (count: histograms), u32 runs, u32 new series, f64 times, id low words, id high words, u32 ends of runs, u32 ends of histograms,
 * then of each new series u32 length and its label bytes, then the histograms.
 */
export function encodeHistograms(
  { samples, newSeries }: RecordedHistograms,
  arrivedMs: number,
  series: RecordSeries,
): Uint8Array {
  const { refs, runCount, sampleEnds, sampleCount, timesMs, bytes, ends } = samples;
  const labels = newSeries.map((ref) => series.canonicalBytesOf(ref));
  const labelBytes = labels.reduce((sum, each) => sum + 4 + each.length, 0);
  const size = fixedBytes + 12 * sampleCount + 12 * runCount + labelBytes + bytes.length;
  const out = new Uint8Array(size);
  const view = writeHeader(out, 'histograms', 0, sampleCount, arrivedMs);
  view.setUint32(headerBytes, runCount, true);
  view.setUint32(headerBytes + 4, newSeries.length, true);
  let at = fixedBytes;
  new Float64Array(out.buffer, at, sampleCount).set(timesMs.subarray(0, sampleCount));
  at += 8 * sampleCount;
  const words = new Uint32Array(out.buffer, at, 3 * runCount + sampleCount);
  for (let run = 0; run < runCount; run++) {
    words[run] = series.idLow[refs[run]!]!;
    words[runCount + run] = series.idHigh[refs[run]!]!;
  }
  words.set(sampleEnds.subarray(0, runCount), 2 * runCount);
  words.set(ends.subarray(0, sampleCount), 3 * runCount);
  at += words.byteLength;
  for (const each of labels) {
    view.setUint32(at, each.length, true);
    out.set(each, at + 4);
    at += 4 + each.length;
  }
  out.set(bytes, at);
  return out;
}

/** `bytes` is the record, its own buffer from 0 on. */
export function decodeHistograms(
  bytes: Uint8Array,
  view: DataView,
  series: RecordSeries,
): { readonly kind: 'histograms' } & RecordedHistograms {
  const sampleCount = view.getUint32(4, true);
  const runCount = view.getUint32(headerBytes, true);
  const newCount = view.getUint32(headerBytes + 4, true);
  const buffer = bytes.buffer as ArrayBuffer;
  let at = fixedBytes;
  const timesMs = new Float64Array(buffer, at, sampleCount);
  at += 8 * sampleCount;
  const words = new Uint32Array(buffer, at, 3 * runCount + sampleCount);
  at += words.byteLength;
  // The new series first: the ids of runs may be theirs.
  const newSeries: number[] = [];
  for (let i = 0; i < newCount; i++) {
    const length = view.getUint32(at, true);
    newSeries.push(series.add(bytes.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  const samples: HistogramRuns = {
    refs: Uint32Array.from({ length: runCount }, (_, run) => series.refOfId(words[run]!, words[runCount + run]!)),
    runCount,
    sampleEnds: words.subarray(2 * runCount, 3 * runCount),
    sampleCount,
    timesMs,
    bytes: bytes.subarray(at),
    ends: words.subarray(3 * runCount),
  };
  return { kind: 'histograms', samples, newSeries };
}
