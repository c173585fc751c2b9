/**
 * Makes readable at a start what the log has and the tables may not. The log is read twice: records name series by their ids, and those whose labels only
 * the tables have are not known until these are loaded.
 */
import type { Folder } from '../ingest/cardinality/folder.js';
import type { Governor } from '../ingest/cardinality/governor.js';
import type { Head } from '../ingest/metrics/head.js';
import { foldAgain } from '../ingest/metrics/logged-sources.js';
import { decodeMetricRecord, type MetricRecord } from '../ingest/metrics/metric-record.js';
import type { MetricTypes } from '../ingest/metrics/metric-types.js';
import type { RecordSeries } from '../ingest/metrics/record-series.js';
import type { RecordedSeries } from '../ingest/metrics/recorded-series.js';
import { noRef } from '../model/series-ref.js';
import type { ChunkStore } from '../series/chunk-store/chunk-store.js';
import type { HistogramHead } from '../series/histogram-head.js';
import type { SeriesIndex } from '../series/index/series-index.js';
import type { PendingDeletions } from '../series/pending-deletions.js';
import type { Log } from '../wal/log.js';

export interface ReplayParts {
  readonly log: Log;
  readonly recordSeries: RecordSeries;
  readonly recorded: RecordedSeries;
  readonly governor: Governor;
  readonly types: Pick<MetricTypes, 'learn'>;
  readonly index: SeriesIndex;
  readonly chunks: ChunkStore;
  readonly histograms: HistogramHead;
  readonly pendingDeletions: PendingDeletions;
  readonly head: Head;
  readonly folder: Folder;
  /** Records below this were folded before the folder's state was saved. */
  readonly foldedBelow: number;
}

export interface Replay {
  /** Replays what names series that were not known: to be called once those of the tables are, and before anything is stored. */
  finish(): Promise<void>;
}

/** Reads the log from its checkpoint on, before anything new is taken. */
export async function replayMetrics(parts: ReplayParts): Promise<Replay> {
  const { log, recorded, governor, index } = parts;
  const restored: number[] = [];
  /** Records that name series which are not known. */
  const unknown = new Set<number>();
  for await (const record of recordsOf(parts)) {
    if (record.kind === 'samples' || record.kind === 'histograms')
      for (const ref of record.newSeries) {
        if (!recorded.has(ref)) restored.push(ref);
        recorded.add(ref);
      }
    if (record.kind === 'notes') parts.types.learn(record.metadata);
    if (hasUnknown(record)) unknown.add(record.sequence);
    if (record.kind === 'samples' && record.sources !== undefined && record.sequence >= parts.foldedBelow)
      foldAgain(parts.folder, record.sources);
    makeReadable(record, record.sequence, parts);
  }
  governor.restore(Uint32Array.from(restored), index.labelPairs());
  return {
    async finish() {
      const last = Math.max(...unknown);
      if (unknown.size === 0) return;
      for await (const record of recordsOf(parts)) {
        // What came in since has higher numbers, and numbers may not fall.
        if (unknown.has(record.sequence)) makeReadable(record, log.nextSequence - 1, parts);
        if (record.sequence >= last) break;
      }
    },
  };
}

async function* recordsOf({ log, recordSeries }: ReplayParts): AsyncGenerator<MetricRecord> {
  for await (const { sequence, payload } of log.read(log.checkpointSequence))
    yield decodeMetricRecord(sequence, payload, recordSeries);
}

function hasUnknown(record: MetricRecord): boolean {
  if (record.kind === 'deletion') return record.refs.includes(noRef);
  return (record.kind === 'samples' || record.kind === 'histograms') && record.samples.refs.includes(noRef);
}

/** What names series that are not known is passed over. */
function makeReadable(record: MetricRecord, sequence: number, parts: ReplayParts): void {
  const { chunks, histograms, pendingDeletions, head } = parts;
  if (record.kind === 'samples') head.append(record.samples, sequence);
  else if (record.kind === 'histograms') head.appendHistograms(record.samples, sequence);
  else if (record.kind === 'deletion') {
    const refs = record.refs.filter((ref) => ref !== noRef);
    pendingDeletions.add(refs, record.fromMs, record.toMs, record.sequence);
    chunks.dropRange(refs, record.fromMs, record.toMs);
    histograms.dropRange(refs, record.fromMs, record.toMs);
  }
}
