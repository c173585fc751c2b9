/**
 * Native histograms that are acknowledged and may not be in their table yet, so that queries see them; and which metrics have any, in memory or in the
 * table, so that queries of all others pay nothing for them. What is stored goes: histograms are read from their table then.
 *
 * A histogram stands here as its bytes in the record that brought it.
 */
import type { HistogramRuns } from '../model/histogram-runs.js';
import { byteSizeOfHistograms } from '../model/histogram-runs.js';
import { histogramBytesAt } from '../model/native-histogram-bytes.js';
import { noRef } from '../model/series-ref.js';
import type { SeriesIndex } from './index/series-index.js';

export interface HeldHistogram {
  readonly timeMs: number;
  /** As `readHistogramBytes` reads it. */
  readonly bytes: Uint8Array;
}

export interface HistogramHead {
  /** Takes histograms that are durable; `sequence` is the number of their record in the log. */
  append(histograms: HistogramRuns, sequence: number): void;
  /** Says that everything below `sequence` is in the table. */
  setStoredBelow(sequence: number): void;
  /** Takes those of series with times in [fromMs, toMs] away. */
  dropRange(refs: Uint32Array, fromMs: number, toMs: number): void;
  /** Those of a series with times in [fromMs, toMs], in the order of time, each time once: the last to come. */
  read(ref: number, fromMs: number, toMs: number): HeldHistogram[];
  /** Names of metrics that have, or once had, native histograms. */
  readonly metricNames: ReadonlySet<string>;
  /** Says that a metric has some in the table. */
  addMetric(name: string): void;
  /** Memory, by estimate. */
  readonly bytes: number;
}

interface Entry extends HeldHistogram {
  readonly sequence: number;
}

/** A record whose histograms are here. */
interface HeldRecord {
  readonly sequence: number;
  readonly refs: ReadonlySet<number>;
  readonly bytes: number;
}

/** What an entry takes beside its bytes. A guess. */
const entryBytes = 150;

export function createHistogramHead(index: Pick<SeriesIndex, 'metricOf' | 'metricName'>): HistogramHead {
  /** In the order of arrival. */
  const entries = new Map<number, Entry[]>();
  const metricNames = new Set<string>();
  /** Numbers of metrics whose names are known. */
  const metrics = new Set<number>();
  let records: HeldRecord[] = [];
  let bytes = 0;

  function note(ref: number): void {
    const metric = index.metricOf(ref);
    if (metrics.has(metric)) return;
    metrics.add(metric);
    metricNames.add(index.metricName(metric));
  }

  function keep(refs: Iterable<number>, isKept: (entry: Entry) => boolean): void {
    for (const ref of refs) {
      const kept = entries.get(ref)?.filter(isKept) ?? [];
      if (kept.length === 0) entries.delete(ref);
      else entries.set(ref, kept);
    }
  }

  return {
    append(histograms, sequence) {
      const { refs, runCount, sampleEnds, timesMs } = histograms;
      let i = 0;
      for (let run = 0; run < runCount; run++) {
        const ref = refs[run]!;
        const end = sampleEnds[run]!;
        if (ref === noRef) {
          i = end;
          continue;
        }
        note(ref);
        const held = entries.get(ref) ?? [];
        entries.set(ref, held);
        for (; i < end; i++) held.push({ timeMs: timesMs[i]!, bytes: histogramBytesAt(histograms, i), sequence });
      }
      const size = byteSizeOfHistograms(histograms) + entryBytes * histograms.sampleCount;
      records.push({ sequence, refs: new Set(refs.subarray(0, runCount)), bytes: size });
      bytes += size;
    },
    setStoredBelow(stored) {
      const gone = records.filter(({ sequence }) => sequence < stored);
      if (gone.length === 0) return;
      records = records.filter(({ sequence }) => sequence >= stored);
      bytes -= gone.reduce((sum, record) => sum + record.bytes, 0);
      keep(new Set(gone.flatMap(({ refs }) => [...refs])), ({ sequence }) => sequence >= stored);
    },
    dropRange(refs, fromMs, toMs) {
      if (entries.size > 0) keep(refs, ({ timeMs }) => timeMs < fromMs || timeMs > toMs);
    },
    read(ref, fromMs, toMs) {
      const last = new Map<number, HeldHistogram>();
      for (const entry of entries.get(ref) ?? [])
        if (entry.timeMs >= fromMs && entry.timeMs <= toMs) last.set(entry.timeMs, entry);
      return [...last.values()].sort((a, b) => a.timeMs - b.timeMs);
    },
    metricNames,
    addMetric: (name) => void metricNames.add(name),
    get bytes() {
      return bytes;
    },
  };
}
