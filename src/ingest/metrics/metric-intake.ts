/**
 * Takes decoded metrics in: finds their series, leaves out what lies outside the window or is refused, folds what is folded, and
 * acknowledges the rest once the log has it on disk. From then on queries see it.
 */
import type { Clock } from '../../base/clock.js';
import { BarographError, type ErrorCode } from '../../base/errors.js';
import type { Rejection } from '../../model/rejection.js';
import type { RejectionTally } from '../../model/rejection-tally.js';
import { type DecodedMetrics, rejectionsMax, type SampleBatch } from '../../model/sample-batch.js';
import type { Log } from '../../wal/log.js';
import type { LogTail } from '../log-tail.js';
import { admitHistograms } from './admitted-histograms.js';
import type { AdmittedSamples } from './admitted-samples.js';
import type { FoldedSamples } from './folded-samples.js';
import type { Head } from './head.js';
import type { MetricCounters } from './metric-counters.js';
import {
  byteSizeOfEntry,
  encodeMetricRecord,
  type MetricEntry,
  type MetricRecord,
  rowCountOf,
} from './metric-record.js';
import type { MetricSource } from './metric-source.js';
import type { MetricTypes } from './metric-types.js';
import type { RecordSeries } from './record-series.js';
import type { SeriesResolver } from './series-resolver.js';
import type { SourceClocks } from './source-clocks.js';
import { storableTimes, type TimeWindow, withinWindow } from './time-window.js';

export interface MetricIntakeOptions {
  readonly log: Log;
  readonly tail: LogTail<MetricRecord>;
  readonly resolver: SeriesResolver;
  readonly types: Pick<MetricTypes, 'learn'>;
  readonly folded: FoldedSamples;
  readonly recordSeries: RecordSeries;
  /** Whether the labels of a series are in the tables or in a record of the log. */
  readonly isRecorded: (ref: number) => boolean;
  readonly markRecorded: (refs: readonly number[]) => void;
  readonly head: Pick<Head, 'append' | 'appendHistograms' | 'checkRoom'>;
  readonly counters: MetricCounters;
  readonly sources: SourceClocks;
  readonly clock: Clock;
  readonly limits: MetricIntakeLimits;
  /** Called when acknowledged samples wait to be stored. */
  readonly onAppended: () => void;
}

export interface MetricIntakeLimits {
  /** How far behind and ahead of the clock a sample's time may lie, milliseconds; Infinity for any. */
  readonly behindMsMax: number;
  readonly aheadMsMax: number;
  /** Samples on their way to the log in all requests together, bytes; past it a request is told to come back. */
  readonly inflightBytesMax: number;
}

/** What became of a body. */
export interface MetricIntakeResult {
  /** Samples on disk, native histograms not among them. */
  readonly accepted: number;
  /** Native histograms on disk. */
  readonly histograms: number;
  /** Exemplars on disk. */
  readonly exemplars: number;
  /** Samples, histograms, lines and points left out. */
  readonly rejected: number;
  readonly rejectedByCode: ReadonlyMap<ErrorCode, number>;
  /** The first of them. */
  readonly errors: readonly Rejection[];
}

export interface MetricIntake {
  take(decoded: DecodedMetrics, source: MetricSource): Promise<MetricIntakeResult>;
  /** Samples whose series and times are the server's own, such as those of a rule: as `take`, with nothing to refuse. */
  takeBatch(batch: SampleBatch, source: MetricSource): Promise<MetricIntakeResult>;
}

export function createMetricIntake(options: MetricIntakeOptions): MetricIntake {
  const { resolver, types, folded, clock, limits, sources, counters } = options;
  const append = createAppending(options);

  const windowOf = (nowMs: number, { isImport = false }: MetricSource): TimeWindow =>
    isImport
      ? storableTimes
      : {
          fromMs: Math.max(storableTimes.fromMs, nowMs - limits.behindMsMax),
          toMs: Math.min(storableTimes.toMs, nowMs + limits.aheadMsMax),
        };

  /** Everything up to the log is synchronous, because a decoder uses its batch again. */
  async function take(decoded: DecodedMetrics, source: MetricSource): Promise<MetricIntakeResult> {
    const nowMs = clock.nowMs();
    const { batch } = decoded;
    // Before the series, whose folding goes by their types.
    types.learn(decoded.metadata);
    const { refs, folded: foldedRuns, routed, refused } = resolver.resolve(batch);
    const window = windowOf(nowMs, source);
    const whole = withinWindow(batch, refs, window, refused);
    const fromFolded = foldedRuns.length === 0 ? [] : [folded.fold(batch, foldedRuns, window, refused)];
    sources.observe(source, batch, nowMs, refused);
    // After the samples are the intake's own: the resolver uses its answer again.
    const admitted = decoded.histograms && admitHistograms(decoded.histograms, resolver, window);
    if (decoded.histograms !== undefined) sources.observe(source, decoded.histograms.runs, nowMs, admitted!.refused);
    // What was folded first, because its append begins at once: totals stand in the log in the order in which they came about.
    const entries: MetricEntry[] = [...fromFolded, { samples: whole }]
      .filter(({ samples }) => samples.sampleCount > 0)
      .map((each) => ({ kind: 'samples', ...each, newSeries: newSeriesOf(each.samples, options) }));
    if (admitted !== undefined && admitted.samples.sampleCount > 0)
      entries.push({
        kind: 'histograms',
        samples: admitted.samples,
        newSeries: newSeriesOf(admitted.samples, options),
      });
    for (const { run, labels } of routed) entries.push(routedEntry(batch, run, labels));
    const exemplars = decoded.exemplars.filter(({ series }) => resolver.isStored(series));
    if (decoded.metadata.length > 0 || exemplars.length > 0)
      entries.push({ kind: 'notes', metadata: decoded.metadata, exemplars });
    const accepted = batch.sampleCount - refused.rejected;
    await append(entries, nowMs);
    const histograms = admitted?.samples.sampleCount ?? 0;
    counters.samplesAccepted(source.protocol, accepted + histograms);
    counters.exemplarsAccepted(exemplars.length);
    const taken = { accepted, histograms, exemplars: exemplars.length };
    const result = resultOf(decoded, admitted === undefined ? [refused] : [refused, admitted.refused], taken);
    for (const [code, count] of result.rejectedByCode) counters.samplesRejected(source.protocol, code, count);
    return result;
  }

  return {
    take,
    takeBatch: (batch, source) => take({ ...nothingBeside, batch }, source),
  };
}

const nothingBeside = {
  metadata: [],
  exemplars: [],
  rejected: 0,
  rejectedByCode: new Map<ErrorCode, number>(),
  rejections: [],
};

function newSeriesOf(
  { refs, runCount }: Pick<AdmittedSamples, 'refs' | 'runCount'>,
  { isRecorded }: MetricIntakeOptions,
): number[] {
  const found = new Set<number>();
  for (let run = 0; run < runCount; run++) if (!isRecorded(refs[run]!)) found.add(refs[run]!);
  return Array.from(found);
}

function routedEntry(batch: SampleBatch, run: number, labels: Uint8Array): MetricEntry {
  const start = run === 0 ? 0 : batch.sampleEnds[run - 1]!;
  const end = batch.sampleEnds[run]!;
  return { kind: 'routed', labels, timesMs: batch.timesMs.slice(start, end), values: batch.values.slice(start, end) };
}

/** Appends entries and, once they are durable, hands them on. One entry after the other: a body must not fill the log's queue. */
function createAppending(options: MetricIntakeOptions) {
  const { log, tail, recordSeries, head, markRecorded, folded, limits, onAppended } = options;
  let inflightBytes = 0;

  async function appendOne(entry: MetricEntry, arrivedMs: number): Promise<void> {
    const rowCount = rowCountOf(entry);
    const sequence = await log.append(encodeMetricRecord(entry, arrivedMs, recordSeries), rowCount);
    if (entry.kind === 'samples') {
      markRecorded(entry.newSeries);
      head.append(entry.samples, sequence);
    } else if (entry.kind === 'histograms') {
      markRecorded(entry.newSeries);
      head.appendHistograms(entry.samples, sequence);
    }
    tail.offer({ ...entry, sequence, rowCount, arrivedMs, bytes: byteSizeOfEntry(entry) });
  }

  return async (entries: readonly MetricEntry[], arrivedMs: number): Promise<void> => {
    const bytes = entries.reduce((sum, entry) => sum + byteSizeOfEntry(entry), 0);
    const isTooMuch = inflightBytes > 0 && inflightBytes + bytes > limits.inflightBytesMax;
    inflightBytes += bytes;
    let appended = 0;
    try {
      if (isTooMuch) throw tooMuchInFlight(limits.inflightBytesMax);
      if (entries.some(({ kind }) => kind === 'histograms')) head.checkRoom();
      for (; appended < entries.length; appended++) await appendOne(entries[appended]!, arrivedMs);
    } catch (error) {
      for (const entry of entries.slice(appended))
        if (entry.kind === 'samples' && entry.sources !== undefined) folded.owe(entry.samples);
      throw error;
    } finally {
      inflightBytes -= bytes;
      onAppended();
    }
  };
}

const tooMuchInFlight = (bytesMax: number): BarographError =>
  new BarographError('too_many_requests', `samples on their way to the log hold more than ${bytesMax} bytes`, {
    retryAfterSeconds: 1,
    hint: 'Send the same body again, or send smaller ones.',
  });

/** The decoder's rejections and the intake's, in one. */
function resultOf(
  decoded: DecodedMetrics,
  refused: readonly RejectionTally[],
  taken: Pick<MetricIntakeResult, 'accepted' | 'histograms' | 'exemplars'>,
): MetricIntakeResult {
  const rejectedByCode = new Map(decoded.rejectedByCode);
  for (const [code, count] of refused.flatMap((each) => [...each.rejectedByCode]))
    rejectedByCode.set(code, (rejectedByCode.get(code) ?? 0) + count);
  return {
    ...taken,
    rejected: refused.reduce((sum, each) => sum + each.rejected, decoded.rejected),
    rejectedByCode,
    errors: [...decoded.rejections, ...refused.flatMap(({ rejections }) => rejections)].slice(0, rejectionsMax),
  };
}
