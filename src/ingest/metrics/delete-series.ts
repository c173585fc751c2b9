/**
 * Deletes samples of series everywhere: from memory at once, and from the tables by way of the log, so that a crash in between does not
 * bring them back, and what comes in later for the same series stays. A series of which nothing is left goes itself.
 */
import type { Clock } from '../../base/clock.js';
import { seriesId } from '../../model/series-ref.js';
import type { ChunkStore } from '../../series/chunk-store/chunk-store.js';
import type { HistogramHead } from '../../series/histogram-head.js';
import type { SeriesIndex } from '../../series/index/series-index.js';
import type { PendingDeletions } from '../../series/pending-deletions.js';
import type { Engine } from '../../storage/engine.js';
import type { Log } from '../../wal/log.js';
import type { Appender } from '../appender.js';
import type { Folder } from '../cardinality/folder.js';
import type { Governor } from '../cardinality/governor.js';
import type { LogTail } from '../log-tail.js';
import { byteSizeOfEntry, encodeMetricRecord, type MetricRecord } from './metric-record.js';
import type { RecordSeries } from './record-series.js';
import type { RecordedSeries } from './recorded-series.js';
import type { SeriesOrder } from './series-order.js';
import type { SeriesResolver } from './series-resolver.js';
import type { StoredSeriesDays } from './store-series.js';

export interface DeletionParts {
  readonly log: Log;
  readonly tail: LogTail<MetricRecord>;
  readonly appender: Appender;
  readonly engine: Engine;
  readonly index: SeriesIndex;
  readonly chunks: ChunkStore;
  readonly histograms: HistogramHead;
  readonly pendingDeletions: PendingDeletions;
  readonly governor: Governor;
  readonly folder: Pick<Folder, 'closeTarget'>;
  readonly resolver: SeriesResolver;
  readonly recorded: RecordedSeries;
  readonly recordSeries: RecordSeries;
  readonly storedDays: StoredSeriesDays;
  readonly order: SeriesOrder;
  readonly clock: Clock;
  /** Told of what is gone from memory, while the series are still known. */
  readonly onDeleted: (refs: Uint32Array, fromMs: number, toMs: number) => void;
  /** Of a table, the name that mutations go to; see `createDeleteSamples`. */
  readonly mutated: (table: string) => string;
}

/** Resolves when samples of these live series with times in [fromMs, toMs] are gone. */
export async function deleteSeries(
  refs: Uint32Array,
  fromMs: number,
  toMs: number,
  parts: DeletionParts,
): Promise<void> {
  const { log, tail, appender, index, chunks, histograms, clock, recordSeries } = parts;
  const entry = { kind: 'deletion', refs, fromMs: clamped(fromMs), toMs: clamped(toMs) } as const;
  const arrivedMs = clock.nowMs();
  const whole = refs.filter((ref) => index.firstMs[ref]! >= fromMs && index.lastMs[ref]! <= toMs);
  const sequence = await log.append(encodeMetricRecord(entry, arrivedMs, recordSeries), 1);
  tail.offer({ ...entry, sequence, rowCount: 1, arrivedMs, bytes: byteSizeOfEntry(entry) });
  const live = whole.filter((ref) => index.isLive(ref));
  parts.pendingDeletions.add(refs, fromMs, toMs, sequence);
  const stillLive = refs.filter((ref) => index.isLive(ref));
  chunks.dropRange(stillLive, fromMs, toMs);
  histograms.dropRange(stillLive, fromMs, toMs);
  parts.onDeleted(stillLive, fromMs, toMs);
  const labels = Array.from(live, (ref) => index.canonicalBytesOf(ref));
  index.remove(live);
  for (const each of labels) parts.governor.forget(each);
  for (const ref of live) parts.folder.closeTarget({ ref, idHigh: index.idHigh[ref]!, idLow: index.idLow[ref]! });
  parts.resolver.forget();
  await appender.waitUntilStored(sequence + 1);
  if (live.length > 0) await forgetSeries(live, labels, parts);
}

/** Takes out what only stands for series that are no more. */
async function forgetSeries(refs: Uint32Array, labels: readonly Uint8Array[], parts: DeletionParts): Promise<void> {
  const { index, engine, mutated, recorded, storedDays, order } = parts;
  // Labels that came again meanwhile keep their row.
  const gone = refs.filter((_, i) => index.find(labels[i]!, 0, labels[i]!.length) < 0);
  const ids = Array.from(gone, (ref) => seriesId(index.idLow[ref]!, index.idHigh[ref]!));
  for (let from = 0; from < ids.length; from += idsPerStatement)
    await engine.command({
      sql: `ALTER TABLE ${mutated('metric_series')} DELETE WHERE series IN ({ids:Array(UInt64)})`,
      params: { ids: ids.slice(from, from + idsPerStatement) },
      settings: { mutations_sync: 2 },
    });
  storedDays.forget(refs);
  recorded.forget(refs);
  index.release(refs);
  order.reset();
}

const idsPerStatement = 10_000;
/** What a 64-bit time of the engine can hold. */
const timeMax = Date.UTC(2299, 11, 31);
const clamped = (timeMs: number): number => Math.min(timeMax, Math.max(0, timeMs));
