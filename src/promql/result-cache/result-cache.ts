/**
 * Results of range queries, kept so that a query that comes again is evaluated only where its range goes beyond what is kept.
 *
 * An entry is one query's result over a stretch of steps, by the query's canonical text, its step, the phase of its steps and its look-back.
 * Invariant: an entry's values are those that an evaluation now would give. So whatever changes samples must be told (`noteSamples`,
 * `noteDeletion`): the steps whose values read such a sample are dropped, with all that follow, from the entries and from evaluations that are
 * under way. Newest steps are never kept, since samples for them are still to come: that is for speed, not for the invariant.
 *
 * Not kept: results with remarks, which would have to be told apart by step, and with native histograms. Sums over sliding windows may differ from
 * an evaluation of the whole in their last bits.
 */
import type { Clock } from '../../base/clock.js';
import { noRef } from '../../model/series-ref.js';
import type { Expression } from '../ast.js';
import { createAnnotations } from '../evaluate/annotations.js';
import { defaultQueryOptions } from '../evaluate/query-options.js';
import type { QueryRange } from '../evaluate/query-range.js';
import type { QueryResult, ResultSeries } from '../evaluate/query-result.js';
import { cacheableText, type ReadReach, reachOf } from './cacheable-query.js';
import { printColumns } from './printed-column.js';
import type { ResultColumns } from './result-column.js';
import { bytesOf, bytesOncePrinted, cutResult, joinColumns, withHistograms } from './result-columns.js';
import { type StepGrid, type StepRange, timeOf } from './step-grid.js';

export interface ResultCacheOptions {
  /** Bytes that results may take; 0 keeps none. */
  readonly bytesMax: number;
  readonly clock: Clock;
  readonly metricNameOf: (ref: number) => string;
}

export interface ResultCache {
  /** Begins a range query; undefined where its results are not kept. It must be ended with `complete` or `abandon`. */
  open(expression: Expression, range: QueryRange, lookbackMs: number): CachedQuery | undefined;
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
  /** The whole result, made of what is kept and of the results for `missing`. */
  complete(results: readonly QueryResult[]): QueryResult;
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
    open: (expression, range, lookbackMs) => open(state, expression, range, lookbackMs),
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
  const kept = entry && keptPart(entry, asked);
  const reach = entry?.reach ?? reachOf(expression, range, { ...defaultQueryOptions, lookbackMs });
  const missing = missingParts(asked, kept).map(
    (part): QueryRange => ({
      startMs: timeOf(grid, part.first),
      endMs: timeOf(grid, part.first + part.steps - 1),
      stepMs,
    }),
  );
  const keptSteps = kept === undefined ? 0 : overlap(asked, kept);
  state.stepHits += keptSteps;
  state.stepMisses += asked.steps - keptSteps;
  if (entry !== undefined && kept !== undefined) useAgain(state, key, entry);
  const first = Math.min(asked.first, kept?.first ?? asked.first);
  const pending: Pending = { grid, reach, first, end: settledEnd(state, grid, reach) };
  if (missing.length > 0) addPending(state, pending, asked);
  return {
    missing,
    keptSteps,
    complete(results) {
      state.pending.delete(pending);
      return completed(state, key, pending, asked, kept, results);
    },
    abandon: () => void state.pending.delete(pending),
  };
}

/** What an entry has that joins what is asked for without a gap. Its columns may go on behind its end, which the copy does not. */
function keptPart({ columns, end }: Entry, asked: StepRange): ResultColumns | undefined {
  const steps = Math.min(columns.steps, end - columns.first);
  const touches = columns.first <= asked.first + asked.steps && columns.first + steps >= asked.first;
  return steps > 0 && touches ? { ...columns, steps } : undefined;
}

function missingParts(asked: StepRange, kept: StepRange | undefined): StepRange[] {
  if (kept === undefined || overlap(asked, kept) === 0) return [asked];
  const askedEnd = asked.first + asked.steps;
  const keptEnd = kept.first + kept.steps;
  const parts: StepRange[] = [];
  if (kept.first > asked.first) parts.push({ first: asked.first, steps: kept.first - asked.first });
  if (keptEnd < askedEnd) parts.push({ first: keptEnd, steps: askedEnd - keptEnd });
  return parts;
}

const overlap = (a: StepRange, b: StepRange): number =>
  Math.max(0, Math.min(a.first + a.steps, b.first + b.steps) - Math.max(a.first, b.first));

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

function completed(
  state: CacheState,
  key: string,
  pending: Pending,
  asked: StepRange,
  kept: ResultColumns | undefined,
  results: readonly QueryResult[],
): QueryResult {
  const { grid } = pending;
  const remarks = createAnnotations();
  for (const { annotations } of results) for (const each of annotations) remarks.add(each);
  const summary = {
    annotations: remarks.list(),
    samplesRead: results.reduce((sum, { samplesRead }) => sum + samplesRead, 0),
    samplesPeak: results.reduce((most, { samplesPeak }) => Math.max(most, samplesPeak), 0),
  };
  const evaluated = results.map(seriesOf);
  const hasHistograms = evaluated.flat().some(({ histograms }) => histograms.length > 0);
  if (results.length === 0) {
    printEntry(state, key, kept!);
    return { ...summary, data: { kind: 'matrix', series: cutResult(grid, kept!, asked) } };
  }
  const columns = joinColumns(grid, joinedRange(asked, kept), kept, evaluated);
  if (summary.annotations.length === 0 && !hasHistograms) keep(state, key, pending, columns, kept);
  const series = cutResult(grid, columns, asked);
  return { ...summary, data: { kind: 'matrix', series: hasHistograms ? withHistograms(series, evaluated) : series } };
}

/** What comes a second time will come a third: its text is kept. `kept` is what the query found of the entry. */
function printEntry(state: CacheState, key: string, kept: ResultColumns): void {
  const entry = state.entries.get(key);
  if (entry?.columns.columns !== kept.columns || isPrinted(entry.columns)) return;
  if (!mayPrint(state, entry.columns)) return;
  printColumns(entry.grid, entry.columns, undefined);
  state.bytes -= entry.bytes;
  entry.bytes = entryBytes(key, entry.columns);
  state.bytes += entry.bytes;
  evict(state);
}

const isPrinted = ({ columns }: ResultColumns): boolean => columns.every(({ printed }) => printed !== undefined);

const mayPrint = ({ bytesMax }: CacheState, columns: ResultColumns): boolean =>
  bytesOncePrinted(columns) <= bytesMax * entryShare;

function seriesOf({ data }: QueryResult): readonly ResultSeries[] {
  return data.kind === 'matrix' ? data.series : [];
}

/** What was asked for, with what is kept on both its sides, of which so much stays as was asked for: a range that moves on leaves its past behind. */
function joinedRange({ first, steps }: StepRange, kept: StepRange | undefined): StepRange {
  if (kept === undefined) return { first, steps };
  const from = Math.max(Math.min(first, kept.first), first - steps);
  const end = Math.min(Math.max(first + steps, kept.first + kept.steps), first + 2 * steps);
  return { first: from, steps: end - from };
}

function keep(
  state: CacheState,
  key: string,
  { grid, reach, end: settled }: Pending,
  columns: ResultColumns,
  kept: ResultColumns | undefined,
): void {
  const before = state.entries.get(key);
  const end = Math.min(settled, columns.first + columns.steps);
  if (end <= columns.first || entryBytes(key, columns) > state.bytesMax * entryShare) return;
  if (kept !== undefined && mayPrint(state, columns)) printColumns(grid, columns, kept);
  const bytes = entryBytes(key, columns);
  if (before !== undefined) remove(state, key, before);
  const entry: Entry = { grid, reach, columns, end, bytes };
  state.entries.set(key, entry);
  state.bytes += bytes;
  watch(state, entry, end);
  evict(state);
}

const entryBytes = (key: string, columns: ResultColumns): number => bytesOf(columns) + 2 * key.length;

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
