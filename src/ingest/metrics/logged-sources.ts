/**
 * What was folded, as a part of a record of the metrics' log: the runs of the sources as they came. A start folds them again, so that
 * totals are what they were when the last record became durable. Grammar: `docs/formats/metric-record.md`.
 */
import type { FoldAggregate } from '../cardinality/fold-aggregate.js';
import { foldAggregates } from '../cardinality/fold-aggregate.js';
import type { Folder } from '../cardinality/folder.js';
import type { SourceRuns } from '../cardinality/source-runs.js';

/** Runs of sources with the ids of their targets instead of the numbers that a folder gave, which end with the process. */
export interface LoggedSources {
  readonly runs: Omit<SourceRuns, 'targets'>;
  /** By run. */
  readonly targetLows: Uint32Array;
  readonly targetHighs: Uint32Array;
  readonly aggregates: readonly FoldAggregate[];
}

export const byteSizeOfSources = ({ runs }: LoggedSources): number => runs.runCount * 32 + runs.timesMs.length * 16;

/** u32 runs, u32 samples, times, values, source lows, source highs, target lows, target highs, ends, aggregates, had series. */
export function encodeSources({ runs, targetLows, targetHighs, aggregates }: LoggedSources): Uint8Array {
  const { runCount, timesMs, values } = runs;
  const columns = columnsIn(new Uint8Array(byteLength(runCount, timesMs.length)), runCount, timesMs.length);
  columns.counts.set([runCount, timesMs.length]);
  columns.timesMs.set(timesMs);
  new Uint8Array(columns.values.buffer, columns.values.byteOffset, columns.values.byteLength).set(
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  );
  columns.sourceLows.set(runs.sourceLows);
  columns.sourceHighs.set(runs.sourceHighs);
  columns.targetLows.set(targetLows);
  columns.targetHighs.set(targetHighs);
  columns.ends.set(runs.sampleEnds);
  columns.aggregates.set(aggregates.map((aggregate) => foldAggregates.indexOf(aggregate)));
  columns.hadSeries.set(runs.hadSeries);
  return columns.bytes;
}

/** The sources back, out of bytes that begin with them. */
export function decodeSources(from: Uint8Array): LoggedSources {
  const view = new DataView(from.buffer, from.byteOffset, from.byteLength);
  const runCount = view.getUint32(0, true);
  const sampleCount = view.getUint32(4, true);
  // A copy, so that columns begin where their elements' width wants them to.
  const bytes = new Uint8Array(from.subarray(0, byteLength(runCount, sampleCount)));
  const columns = columnsIn(bytes, runCount, sampleCount);
  return {
    runs: {
      runCount,
      sourceLows: columns.sourceLows,
      sourceHighs: columns.sourceHighs,
      hadSeries: columns.hadSeries,
      sampleStarts: columns.ends.map((_, run) => (run === 0 ? 0 : columns.ends[run - 1]!)),
      sampleEnds: columns.ends,
      timesMs: columns.timesMs,
      values: columns.values,
    },
    targetLows: columns.targetLows,
    targetHighs: columns.targetHighs,
    aggregates: Array.from(columns.aggregates, (place) => foldAggregates[place]!),
  };
}

/** Folds what an earlier run had folded. What it gives out is in the log or the tables already. */
export function foldAgain(folder: Folder, { runs, targetLows, targetHighs, aggregates }: LoggedSources): void {
  const targets = Uint32Array.from(targetLows, (idLow, run) =>
    folder.restoreTarget({ idLow, idHigh: targetHighs[run]!, aggregate: aggregates[run]! }),
  );
  folder.fold({ ...runs, targets });
}

const byteLength = (runCount: number, sampleCount: number): number => 8 + 16 * sampleCount + 22 * runCount;

function columnsIn(bytes: Uint8Array, runCount: number, sampleCount: number) {
  let at = bytes.byteOffset;
  const words = (count: number): Uint32Array => {
    const column = new Uint32Array(bytes.buffer, at, count);
    at += column.byteLength;
    return column;
  };
  const doubles = (): Float64Array => {
    const column = new Float64Array(bytes.buffer, at, sampleCount);
    at += column.byteLength;
    return column;
  };
  const small = (): Uint8Array => {
    const column = new Uint8Array(bytes.buffer, at, runCount);
    at += runCount;
    return column;
  };
  return {
    bytes,
    counts: words(2),
    timesMs: doubles(),
    values: doubles(),
    sourceLows: words(runCount),
    sourceHighs: words(runCount),
    targetLows: words(runCount),
    targetHighs: words(runCount),
    ends: words(runCount),
    aggregates: small(),
    hadSeries: small(),
  };
}
