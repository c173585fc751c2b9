/**
 * The series index: labels → series, in memory. A series is known by its ref, a dense whole number, for as long as the
 * process lives; its 64-bit id is the same on every node. Names and values are interned, a series is a list of numbers
 * of labels, and for each label there is a list of the series that have it: no object and no string for a series.
 *
 * A ref is free, live or removed. `add` makes it live, `remove` removed, `release` free again; only free refs are given out. A
 * removed series is found and selected by nobody, and its labels may be added again under another ref, while chunks or records
 * of the log may still speak of the old one.
 *
 * For one thread. Nothing is kept on disk: `load` fills it at start from the engine's rows.
 */
import xxhash from 'xxhash-wasm';
import { type Clock, systemClock } from '../../base/clock.js';
import type { Labels } from '../../model/labels.js';
import type { Matcher } from '../../model/matcher.js';
import { createSeriesAdder } from './add-series.js';
import { viewOf } from './byte-words.js';
import { type CardinalityStatistics, createCardinalityStatistics } from './cardinality-statistics.js';
import { findById, findByKey, keyHash } from './find-series.js';
import { HashSlots } from './hash-slots.js';
import type { IndexState } from './index-state.js';
import { LabelPairs } from './label-pairs.js';
import { type LabelQuery, type LabelTexts, labelNames, labelValues } from './label-queries.js';
import { type LoadedSeries, loadSeries, type SeriesRows } from './load-series.js';
import { MetricTable } from './metric-table.js';
import { observeTimes } from './observed-times.js';
import { Postings } from './postings.js';
import { releaseSeries, removeSeries } from './remove-series.js';
import { selectInSlices, selectSeries, type TimeRange } from './select.js';
import { type SeriesPairs, seriesPairsOf } from './series-pairs.js';
import { SeriesTable, seriesState } from './series-table.js';
import { appendSeriesRow, type SeriesColumns, seriesKeyLength, seriesTexts, writeSeriesKey } from './series-texts.js';

export interface SeriesIndexOptions {
  /** The 64-bit hash of canonical label bytes that is a series' id; xxHash64 unless given. */
  readonly hash64?: (bytes: Uint8Array) => bigint;
  readonly clock?: Clock;
}

/** Bytes of memory by part. */
export interface IndexBytes {
  /** Ids, metrics, times and states. */
  readonly series: number;
  /** Series' lists of labels. */
  readonly labelLists: number;
  /** The tables from canonical bytes, and from ids, to series. */
  readonly lookups: number;
  readonly names: number;
  readonly values: number;
  readonly pairs: number;
  readonly postings: number;
  readonly metrics: number;
  readonly total: number;
}

export interface SeriesIndex {
  /**
   * The ref of the live series whose canonical label bytes are bytes[start, end), -1 where there is none. The bytes given last stay
   * referenced until the next call.
   */
  find(bytes: Uint8Array, start: number, end: number): number;
  /**
   * As `find`, and adds the series where it is new. The bytes must be valid canonical label bytes of at most 255 labels. Throws
   * `series_id_taken`, having changed nothing, where another live series has the same id.
   */
  add(bytes: Uint8Array, start: number, end: number): number;
  /** Adds stored series, after verifying that each row's id is the hash of its labels. */
  load(rows: SeriesRows): LoadedSeries;
  isLive(ref: number): boolean;
  /** Labels of a live or removed series. */
  labelsOf(ref: number): Labels;
  /** Appends a live or removed series as a row of these columns. */
  appendRow(ref: number, columns: SeriesColumns): void;
  /** Canonical label bytes of a live or removed series, the caller's own. */
  canonicalBytesOf(ref: number): Uint8Array;
  /** Labels of live and removed series as numbers. */
  labelPairs(): SeriesPairs;
  /** Halves of the 64-bit ids, by ref. Read them anew after each `add`: columns are replaced as they grow. */
  readonly idLow: Uint32Array;
  readonly idHigh: Uint32Array;
  /** Times of the first and last samples by ref, epoch milliseconds; see `observe`. Read anew after each `add`. */
  readonly firstMs: Float64Array;
  readonly lastMs: Float64Array;
  /** The live series with an id, -1 where there is none. */
  refOfId(low: number, high: number): number;
  /** The number of a series' metric: small, dense, and never given to another metric. Series without a name have metric 0. */
  metricOf(ref: number): number;
  /** By ref, the number of the metric. Read anew after each `add`. */
  readonly metrics: Uint32Array;
  /** One past the largest number of a metric. */
  readonly metricLimit: number;
  metricName(metric: number): string;
  /** UTF-8 of a metric's name, valid until the next change of the index. */
  metricNameBytes(metric: number): Uint8Array;
  /** Removes live series. One that is not live is a bug. */
  remove(refs: Uint32Array): void;
  /**
   * Lets removed refs be given out again: call it once no chunk, no record of the log and no batch on its way speaks of them. Many at
   * a time cost little more than one, since each posting that they stand in is rewritten once.
   */
  release(refs: Uint32Array): void;
  /** Live series. */
  readonly seriesCount: number;
  /** Series removed so far: as long as it stays, a ref stands for the same series, and a pair for the same label. */
  readonly removals: number;
  /** One past the largest ref ever given out. */
  readonly refLimit: number;
  /**
   * Widens series' times by a batch's samples: run i has samples [sampleEnds[i - 1], sampleEnds[i]) of series refs[i]; runs of the ref
   * 0xffffffff are passed over.
   */
  observe(refs: Uint32Array, runCount: number, sampleEnds: Uint32Array, timesMs: Float64Array): void;
  /**
   * The live series that satisfy all matchers, ascending; all of them where there is no matcher, or none that a missing label does not
   * satisfy. With a range, those whose time from first to last sample meets it; a series that was added and never observed
   * meets none.
   */
  select(matchers: readonly Matcher[], range?: TimeRange): Uint32Array;
  /**
   * As `select`, in slices of some milliseconds between which others may have their turn. Where `removals` has changed meanwhile, what was selected
   * may be wrong: begin anew.
   */
  selectInSlices(matchers: readonly Matcher[], range?: TimeRange): Iterable<Uint32Array>;
  labelNames(query?: LabelQuery): LabelTexts;
  labelValues(name: string, query?: LabelQuery): LabelTexts;
  readonly statistics: CardinalityStatistics;
  stateBytes(): IndexBytes;
}

export async function createSeriesIndex(options: SeriesIndexOptions = {}): Promise<SeriesIndex> {
  const pairs = new LabelPairs();
  return seriesIndexOver({
    pairs,
    series: new SeriesTable(),
    metrics: new MetricTable(pairs.values),
    postings: new Postings(),
    byKey: new HashSlots(),
    byId: new HashSlots(),
    hash64: options.hash64 ?? (await xxhash()).h64Raw,
    clock: options.clock ?? systemClock,
  });
}

function seriesIndexOver(index: IndexState): SeriesIndex {
  const { series, metrics } = index;
  const adder = createSeriesAdder(index);
  const view = viewer();

  return {
    find(bytes, start, end) {
      const words = view(bytes);
      return findByKey(index, words, start, end, keyHash(words, start, end));
    },
    add: (bytes, start, end) => adder.add(bytes, view(bytes), start, end),
    load: (rows) => loadSeries(index, adder, rows),
    isLive: (ref) => series.states[ref] === seriesState.live,
    labelsOf: (ref) => seriesTexts(index, ref),
    appendRow: (ref, columns) => appendSeriesRow(index, ref, columns),
    canonicalBytesOf(ref) {
      const key = new Uint8Array(seriesKeyLength(index, ref));
      writeSeriesKey(index, ref, key);
      return key;
    },
    labelPairs: () => seriesPairsOf(index),
    get idLow() {
      return series.idLow;
    },
    get idHigh() {
      return series.idHigh;
    },
    get firstMs() {
      return series.firstMs;
    },
    get lastMs() {
      return series.lastMs;
    },
    refOfId: (low, high) => findById(index, low, high),
    metricOf: (ref) => series.metrics[ref]!,
    get metrics() {
      return series.metrics;
    },
    get metricLimit() {
      return metrics.limit;
    },
    metricName: (metric) => metrics.nameOf(metric),
    metricNameBytes: (metric) => metrics.nameBytesOf(metric),
    remove: (refs) => removeSeries(index, refs),
    release: (refs) => releaseSeries(index, refs),
    get seriesCount() {
      return series.liveCount;
    },
    get removals() {
      return series.removals;
    },
    get refLimit() {
      return series.limit;
    },
    observe: (refs, runCount, sampleEnds, timesMs) => observeTimes(series, refs, runCount, sampleEnds, timesMs),
    select: (matchers, range) => selectSeries(index, matchers, range),
    selectInSlices: (matchers, range) => selectInSlices(index, matchers, range),
    labelNames: (query = {}) => labelNames(index, query),
    labelValues: (name, query = {}) => labelValues(index, name, query),
    statistics: createCardinalityStatistics(index),
    stateBytes: () => bytesOf(index),
  };
}

/** Views of bytes; keeps the last, since many series in a row lie in one body. */
function viewer(): (bytes: Uint8Array) => DataView {
  let last: Uint8Array = new Uint8Array();
  let view = viewOf(last);
  return (bytes) => {
    if (bytes !== last) {
      last = bytes;
      view = viewOf(bytes);
    }
    return view;
  };
}

function bytesOf({ pairs, series, metrics, postings, byKey, byId }: IndexState): IndexBytes {
  const parts = {
    series: series.columnBytes,
    labelLists: series.pairListBytes,
    lookups: byKey.stateBytes + byId.stateBytes,
    names: pairs.names.stateBytes,
    values: pairs.values.stateBytes,
    pairs: pairs.columnBytes,
    postings: postings.stateBytes,
    metrics: metrics.stateBytes,
  };
  return { ...parts, total: Object.values(parts).reduce((sum, bytes) => sum + bytes, 0) };
}
