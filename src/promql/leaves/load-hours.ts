/**
 * Brings hours of metrics from the engine's rows into the chunk store. A load of the same metric and hour that is under way is shared: it goes
 * on for as long as anybody waits for it.
 */
import { setImmediate } from 'node:timers/promises';
import { createTurns } from '../../base/turns.js';
import type { ChunkStore } from '../../series/chunk-store/chunk-store.js';
import type { GroupLoad } from '../../series/chunk-store/load.js';
import type { SeriesIndex } from '../../series/index/series-index.js';
import type { PendingDeletions } from '../../series/pending-deletions.js';
import type { Engine, QueryLimits } from '../../storage/engine.js';
import type { SampleRowRun } from '../../storage/sample-rows.js';
import { hourMs, type MissingRange } from './hour-ranges.js';
import { type RowReader, type RowRun, readPart, runOf } from './read-rows.js';
import type { SourceStatistics } from './source-limits.js';

export interface HourLoader {
  /** Resolves when the hours of the range's metrics are in memory, about `rowCount` rows. Rejects where `signal` aborts. */
  load(range: MissingRange, rowCount: number, signal: AbortSignal, statistics: SourceStatistics): Promise<void>;
}

export interface LoaderParts {
  readonly engine: Engine;
  readonly index: SeriesIndex;
  readonly chunks: ChunkStore;
  readonly pendingDeletions: PendingDeletions;
  readonly limits: QueryLimits;
}

interface SharedLoad {
  /** Takes it out of what others may wait for. */
  readonly forget: () => void;
  readonly done: Promise<void>;
  readonly ending: AbortController;
  waiting: number;
}

/** Rows of one statement: 12 MB as they come, and some 30 ms of the thread that takes writes. */
export const rowsPerPiece = 500_000;

export function createHourLoader(parts: LoaderParts): HourLoader {
  const loads = new Map<string, SharedLoad>();

  function begin(
    range: MissingRange,
    keys: readonly string[],
    rowCount: number,
    statistics: SourceStatistics,
  ): SharedLoad {
    const ending = new AbortController();
    const forget = (): void => {
      for (const key of keys) if (loads.get(key) === shared) loads.delete(key);
    };
    const done = loadRange(parts, range, rowCount, ending.signal, statistics).finally(forget);
    // Whoever waits hears of it; where nobody does any more, nobody has to.
    done.catch(() => {});
    const shared: SharedLoad = { forget, done, ending, waiting: 0 };
    for (const key of keys) loads.set(key, shared);
    return shared;
  }

  return {
    async load(range, rowCount, signal, statistics) {
      const { firstHour, lastHour, metrics } = range;
      const waits = new Set<SharedLoad>();
      const free: MissingRange['metrics'] = [];
      const keys: string[] = [];
      for (const selection of metrics) {
        const own: string[] = [];
        for (let hour = firstHour; hour <= lastHour; hour++) own.push(`${selection.metric}:${hour}`);
        const underWay = own.flatMap((key) => loads.get(key) ?? []);
        for (const load of underWay) waits.add(load);
        // What of the metric is not under way is asked for in the next round, when the rest has come.
        if (underWay.length > 0) continue;
        free.push(selection);
        keys.push(...own);
      }
      if (free.length > 0) waits.add(begin({ ...range, metrics: free }, keys, rowCount, statistics));
      statistics.loads += waits.size;
      await Promise.all(Array.from(waits, (load) => waitFor(load, signal)));
    },
  };
}

async function waitFor(load: SharedLoad, signal: AbortSignal): Promise<void> {
  load.waiting++;
  let leave = (): void => {};
  try {
    await Promise.race([
      load.done,
      new Promise<never>((_, reject) => {
        leave = () => reject(signal.reason as Error);
        if (signal.aborted) leave();
        else signal.addEventListener('abort', leave, { once: true });
      }),
    ]);
  } finally {
    signal.removeEventListener('abort', leave);
    if (--load.waiting === 0) {
      load.forget();
      load.ending.abort(signal.reason);
    }
  }
}

async function loadRange(
  { engine, index, chunks, pendingDeletions, limits }: LoaderParts,
  range: MissingRange,
  rowCount: number,
  signal: AbortSignal,
  statistics: SourceStatistics,
): Promise<void> {
  const { firstHour, lastHour, metrics } = range;
  const loads = new Map<number, GroupLoad[]>();
  for (const { metric } of metrics) {
    const hours: GroupLoad[] = [];
    for (let hour = firstHour; hour <= lastHour; hour++) hours.push(chunks.beginLoad(metric, hour * hourMs));
    loads.set(metric, hours);
  }
  const deletions = pendingDeletions.view();
  let isComplete = false;
  try {
    const reader: RowReader = { engine, index, deletions, signal, limits, statistics };
    const names = metrics.map(({ metric }) => index.metricName(metric));
    const parts = Math.max(1, Math.ceil(rowCount / rowsPerPiece));
    // The engine reads the next part while this one is taken in.
    let next = readPart(reader, names, range, 0, parts);
    for (let part = 0; part < parts; part++) {
      const runs = await next;
      if (part + 1 < parts) {
        next = readPart(reader, names, range, part + 1, parts);
        next.catch(() => {});
      }
      await takeIn(runs, (each) => {
        // Asked for each one as it is taken in: others have their turn in between.
        const run = runOf(reader, each);
        if (run !== undefined) addRun(run, loads.get(index.metricOf(run.ref)), firstHour);
      });
    }
    isComplete = true;
  } finally {
    deletions.close();
    const all = Array.from(loads.values()).flat();
    await sealAll(all);
    for (const load of all) {
      if (isComplete) load.finish();
      else load.abandon();
    }
  }
}

/** Rows taken in at once: some milliseconds of the thread that takes writes. */
const rowsAtOnce = 20_000;

async function takeIn(runs: readonly SampleRowRun[], add: (run: SampleRowRun) => void): Promise<void> {
  let rows = 0;
  for (const run of runs) {
    add(run);
    rows += run.timesMs.length;
    if (rows < rowsAtOnce) continue;
    rows = 0;
    await setImmediate();
  }
}

/** Chunks sealed at once: a millisecond or two of the thread that takes writes. */
const chunksPerSeal = 512;

async function sealAll(loads: readonly GroupLoad[]): Promise<void> {
  const turns = createTurns();
  for (const load of loads) {
    while (load.seal(chunksPerSeal)) await turns.breathe();
    await turns.breathe();
  }
}

const oneRef = new Uint32Array(1);
const oneEnd = new Uint32Array(1);

/** Adds a series' rows hour by hour. */
function addRun({ ref, timesMs, values }: RowRun, hours: readonly GroupLoad[] | undefined, firstHour: number): void {
  if (hours === undefined) return;
  oneRef[0] = ref;
  for (let from = 0, to = 0; from < timesMs.length; from = to) {
    const hour = Math.floor(timesMs[from]! / hourMs);
    const endMs = (hour + 1) * hourMs;
    while (to < timesMs.length && timesMs[to]! < endMs) to++;
    oneEnd[0] = to - from;
    hours[hour - firstHour]!.add(oneRef, 1, oneEnd, timesMs.subarray(from, to), values.subarray(from, to));
  }
}
