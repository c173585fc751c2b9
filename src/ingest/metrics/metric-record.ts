/**
 * One record of the metrics' log. `docs/formats/metric-record.md` has the grammar. A record stands by itself: it names series by
 * their 64-bit ids, and brings along the labels of each series that the tables may not know yet. So a record can be
 * read by a process that has never met its series.
 */
import { BarographError } from '../../base/errors.js';
import { byteSizeOfHistograms } from '../../model/histogram-runs.js';
import type { Exemplar, MetricMetadata } from '../../model/sample-batch.js';
import type { TailRecord } from '../log-tail.js';
import { type AdmittedSamples, byteSizeOfSamples } from './admitted-samples.js';
import { decodeHistograms, encodeHistograms, type RecordedHistograms } from './histogram-record.js';
import { byteSizeOfSources, decodeSources, encodeSources, type LoggedSources } from './logged-sources.js';
import { formatVersion, headerBytes, kindBytes, writeHeader } from './record-header.js';
import type { RecordSeries } from './record-series.js';

/** What is said about metrics beside samples. */
export interface MetricNotes {
  readonly metadata: readonly MetricMetadata[];
  readonly exemplars: readonly Exemplar[];
}

/** Samples of these series in [fromMs, toMs] are to go. */
export interface SeriesDeletion {
  readonly refs: Uint32Array;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Samples of a series that is kept on the event plane, as rows with their labels. */
export interface RoutedSamples {
  /** Canonical label bytes. */
  readonly labels: Uint8Array;
  /** Epoch milliseconds. */
  readonly timesMs: Float64Array;
  /** As many as times. */
  readonly values: Float64Array;
}

/** Samples, with the series among theirs whose labels come along. */
export interface RecordedSamples {
  readonly samples: AdmittedSamples;
  readonly newSeries: readonly number[];
  /** Of samples that folding gave out: what was folded. */
  readonly sources?: LoggedSources;
}

export type MetricEntry =
  | ({ readonly kind: 'samples' } & RecordedSamples)
  | ({ readonly kind: 'histograms' } & RecordedHistograms)
  | ({ readonly kind: 'notes' } & MetricNotes)
  | ({ readonly kind: 'routed' } & RoutedSamples)
  | ({ readonly kind: 'deletion' } & SeriesDeletion);

export type MetricRecord = MetricEntry & TailRecord & { readonly arrivedMs: number };

/** Each run has one sample: their ends are not written. */
const oneSampleRuns = 1;
/** All samples have the first one's time: no other is written. */
const oneTime = 2;
/** Times are doubles, because they lie too far apart for 32 bits of milliseconds. */
const wideTimes = 4;
/** What was folded stands at the end. */
const withSources = 8;

/** The bytes of a record. */
export function encodeMetricRecord(entry: MetricEntry, arrivedMs: number, series: RecordSeries): Uint8Array {
  switch (entry.kind) {
    case 'samples':
      return encodeSamples(entry, arrivedMs, series);
    case 'histograms':
      return encodeHistograms(entry, arrivedMs, series);
    case 'notes':
      return encodeNotes(entry, arrivedMs);
    case 'deletion':
      return encodeDeletion(entry, arrivedMs, series);
    case 'routed':
      return encodeRouted(entry, arrivedMs);
  }
}

/** Rows that a record counts for in the log: its samples, or one. */
export function rowCountOf(entry: MetricEntry): number {
  if (entry.kind === 'samples' || entry.kind === 'histograms') return entry.samples.sampleCount;
  return entry.kind === 'routed' ? entry.timesMs.length : 1;
}

/** Memory that an entry holds, bytes. */
export function byteSizeOfEntry(entry: MetricEntry): number {
  switch (entry.kind) {
    case 'samples':
      return (
        byteSizeOfSamples(entry.samples) +
        entry.newSeries.length * 4 +
        (entry.sources === undefined ? 0 : byteSizeOfSources(entry.sources))
      );
    case 'histograms':
      return byteSizeOfHistograms(entry.samples) + entry.newSeries.length * 4;
    case 'notes':
      return 200 * (entry.metadata.length + entry.exemplars.length);
    case 'deletion':
      return entry.refs.byteLength;
    case 'routed':
      return entry.labels.length + 16 * entry.timesMs.length;
  }
}

interface TimeSpan {
  readonly firstMs: number;
  readonly spanMs: number;
}

function timeSpan(timesMs: Float64Array, count: number): TimeSpan {
  let least = timesMs[0]!;
  let most = least;
  for (let i = 1; i < count; i++) {
    const timeMs = timesMs[i]!;
    if (timeMs < least) least = timeMs;
    else if (timeMs > most) most = timeMs;
  }
  return { firstMs: least, spanMs: most - least };
}

/**
 * header (count: samples), u32 runs, u32 new series, f64 first time, values, [f64 or u32 times], id low words, id high
 * words, [u32 ends], then of each new series u32 length and its label bytes, [what was folded].
 */
function encodeSamples(
  { samples, newSeries, sources: folded }: RecordedSamples,
  arrivedMs: number,
  series: RecordSeries,
): Uint8Array {
  const { refs, runCount, sampleEnds, sampleCount, timesMs, values } = samples;
  const { firstMs, spanMs } = timeSpan(timesMs, sampleCount);
  const isWide = spanMs >= 2 ** 32;
  const flags =
    (runCount === sampleCount ? oneSampleRuns : 0) |
    (spanMs === 0 ? oneTime : 0) |
    (isWide ? wideTimes : 0) |
    (folded === undefined ? 0 : withSources);
  const timeBytes = spanMs === 0 ? 0 : isWide ? 8 * sampleCount : 4 * sampleCount;
  const endBytes = runCount === sampleCount ? 0 : 4 * runCount;
  const labels = newSeries.map((ref) => series.canonicalBytesOf(ref));
  const labelBytes = labels.reduce((sum, bytes) => sum + 4 + bytes.length, 0);
  const sources = folded === undefined ? new Uint8Array() : encodeSources(folded);
  const size = samplesHeaderBytes + 8 * sampleCount + timeBytes + 8 * runCount + endBytes + labelBytes + sources.length;
  const out = new Uint8Array(Buffer.allocUnsafeSlow(size).buffer, 0, size);
  const view = writeHeader(out, 'samples', flags, sampleCount, arrivedMs);
  view.setUint32(16, runCount, true);
  view.setUint32(20, newSeries.length, true);
  view.setFloat64(24, firstMs, true);
  let at = samplesHeaderBytes;
  out.set(new Uint8Array(values.buffer, values.byteOffset, 8 * sampleCount), at);
  at += 8 * sampleCount;
  if (isWide) new Float64Array(out.buffer, at, sampleCount).set(timesMs.subarray(0, sampleCount));
  else if (spanMs > 0) {
    const offsets = new Uint32Array(out.buffer, at, sampleCount);
    for (let i = 0; i < sampleCount; i++) offsets[i] = timesMs[i]! - firstMs;
  }
  at += timeBytes;
  const lows = new Uint32Array(out.buffer, at, runCount);
  const highs = new Uint32Array(out.buffer, at + 4 * runCount, runCount);
  const { idLow, idHigh } = series;
  for (let run = 0; run < runCount; run++) {
    lows[run] = idLow[refs[run]!]!;
    highs[run] = idHigh[refs[run]!]!;
  }
  at += 8 * runCount;
  if (endBytes > 0) new Uint32Array(out.buffer, at, runCount).set(sampleEnds.subarray(0, runCount));
  at += endBytes;
  for (const bytes of labels) {
    view.setUint32(at, bytes.length, true);
    out.set(bytes, at + 4);
    at += 4 + bytes.length;
  }
  out.set(sources, at);
  return out;
}

const samplesHeaderBytes = 32;

function encodeNotes({ metadata, exemplars }: MetricNotes, arrivedMs: number): Uint8Array {
  const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
  const text = JSON.stringify({
    metadata,
    exemplars: exemplars.map(({ series, labels, timeMs, value }) => ({
      series: latin1(series),
      labels: latin1(labels),
      timeMs,
      value: String(value),
    })),
  });
  const body = Buffer.from(text, 'utf8');
  const out = new Uint8Array(headerBytes + body.length);
  writeHeader(out, 'notes', 0, body.length, arrivedMs);
  out.set(body, headerBytes);
  return out;
}

function encodeDeletion({ refs, fromMs, toMs }: SeriesDeletion, arrivedMs: number, series: RecordSeries): Uint8Array {
  const out = new Uint8Array(headerBytes + 16 + 8 * refs.length);
  const view = writeHeader(out, 'deletion', 0, refs.length, arrivedMs);
  view.setFloat64(16, fromMs, true);
  view.setFloat64(24, toMs, true);
  refs.forEach((ref, i) => {
    view.setUint32(headerBytes + 16 + 8 * i, series.idLow[ref]!, true);
    view.setUint32(headerBytes + 20 + 8 * i, series.idHigh[ref]!, true);
  });
  return out;
}

/** header (count: samples), values, times, label bytes. */
function encodeRouted({ labels, timesMs, values }: RoutedSamples, arrivedMs: number): Uint8Array {
  const count = timesMs.length;
  const out = new Uint8Array(headerBytes + 16 * count + labels.length);
  writeHeader(out, 'routed', 0, count, arrivedMs);
  out.set(new Uint8Array(values.buffer, values.byteOffset, 8 * count), headerBytes);
  out.set(new Uint8Array(timesMs.buffer, timesMs.byteOffset, 8 * count), headerBytes + 8 * count);
  out.set(labels, headerBytes + 16 * count);
  return out;
}

function decodeRouted(bytes: Uint8Array, view: DataView): MetricEntry {
  const count = view.getUint32(4, true);
  return {
    kind: 'routed',
    values: new Float64Array(bytes.buffer as ArrayBuffer, headerBytes, count),
    timesMs: new Float64Array(bytes.buffer as ArrayBuffer, headerBytes + 8 * count, count),
    labels: bytes.subarray(headerBytes + 16 * count),
  };
}

/** The record back. Fails with `log_corrupt` where the bytes, though their checksum held, are not a record of ours. */
export function decodeMetricRecord(sequence: number, payload: Uint8Array, series: RecordSeries): MetricRecord {
  // A copy, so that the arrays within begin where their elements' width wants them to. `slice` of a Buffer, which the log gives, is none.
  const bytes = new Uint8Array(payload);
  if (bytes.length < headerBytes || bytes[1] !== formatVersion) throw unknownRecord(sequence);
  const view = new DataView(bytes.buffer);
  const entry = decodeEntry(sequence, bytes, view, series);
  return {
    ...entry,
    sequence,
    rowCount: rowCountOf(entry),
    bytes: byteSizeOfEntry(entry),
    arrivedMs: view.getFloat64(8, true),
  };
}

const unknownRecord = (sequence: number): BarographError =>
  new BarographError(
    'log_corrupt',
    `record ${sequence} of the metrics’ log has a form that this program does not know`,
  );

function decodeEntry(sequence: number, bytes: Uint8Array, view: DataView, series: RecordSeries): MetricEntry {
  switch (bytes[0]) {
    case kindBytes.samples:
      return decodeSamples(bytes, view, series);
    case kindBytes.notes:
      return decodeNotes(bytes);
    case kindBytes.deletion:
      return decodeDeletion(view, series);
    case kindBytes.routed:
      return decodeRouted(bytes, view);
    case kindBytes.histograms:
      return decodeHistograms(bytes, view, series);
    default:
      throw unknownRecord(sequence);
  }
}

function decodeSamples(bytes: Uint8Array, view: DataView, series: RecordSeries): MetricEntry {
  const flags = view.getUint8(2);
  const sampleCount = view.getUint32(4, true);
  const runCount = view.getUint32(16, true);
  const newCount = view.getUint32(20, true);
  const firstMs = view.getFloat64(24, true);
  const { buffer } = bytes;
  let at = samplesHeaderBytes;
  const values = new Float64Array(buffer as ArrayBuffer, at, sampleCount);
  at += 8 * sampleCount;
  let timesMs = new Float64Array(sampleCount).fill(firstMs);
  if ((flags & wideTimes) !== 0) {
    timesMs = new Float64Array(buffer as ArrayBuffer, at, sampleCount);
    at += 8 * sampleCount;
  } else if ((flags & oneTime) === 0) {
    const offsets = new Uint32Array(buffer as ArrayBuffer, at, sampleCount);
    for (let i = 0; i < sampleCount; i++) timesMs[i] = firstMs + offsets[i]!;
    at += 4 * sampleCount;
  }
  const lows = new Uint32Array(buffer as ArrayBuffer, at, runCount);
  const highs = new Uint32Array(buffer as ArrayBuffer, at + 4 * runCount, runCount);
  at += 8 * runCount;
  let sampleEnds = Uint32Array.from({ length: (flags & oneSampleRuns) === 0 ? 0 : runCount }, (_, i) => i + 1);
  if ((flags & oneSampleRuns) === 0) {
    sampleEnds = new Uint32Array(buffer as ArrayBuffer, at, runCount);
    at += 4 * runCount;
  }
  // The new series first: the ids of runs may be theirs.
  const newSeries: number[] = [];
  for (let i = 0; i < newCount; i++) {
    const length = view.getUint32(at, true);
    newSeries.push(series.add(bytes.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  const refs = new Uint32Array(runCount);
  for (let run = 0; run < runCount; run++) refs[run] = series.refOfId(lows[run]!, highs[run]!);
  return {
    kind: 'samples',
    samples: { refs, runCount, sampleEnds, sampleCount, timesMs, values },
    newSeries,
    ...((flags & withSources) === 0 ? {} : { sources: decodeSources(bytes.subarray(at)) }),
  };
}

interface WrittenNotes {
  readonly metadata: readonly MetricMetadata[];
  readonly exemplars: readonly { series: string; labels: string; timeMs: number; value: string }[];
}

function decodeNotes(bytes: Uint8Array): MetricEntry {
  const { metadata, exemplars } = JSON.parse(
    Buffer.from(bytes.buffer, headerBytes, bytes.length - headerBytes).toString('utf8'),
  ) as WrittenNotes;
  return {
    kind: 'notes',
    metadata,
    exemplars: exemplars.map(({ series, labels, timeMs, value }) => ({
      series: new Uint8Array(Buffer.from(series, 'latin1')),
      labels: new Uint8Array(Buffer.from(labels, 'latin1')),
      timeMs,
      value: Number(value),
    })),
  };
}

function decodeDeletion(view: DataView, series: RecordSeries): MetricEntry {
  const refs = Uint32Array.from({ length: view.getUint32(4, true) }, (_, i) =>
    series.refOfId(view.getUint32(headerBytes + 16 + 8 * i, true), view.getUint32(headerBytes + 20 + 8 * i, true)),
  );
  return { kind: 'deletion', refs, fromMs: view.getFloat64(16, true), toMs: view.getFloat64(24, true) };
}
