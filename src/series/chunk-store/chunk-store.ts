/**
 * The chunk store: the head and the cache of metrics in one. Samples of a series and hour lie in a chunk
 * (docs/formats/chunk.md), in shared memory within a budget of bytes.
 *
 * A chunk is in one of two places, never in both:
 * - **open**: takes samples. Chunks of the present hour, and of any hour that samples arrived for late.
 * - **closed**: in a segment of its group and hour, which does not change and is what gets evicted. A sample that arrives late
 *   opens the chunk again.
 *
 * An hour is open until `closeHours` passes it; `seal` then moves its chunks into segments. A segment may be evicted once
 * all that arrived for its hour before it was sealed is in the engine (`setStoredUpTo`). Nothing else ever leaves: where
 * what must stay is more than the budget, it stays, and `statistics().overBudgetBytes` says so.
 *
 * A group's hour is **resident** when all its samples are here: because the hour began after the engine's last samples
 * (`completeFromMs`) and nothing of it was evicted, or because it was loaded. To read what is not resident, begin
 * a load, read the engine's rows, add them, finish it. A load that fails leaves what came, and no claim.
 *
 * One thread owns the store. Readers in other threads work on copies, see `series-streams.ts`.
 */
import { valueWords } from '../../model/sample-batch.js';
import { noRef } from '../../model/series-ref.js';
import { createArenas } from '../chunk/arenas.js';
import { createChunkReader } from '../chunk/read-chunk.js';
import type { SampleColumns } from '../chunk/sample-columns.js';
import { createSampleColumns, keepSamples } from '../chunk/sample-columns.js';
import { appendToHour } from './append-runs.js';
import { dropSamples } from './drop.js';
import { type ChunkDump, dumpChunks } from './dump.js';
import { evictOne, pinHours } from './evict.js';
import type { Hour } from './hours.js';
import { createHours, hourMs, hourOf } from './hours.js';
import type { GroupLoad } from './load.js';
import { beginLoad } from './load.js';
import { beginRestore, type ChunkRestore, endRestores } from './restore.js';
import { sealClosed } from './seal.js';
import { createSegmentBuilder } from './segment.js';
import { copyStreams, type SeriesStreams } from './series-streams.js';
import type { AppendCounters, StoreState } from './store-state.js';
import { readHour, touch } from './store-state.js';
import type { ChunkStoreStatistics } from './store-statistics.js';
import { openBytes, samplesPerSeries, storeStatistics } from './store-statistics.js';

export interface ChunkStoreOptions {
  /** Bytes of memory that chunks may take. Open chunks are never given up for it. */
  readonly budgetBytes: number;
  /** The group of a series, its metric: a whole number. Asked for as long as the series has samples here. */
  readonly groupOf: (ref: number) => number;
  /** From the hour of this time on the engine holds nothing that was not, or will not be, appended here. Epoch milliseconds. */
  readonly completeFromMs: number;
  /** Bytes taken from the system at once: a power of two from 64 KiB up. */
  readonly arenaBytes?: number;
}

export interface ChunkStore {
  /**
   * Takes samples in runs, as a `SampleBatch` has them: run i's are [sampleEnds[i - 1], sampleEnds[i]) of series refs[i]. Runs of
   * `noRef` are passed over. Samples may come in any order and for any hour; the same sample again is ignored, another value for
   * the same time takes the first one's place. `arrival` is a number that never falls, for example the log's sequence.
   */
  append(
    refs: Uint32Array,
    runCount: number,
    sampleEnds: Uint32Array,
    timesMs: Float64Array,
    values: Float64Array,
    arrival: number,
  ): void;
  /** What became of all samples so far. Counted against what is in memory: a sample that was evicted is not recognized. */
  readonly counters: Readonly<AppendCounters>;
  /** Appends the samples of a series with times in (fromMs, toMs] that are in memory to `into`, in order of time. */
  read(ref: number, fromMs: number, toMs: number, into: SampleColumns): void;
  /** Copies of the chunks that may hold samples of series with times in (fromMs, toMs], as they are stored. */
  copyStreams(refs: ArrayLike<number>, fromMs: number, toMs: number): SeriesStreams;
  /** Whether all samples of the group in the hour of `timeMs` are in memory. Counts a hit or a miss, and marks what it hits as used. */
  isResident(group: number, timeMs: number): boolean;
  /**
   * How many samples a series of the group has on average in the hour of `timeMs`; -1 where not all of them are in memory. Counts nothing, and
   * marks nothing as used.
   */
  samplesPerSeries(group: number, timeMs: number): number;
  /** Keeps what is in memory of groups' hours with times from `fromMs` to `toMs` from being evicted until the returned function is called. */
  pin(groups: Iterable<number>, fromMs: number, toMs: number): () => void;
  /** Begins to load a group's hour, the one of `timeMs`. Begin before the rows are read from the engine. */
  beginLoad(group: number, timeMs: number): GroupLoad;
  /** Removes all samples of series. Their refs may be used again; `groupOf` must still know them during the call. */
  drop(refs: Uint32Array): void;
  /**
   * Removes the samples of series with times in [fromMs, toMs]; all others stay, and what was resident stays so. Loads at work must leave
   * such rows out themselves.
   */
  dropRange(refs: Uint32Array, fromMs: number, toMs: number): void;
  /** Closes the hours that end at or before `timeMs`. */
  closeHours(timeMs: number): void;
  /** Moves about `chunksMax` open chunks of closed hours into segments, which takes some microseconds each. Returns whether there are more. */
  seal(chunksMax: number): boolean;
  /** Memory that open chunks take, as a share of the budget. */
  readonly openShare: number;
  /** Says that all samples that arrived up to and with `arrival` are in the engine. */
  setStoredUpTo(arrival: number): void;
  /** What is here and closed, for a process that comes after this one. */
  dump(): ChunkDump;
  /** Begins to bring back what an earlier process dumped; `refs` has by ref there the ref of the same series here, `noRef` for none. */
  beginRestore(refs: Uint32Array): ChunkRestore;
  statistics(): ChunkStoreStatistics;
}

/** 16 MiB: sixteen of the largest segments. A guess. */
const arenaBytesDefault = 2 ** 24;

/** A chunk in a segment takes at most 13 bytes a sample; so it stays below a quarter of an arena, which is what a segment may take. */
const chunkSamplesMaxOf = (arenaBytes: number): number => Math.min(8192, arenaBytes / 64);

function createStoreState(options: ChunkStoreOptions): StoreState {
  const { budgetBytes, groupOf, completeFromMs, arenaBytes = arenaBytesDefault } = options;
  const arenas = createArenas({
    arenaBytes,
    makeRoom: (reservedBytes) => reservedBytes > budgetBytes && evictOne(state),
  });
  const state: StoreState = {
    arenas,
    hours: createHours(arenas),
    groupOf,
    budgetBytes,
    chunkSamplesMax: chunkSamplesMaxOf(arenaBytes),
    completeFromHour: Math.ceil(completeFromMs / hourMs),
    closedBeforeHour: Number.NEGATIVE_INFINITY,
    storedUpTo: Number.NEGATIVE_INFINITY,
    groupHours: new Set(),
    loads: new Set(),
    restores: new Set(),
    counters: { appended: 0, outOfOrder: 0, duplicates: 0, replaced: 0 },
    reader: createChunkReader(),
    work: createSampleColumns(),
    builder: createSegmentBuilder(arenas),
    closedBlocks: 0,
    evictions: 0,
    hits: 0,
    misses: 0,
  };
  return state;
}

export function createChunkStore(options: ChunkStoreOptions): ChunkStore {
  const state = createStoreState(options);
  return {
    counters: state.counters,
    append(refs, runCount, sampleEnds, timesMs, values, arrival) {
      append(state, refs, runCount, sampleEnds, timesMs, values, arrival);
    },
    read: (ref, fromMs, toMs, into) => read(state, ref, fromMs, toMs, into),
    copyStreams: (refs, fromMs, toMs) => copyStreams(state, refs, fromMs, toMs),
    isResident: (group, timeMs) => isResident(state, group, hourOf(timeMs)),
    samplesPerSeries: (group, timeMs) => samplesPerSeries(state, group, hourOf(timeMs)),
    pin: (groups, fromMs, toMs) => pinHours(state, groups, hourOf(fromMs), hourOf(toMs)),
    beginLoad: (group, timeMs) => beginLoad(state, group, timeMs),
    drop: (refs) => drop(state, refs),
    dropRange(refs, fromMs, toMs) {
      endRestores(state);
      dropSamples(state, refs, fromMs, toMs);
    },
    closeHours(timeMs) {
      state.closedBeforeHour = Math.max(state.closedBeforeHour, hourOf(timeMs));
    },
    seal: (chunksMax) => sealClosed(state, chunksMax),
    get openShare() {
      return openBytes(state) / state.budgetBytes;
    },
    setStoredUpTo(arrival) {
      state.storedUpTo = Math.max(state.storedUpTo, arrival);
    },
    dump: () => dumpChunks(state),
    beginRestore: (refs) => beginRestore(state, refs),
    statistics: () => storeStatistics(state),
  };
}

function append(
  state: StoreState,
  refs: Uint32Array,
  runCount: number,
  sampleEnds: Uint32Array,
  timesMs: Float64Array,
  values: Float64Array,
  arrival: number,
): void {
  const source = { timesMs, values, words: valueWords(values) };
  const { counters, hours } = state;
  let hour = hours.sorted.at(-1);
  let from = 0;
  for (let run = 0; run < runCount; run++) {
    const to = sampleEnds[run]!;
    const ref = refs[run]!;
    if (ref === noRef) from = to;
    while (from < to) {
      const timeMs = timesMs[from]!;
      if (hour === undefined || !(timeMs >= hour.open.startMs && timeMs < hour.open.startMs + hourMs)) {
        hour = hours.take(hourOf(timeMs));
      }
      hour.lastArrival = arrival;
      from = appendToHour(state, hour, ref, source, from, to, 'arriving', counters);
    }
  }
}

function read(state: StoreState, ref: number, fromMs: number, toMs: number, into: SampleColumns): void {
  const firstHour = hourOf(fromMs);
  const lastHour = hourOf(toMs);
  const { sorted } = state.hours;
  for (let i = firstHourFrom(sorted, firstHour); i < sorted.length && sorted[i]!.index <= lastHour; i++) {
    const hour = sorted[i]!;
    const start = into.length;
    readHour(state, hour, ref, into);
    if (hour.index === firstHour || hour.index === lastHour) keepSamples(into, start, fromMs, toMs);
  }
}

/** The first of rising hours whose index is not below. */
function firstHourFrom(sorted: readonly Hour[], index: number): number {
  let from = 0;
  let to = sorted.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (sorted[middle]!.index < index) from = middle + 1;
    else to = middle;
  }
  return from;
}

function isResident(state: StoreState, group: number, index: number): boolean {
  const groupHour = state.hours.byIndex.get(index)?.groups.get(group);
  if (groupHour !== undefined) touch(state, groupHour);
  const resident = groupHour?.isResident ?? index >= state.completeFromHour;
  if (resident) state.hits++;
  else state.misses++;
  return resident;
}

function drop(state: StoreState, refs: Uint32Array): void {
  endRestores(state);
  for (const load of state.loads) for (const ref of refs) load.droppedRefs.add(ref);
  dropSamples(state, refs, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
}
