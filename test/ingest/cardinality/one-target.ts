/** A folder with one target, and samples of counters and gauges for it. */
import fc from 'fast-check';
import type { FoldAggregate } from '../../../src/ingest/cardinality/fold-aggregate.js';
import { createFolder } from '../../../src/ingest/cardinality/folder.js';
import {
  createFolderState,
  defaultFolderOptions,
  type FolderOptions,
  type FolderState,
} from '../../../src/ingest/cardinality/folder-state.js';
import { type FoldedSample, foldedSamples, type SourceRun, sourceRuns } from './source-runs.js';

export const startMs = Date.UTC(2026, 0, 1);

/** A folder with one target, series 7 of the index. */
export function oneTarget(
  aggregate: FoldAggregate,
  options: Partial<FolderOptions> = {},
  state: FolderState = createFolderState({ ...defaultFolderOptions, ...options }),
  lastValue?: number,
) {
  const folder = createFolder(state);
  const number = folder.openTarget({
    ref: 7,
    idHigh: 1,
    idLow: 2,
    aggregate,
    ...(lastValue === undefined ? {} : { lastValue }),
  });
  const fold = (...runs: Omit<SourceRun, 'target'>[]): readonly FoldedSample[] =>
    foldedSamples(folder.fold(sourceRuns(runs.map((run) => ({ ...run, target: number }))))).get(7) ?? [];
  return { folder, state, fold };
}

/** Samples of sources in some order: of each source in the order of time, in batches. */
export interface Event {
  readonly source: number;
  readonly timeMs: number;
  readonly value: number;
}
export const events = fc
  .array(
    fc.record({
      source: fc.integer({ min: 0, max: 5 }),
      stepMs: fc.integer({ min: 1, max: 3_000 }),
      value: fc.integer({ min: 0, max: 50 }),
      endsBatch: fc.boolean(),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((steps) => {
    const batches: Event[][] = [[]];
    const times = new Map<number, number>();
    for (const { source, stepMs, value, endsBatch } of steps) {
      const timeMs = (times.get(source) ?? startMs) + stepMs;
      times.set(source, timeMs);
      batches.at(-1)!.push({ source, timeMs, value });
      if (endsBatch) batches.push([]);
    }
    return batches.filter((batch) => batch.length > 0);
  });

export const asRuns = (batch: readonly Event[]) =>
  batch.map(({ source, timeMs, value }) => ({ source, samples: [[timeMs, value]] as const }));

/** What a counter increased by since it was at zero, as Prometheus' rate() reckons: what it lost at each reset is added to its last value. */
export function increase(values: readonly number[]): number {
  let lost = 0;
  values.forEach((value, i) => {
    if (i > 0 && value < values[i - 1]!) lost += values[i - 1]!;
  });
  return values.at(-1)! + lost;
}

/** Samples of each source, in the order in which they were sent. */
export function bySource(all: readonly Event[]): Event[][] {
  const samples = new Map<number, Event[]>();
  for (const event of all) samples.set(event.source, [...(samples.get(event.source) ?? []), event]);
  return [...samples.values()];
}
