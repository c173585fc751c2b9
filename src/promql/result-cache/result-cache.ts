/**
 * Results of range queries, kept so that a query that comes again is evaluated only where its range goes beyond what is kept.
 *
 * An entry is one query's result over a stretch of steps, by the query's canonical text, its step, the phase of its steps and its look-back.
 * Invariant: an entry's values are those that an evaluation now would give. So whatever changes samples must be told (`noteSamples`,
 * `noteDeletion`): the steps whose values read such a sample are dropped, with all that follow, from the entries and from evaluations that are
 * under way. Newest steps are never kept, since samples for them are still to come: that is for speed, not for the invariant.
 *
 * Remarks are kept with the results, see `kept-remarks.ts`. Not kept: results with native histograms. Sums over sliding windows may differ from an
 * evaluation of the whole in their last bits.
 */
import type { Clock } from '../../base/clock.js';
import { noRef } from '../../model/series-ref.js';
import type { Expression, SourceRange } from '../ast.js';
import { type Annotation, createAnnotations } from '../evaluate/annotations.js';
import { defaultQueryOptions } from '../evaluate/query-options.js';
import type { QueryRange } from '../evaluate/query-range.js';
import type { QueryResult, ResultSeries } from '../evaluate/query-result.js';
import { cacheableText, type ReadReach, reachOf } from './cacheable-query.js';
import {
  areMade,
  joinRemarks,
  placedRemarks,
  placesOf,
  type RemarkedSteps,
  remarkBytes,
  remarksIn,
} from './kept-remarks.js';
import { printColumns } from './printed-column.js';
import type { ResultColumns } from './result-column.js';
import { bytesOf, bytesOncePrinted, cutResult, joinColumns, withHistograms } from './result-columns.js';
import { joinedRange, missingParts, overlapOf, type StepGrid, type StepRange, timeOf } from './step-grid.js';

export interface ResultCacheOptions {
  /** Bytes that results may take; 0 keeps none. */
  readonly bytesMax: number;
  readonly clock: Clock;
  readonly metricNameOf: (ref: number) => string;
}

export interface ResultCache {
  /**
   * Begins a range query; undefined where its results are not kept. It must be ended with `complete` or `abandon`. One that `usesKept` is false for
   * is evaluated as a whole, and what was kept goes.
   */
  open(expression: Expression, range: QueryRange, lookbackMs: number, usesKept?: boolean): CachedQuery | undefined;
  /** Tells of samples that were stored, in runs as a `SampleBatch` has them. */
  noteSamples(refs: Uint32Array, runCount: number, sampleEnds: Uint32Array, timesMs: Float64Array): void;
  /** Tells that samples of series with times in [fromMs, toMs] are no more. To be told before the series leave the index. */
  noteDeletion(refs: ArrayLike<number>, fromMs: number, toMs: number): void;
  statistics(): ResultCacheStatistics;
}

export interface CachedQuery {
  /** What has to be evaluated, in the order of time; none where everything is kept. */
  readonly missing: readonly QueryRange[];
  /** Steps that are not. */
  readonly keptSteps: number;
  /**
   * The whole result, made of what is kept and of the results for `missing`. Undefined where it cannot be told which remarks belong to what is kept:
   * then the whole is to be evaluated, and opened anew with nothing used of what is kept.
   */
  complete(results: readonly QueryResult[]): QueryResult | undefined;
  abandon(): void;
}

export interface ResultCacheStatistics {
  readonly entries: number;
  readonly bytes: number;
  /** Steps that were asked for: kept ones, and others. */
  readonly stepHits: number;
  readonly stepMisses: number;
  /** Entries that were cut because their samples changed. */
  readonly invalidations: number;
}

interface Entry {
  readonly grid: StepGrid;
  readonly reach: ReadReach;
  columns: ResultColumns;
  readonly remarks: readonly RemarkedSteps[];
  /** Steps from here on do not count: they are too new, or their samples changed. */
  end: number;
  bytes: number;
}

/** An evaluation that is under way, and up to where its result may be kept. */
interface Pending {
  readonly grid: StepGrid;
  readonly reach: ReadReach;
  readonly first: number;
  end: number;
}

/** How late samples come as a matter of course: scrapes, batches of senders, clocks. A guess. */
const settlingMs = 60_000;
/** An entry takes at most this share of all bytes. A guess: some large dashboards stay beside each other. */
const entryShare = 1 / 4;

interface CacheState extends ResultCacheOptions {
  /** The one used longest ago comes first. */
  readonly entries: Map<string, Entry>;
  readonly pending: Set<Pending>;
  bytes: number;
  /** No entry and no evaluation reads a sample behind this time. */
  watchedUntilMs: number;
  stepHits: number;
  stepMisses: number;
  invalidations: number;
}

export function createResultCache(options: ResultCacheOptions): ResultCache {
  const state: CacheState = {
    ...options,
    entries: new Map(),
    pending: new Set(),
    bytes: 0,
    watchedUntilMs: Number.NEGATIVE_INFINITY,
    stepHits: 0,
    stepMisses: 0,
    invalidations: 0,
  };
  return {
    open: (expression, range, lookbackMs, usesKept = true) => open(state, expression, range, lookbackMs, usesKept),
    noteSamples: (refs, runCount, sampleEnds, timesMs) => noteSamples(state, refs, runCount, sampleEnds, timesMs),
    noteDeletion(refs, fromMs, toMs) {
      for (const name of new Set(Array.from(refs, state.metricNameOf))) noteChange(state, name, fromMs, toMs);
    },
    statistics: () => ({
      entries: state.entries.size,
      bytes: state.bytes,
      stepHits: state.stepHits,
      stepMisses: state.stepMisses,
      invalidations: state.invalidations,
    }),
  };
}

function open(
  state: CacheState,
  expression: Expression,
  range: QueryRange,
  lookbackMs: number,
  usesKept: boolean,
): CachedQuery | undefined {
  const { startMs, endMs, stepMs } = range;
  const text = state.bytesMax > 0 ? cacheableText(expression) : undefined;
  if (text === undefined || stepMs === 0 || endMs < startMs) return undefined;
  const phaseMs = ((startMs % stepMs) + stepMs) % stepMs;
  const grid: StepGrid = { stepMs, phaseMs };
  const asked: StepRange = {
    first: (startMs - phaseMs) / stepMs,
    steps: Math.floor((endMs - startMs) / stepMs) + 1,
  };
  const key = `${stepMs} ${phaseMs} ${lookbackMs} ${text}`;
  const entry = state.entries.get(key);
  const places = placesOf(expression);
  const kept = usesKept ? entry && usablePart(entry, asked, places) : undefined;
  const reach = entry?.reach ?? reachOf(expression, range, { ...defaultQueryOptions, lookbackMs });
  const parts = missingParts(asked, kept?.columns);
  const keptSteps = kept === undefined ? 0 : overlapOf(asked, kept.columns);
  if (usesKept) {
    state.stepHits += keptSteps;
    state.stepMisses += asked.steps - keptSteps;
  }
  if (entry !== undefined && kept !== undefined) useAgain(state, key, entry);
  const first = Math.min(asked.first, kept?.columns.first ?? asked.first);
  const pending: Pending = { grid, reach, first, end: settledEnd(state, grid, reach) };
  if (parts.length > 0) addPending(state, pending, asked);
  return {
    missing: parts.map((part) => ({
      startMs: timeOf(grid, part.first),
      endMs: timeOf(grid, part.first + part.steps - 1),
      stepMs,
    })),
    keptSteps,
    complete(results) {
      state.pending.delete(pending);
      return completed(state, { key, pending, asked, parts, places }, kept, results);
    },
    abandon: () => void state.pending.delete(pending),
  };
}

/** What of an entry is used for a query: its columns, and the remarks on those of its steps that are asked for. */
interface Kept extends ReturnType<typeof remarksIn> {
  readonly columns: ResultColumns;
  /** All of the entry's. */
  readonly remarks: readonly RemarkedSteps[];
}

/** Undefined, too, where remarks on a part of what is kept will not be known. */
function usablePart(entry: Entry, asked: StepRange, places: readonly SourceRange[]): Kept | undefined {
  const columns = keptPart(entry, asked);
  if (columns === undefined) return undefined;
  const first = Math.max(asked.first, columns.first);
  const shared = { first, steps: overlapOf(asked, columns) };
  const found = remarksIn(entry.remarks, shared, places);
  const isAll = shared.steps === asked.steps;
  const isKnowable = isAll ? areMade(found.possible, found.known) : areMade(found.possible, found.possible);
  return isKnowable ? { ...found, columns, remarks: entry.remarks } : undefined;
}

/** What an entry has that joins what is asked for without a gap. Its columns may go on behind its end, which the copy does not. */
function keptPart({ columns, end }: Entry, asked: StepRange): ResultColumns | undefined {
  const steps = Math.min(columns.steps, end - columns.first);
  const touches = columns.first <= asked.first + asked.steps && columns.first + steps >= asked.first;
  return steps > 0 && touches ? { ...columns, steps } : undefined;
}

/** The first step for which samples may still come as a matter of course. */
const settledEnd = ({ clock }: CacheState, { stepMs, phaseMs }: StepGrid, { aheadMs }: ReadReach): number =>
  Math.floor((clock.nowMs() - settlingMs - aheadMs - phaseMs) / stepMs) + 1;

function addPending(state: CacheState, pending: Pending, { first, steps }: StepRange): void {
  state.pending.add(pending);
  watch(state, pending, Math.min(pending.end, first + steps));
}

function watch(state: CacheState, { grid, reach }: Pending | Entry, end: number): void {
  state.watchedUntilMs = Math.max(state.watchedUntilMs, timeOf(grid, end - 1) + reach.aheadMs);
}

function useAgain({ entries }: CacheState, key: string, entry: Entry): void {
  entries.delete(key);
  entries.set(key, entry);
}

/** A query that was evaluated where nothing was kept: `parts`. */
interface Asked {
  readonly key: string;
  readonly pending: Pending;
  readonly asked: StepRange;
  readonly parts: readonly StepRange[];
  readonly places: readonly SourceRange[];
}

function completed(
  state: CacheState,
  query: Asked,
  kept: Kept | undefined,
  results: readonly QueryResult[],
): QueryResult | undefined {
  const { asked, parts, places, key } = query;
  const { grid } = query.pending;
  const annotations = union([kept?.known ?? [], ...results.map(remarksOf)]);
  if (kept !== undefined && !areMade(kept.possible, annotations)) return undefined;
  const summary = {
    annotations,
    samplesRead: results.reduce((sum, { samplesRead }) => sum + samplesRead, 0),
    samplesPeak: results.reduce((most, { samplesPeak }) => Math.max(most, samplesPeak), 0),
  };
  const evaluated = results.map(seriesOf);
  const hasHistograms = evaluated.flat().some(({ histograms }) => histograms.length > 0);
  if (results.length === 0) {
    printEntry(state, key, kept!.columns);
    return { ...summary, data: { kind: 'matrix', series: cutResult(grid, kept!.columns, asked) } };
  }
  const range = joinedRange(asked, kept?.columns);
  const columns = joinColumns(grid, range, kept?.columns, evaluated);
  if (!hasHistograms) {
    const more = results.flatMap((each, i) => placedRemarks(each.annotations, parts[i]!, places) ?? []);
    const remarks = joinRemarks(kept?.remarks ?? [], kept?.columns, more, range);
    keep(state, query, { columns, remarks }, kept?.columns);
  }
  const series = cutResult(grid, columns, asked);
  return { ...summary, data: { kind: 'matrix', series: hasHistograms ? withHistograms(series, evaluated) : series } };
}

const remarksOf = ({ annotations }: QueryResult): readonly Annotation[] => annotations;

function union(parts: readonly (readonly Annotation[])[]): readonly Annotation[] {
  const all = createAnnotations();
  for (const each of parts.flat()) all.add(each);
  return all.list();
}

/** What comes a second time will come a third: its text is kept. `kept` is what the query found of the entry. */
function printEntry(state: CacheState, key: string, kept: ResultColumns): void {
  const entry = state.entries.get(key);
  if (entry?.columns.columns !== kept.columns || isPrinted(entry.columns)) return;
  if (!mayPrint(state, entry.columns)) return;
  printColumns(entry.grid, entry.columns, undefined);
  state.bytes -= entry.bytes;
  entry.bytes = entryBytes(key, entry);
  state.bytes += entry.bytes;
  evict(state);
}

const isPrinted = ({ columns }: ResultColumns): boolean => columns.every(({ printed }) => printed !== undefined);

const mayPrint = ({ bytesMax }: CacheState, columns: ResultColumns): boolean =>
  bytesOncePrinted(columns) <= bytesMax * entryShare;

function seriesOf({ data }: QueryResult): readonly ResultSeries[] {
  return data.kind === 'matrix' ? data.series : [];
}

function keep(
  state: CacheState,
  { key, pending: { grid, reach, end: settled } }: Asked,
  { columns, remarks }: Pick<Entry, 'columns' | 'remarks'>,
  kept: ResultColumns | undefined,
): void {
  const before = state.entries.get(key);
  const end = Math.min(settled, columns.first + columns.steps);
  if (end <= columns.first || entryBytes(key, { columns, remarks }) > state.bytesMax * entryShare) return;
  if (kept !== undefined && mayPrint(state, columns)) printColumns(grid, columns, kept);
  const bytes = entryBytes(key, { columns, remarks });
  if (before !== undefined) remove(state, key, before);
  const entry: Entry = { grid, reach, columns, remarks, end, bytes };
  state.entries.set(key, entry);
  state.bytes += bytes;
  watch(state, entry, end);
  evict(state);
}

const entryBytes = (key: string, { columns, remarks }: Pick<Entry, 'columns' | 'remarks'>): number =>
  bytesOf(columns) + remarkBytes(remarks) + 2 * key.length;

function evict(state: CacheState): void {
  for (const [oldest, each] of state.entries) {
    if (state.bytes <= state.bytesMax) break;
    remove(state, oldest, each);
  }
}

function remove(state: CacheState, key: string, entry: Entry): void {
  state.entries.delete(key);
  state.bytes -= entry.bytes;
}

function noteSamples(
  state: CacheState,
  refs: Uint32Array,
  runCount: number,
  sampleEnds: Uint32Array,
  timesMs: Float64Array,
): void {
  if (!hasTimeUpTo(timesMs, runCount === 0 ? 0 : sampleEnds[runCount - 1]!, state.watchedUntilMs)) return;
  const changes = new Map<string, { fromMs: number; toMs: number }>();
  for (let run = 0, from = 0; run < runCount; run++) {
    const to = sampleEnds[run]!;
    if (refs[run] !== noRef && to > from) {
      const name = state.metricNameOf(refs[run]!);
      const change = changes.get(name) ?? { fromMs: Number.POSITIVE_INFINITY, toMs: Number.NEGATIVE_INFINITY };
      for (let i = from; i < to; i++) {
        change.fromMs = Math.min(change.fromMs, timesMs[i]!);
        change.toMs = Math.max(change.toMs, timesMs[i]!);
      }
      changes.set(name, change);
    }
    from = to;
  }
  for (const [name, { fromMs, toMs }] of changes) noteChange(state, name, fromMs, toMs);
}

/** Apart and plain: it looks at every sample that is stored. */
function hasTimeUpTo(timesMs: Float64Array, count: number, untilMs: number): boolean {
  for (let i = 0; i < count; i++) if (timesMs[i]! <= untilMs) return true;
  return false;
}

/** Samples of a metric with times in [fromMs, toMs] came, changed or went. */
function noteChange(state: CacheState, metric: string, fromMs: number, toMs: number): void {
  if (fromMs > state.watchedUntilMs) return;
  for (const pending of state.pending)
    pending.end = endBefore(pending, pending.first, pending.end, metric, fromMs, toMs);
  for (const [key, entry] of state.entries) {
    const end = endBefore(entry, entry.columns.first, entry.end, metric, fromMs, toMs);
    if (end === entry.end) continue;
    state.invalidations++;
    entry.end = end;
    if (end <= entry.columns.first) remove(state, key, entry);
  }
}

/** Where steps end that do not read what changed: `end` itself where none does. */
function endBefore(
  { grid: { stepMs, phaseMs }, reach }: Pick<Entry, 'grid' | 'reach'>,
  first: number,
  end: number,
  metric: string,
  fromMs: number,
  toMs: number,
): number {
  if (reach.metrics !== undefined && !reach.metrics.has(metric)) return end;
  const firstTouched = Math.ceil((fromMs - reach.aheadMs - phaseMs) / stepMs);
  const lastTouched = Math.floor((toMs + reach.backMs - phaseMs) / stepMs);
  return lastTouched < first || firstTouched >= end ? end : firstTouched;
}
