import { createEvictedFilter, type EvictedFilter } from './evicted-filter.js';
import { createFoldSources, type FoldSources } from './fold-sources.js';
import type { FoldTarget } from './fold-targets.js';

export interface FolderCounts {
  /** Samples taken in. */
  folded: number;
  /** Samples at or before the last one of their source. */
  ignored: number;
  /** Samples that came after a later time of their target had been given out. */
  late: number;
  /** Values of counters that are not finite. */
  notFinite: number;
  /** First values that counted nothing. */
  baselines: number;
  /** Sources that gave way to others. */
  evicted: number;
}

export interface FolderOptions {
  /** Sources remembered at a time. */
  readonly sourcesMax: number;
  /** A gauge's source that was not seen for so long counts no more. As long as PromQL looks back. */
  readonly windowMs: number;
  /** A batch's samples within one such interval make one sample. */
  readonly resolutionMs: number;
}

/** 200,000 new ids in each of the last minutes: a guess at what is worth 26 MB. */
export const defaultFolderOptions: FolderOptions = { sourcesMax: 500_000, windowMs: 300_000, resolutionMs: 1_000 };

/** All that the folder knows. */
export interface FolderState {
  readonly options: FolderOptions;
  readonly sources: FoldSources;
  readonly evicted: EvictedFilter;
  readonly counts: FolderCounts;
  /** Rises with every change. */
  changes: number;
  /** By number; undefined where one was closed. */
  readonly targets: (FoldTarget | undefined)[];
  readonly targetsByRef: Map<number, number>;
  /** Targets from before a start that no source has come for yet, by id. */
  readonly unclaimed: Map<string, number>;
}

/**
 * So many evicted sources are remembered for each one that is kept, and as many again until the older filter is dropped: at 5,000 new
 * ids a second and the default bound that is 7 to 13 minutes, for 16 MiB. A source that comes back after that is
 * counted as if it were new, from its first value on.
 */
const rememberedPerSource = 4;
const rememberedMin = 65_536;

export function createFolderState(options: FolderOptions): FolderState {
  return {
    options,
    sources: createFoldSources(options.sourcesMax),
    evicted: createEvictedFilter(Math.max(rememberedMin, options.sourcesMax * rememberedPerSource)),
    counts: { folded: 0, ignored: 0, late: 0, notFinite: 0, baselines: 0, evicted: 0 },
    changes: 0,
    targets: [],
    targetsByRef: new Map(),
    unclaimed: new Map(),
  };
}

/** The name of a target among the unclaimed ones. */
export const targetKey = (idHigh: number, idLow: number): string => `${idHigh}:${idLow}`;
