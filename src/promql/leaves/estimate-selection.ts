/**
 * What a selection is expected to read, before anything is read: its series by the index, their samples by how dense the hours are that lie
 * in memory. Hours that are not in memory count as dense as the others of their metric.
 */
import type { ChunkStore } from '../../series/chunk-store/chunk-store.js';
import type { SeriesIndex } from '../../series/index/series-index.js';
import { hourMs, type MetricSelection } from './hour-ranges.js';

export interface SelectionEstimate {
  readonly series: number;
  /** Samples within the selection's time. */
  readonly samples: number;
  /** Samples of whole chunks, which are what has to be decoded. */
  readonly decoded: number;
  /** Hours of metrics that are in memory, and those that have to be read from the engine's rows. */
  readonly hoursInMemory: number;
  readonly hoursMissing: number;
  /** Whether nothing of a metric is in memory, so that its samples are a guess. */
  readonly isGuess: boolean;
}

/** Samples of a series in an hour where nothing is known: one in 15 seconds, which is what most scrape. */
const samplesPerHourGuess = 240;
/** Hours of a metric that are looked at for how dense its samples are. More would tell little. */
const hoursLookedAt = 50;
/** Hours of all metrics whose place is asked for one by one, as in `missingHours`. */
const hoursAskedMax = 50_000;

const hourOf = (timeMs: number): number => Math.floor(timeMs / hourMs);

export function estimateSelection(
  index: SeriesIndex,
  chunks: ChunkStore,
  metrics: readonly MetricSelection[],
): SelectionEstimate {
  const total = { series: 0, samples: 0, decoded: 0, hoursInMemory: 0, hoursMissing: 0, isGuess: false };
  let asked = 0;
  for (const selection of metrics) {
    const { refs, fromMs, toMs } = selection;
    total.series += refs.length;
    if (fromMs > toMs) continue;
    const life = livesOf(index, selection);
    const hours = hourOf(toMs) - hourOf(fromMs) + 1;
    const density = densityOf(chunks, selection, life.firstMs, life.lastMs);
    const perHour = density ?? samplesPerHourGuess;
    total.isGuess ||= density === undefined;
    total.samples += (life.seriesMs / hourMs) * perHour;
    total.decoded += life.seriesHours * perHour;
    const inMemory = asked < hoursAskedMax ? hoursInMemory(chunks, selection) : 0;
    asked += hours;
    total.hoursInMemory += inMemory;
    total.hoursMissing += hours - inMemory;
  }
  return total;
}

interface Lives {
  /** Time that the series have samples for within the selection, all together, and hours that they touch. */
  readonly seriesMs: number;
  readonly seriesHours: number;
  /** First and last sample of any of them, whatever the selection's time. */
  readonly firstMs: number;
  readonly lastMs: number;
}

function livesOf({ firstMs, lastMs }: SeriesIndex, { refs, fromMs, toMs }: MetricSelection): Lives {
  let seriesMs = 0;
  let seriesHours = 0;
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < refs.length; i++) {
    const ref = refs[i]!;
    const begin = firstMs[ref]!;
    const end = lastMs[ref]!;
    if (begin < first) first = begin;
    if (end > last) last = end;
    const from = begin > fromMs ? begin : fromMs;
    const to = end < toMs ? end : toMs;
    if (to < from) continue;
    seriesMs += to - from + 1;
    seriesHours += hourOf(to) - hourOf(from) + 1;
  }
  return { seriesMs, seriesHours, firstMs: first, lastMs: last };
}

/** Samples of a series in an hour, of those hours that are in memory; undefined where none is. */
function densityOf(
  chunks: ChunkStore,
  { metric, fromMs, toMs }: MetricSelection,
  firstMs: number,
  lastMs: number,
): number | undefined {
  const first = hourOf(fromMs);
  const last = hourOf(toMs);
  let samples = 0;
  let coveredMs = 0;
  // The newest hours are the likeliest to be in memory.
  for (let hour = last; hour >= first && hour > last - hoursLookedAt; hour--) {
    const perSeries = chunks.samplesPerSeries(metric, hour * hourMs);
    if (perSeries <= 0) continue;
    samples += perSeries;
    coveredMs += Math.min((hour + 1) * hourMs, lastMs + 1) - Math.max(hour * hourMs, firstMs);
  }
  return coveredMs > 0 ? (samples / coveredMs) * hourMs : undefined;
}

function hoursInMemory(chunks: ChunkStore, { metric, fromMs, toMs }: MetricSelection): number {
  let count = 0;
  for (let hour = hourOf(fromMs); hour <= hourOf(toMs); hour++)
    if (chunks.samplesPerSeries(metric, hour * hourMs) >= 0) count++;
  return count;
}
