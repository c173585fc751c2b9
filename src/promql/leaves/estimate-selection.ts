/**
 * What a selection is expected to read, before anything is read: its series by the index, their samples by how dense the hours are that lie
 * in memory. Hours that are not in memory count as dense as the others of their metric.
 */
import type { Turns } from '../../base/turns.js';
import type { ChunkStore } from '../../series/chunk-store/chunk-store.js';
import type { SeriesIndex } from '../../series/index/series-index.js';
import { hourMs, type MetricSelection } from './hour-ranges.js';

export interface SelectionEstimate {
  readonly series: number;
  /** Samples within the selection's time. */
  readonly samples: number;
  /** Those of them that are counted whatever lies in memory: native histograms. */
  readonly histogramSamples: number;
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

/** In slices, between which others have their turn. */
export async function estimateSelection(
  index: SeriesIndex,
  chunks: ChunkStore,
  metrics: readonly MetricSelection[],
  turns: Turns,
): Promise<SelectionEstimate> {
  const total = {
    series: 0,
    samples: 0,
    histogramSamples: 0,
    decoded: 0,
    hoursInMemory: 0,
    hoursMissing: 0,
    isGuess: false,
  };
  let asked = 0;
  for (const selection of metrics) {
    const { refs, fromMs, toMs } = selection;
    total.series += refs.length;
    if (fromMs > toMs) continue;
    const life = await livesOf(index, selection, turns);
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

const refsPerSlice = 32_768;

async function livesOf(index: SeriesIndex, { refs, fromMs, toMs }: MetricSelection, turns: Turns): Promise<Lives> {
  const lives = { seriesMs: 0, seriesHours: 0, firstMs: Number.POSITIVE_INFINITY, lastMs: Number.NEGATIVE_INFINITY };
  for (let from = 0; from < refs.length; from += refsPerSlice) {
    addLives(index, refs, from, Math.min(refs.length, from + refsPerSlice), fromMs, toMs, lives);
    await turns.breathe();
  }
  return lives;
}

function addLives(
  { firstMs, lastMs }: SeriesIndex,
  refs: readonly number[],
  start: number,
  end: number,
  fromMs: number,
  toMs: number,
  lives: { -readonly [Name in keyof Lives]: Lives[Name] },
): void {
  for (let i = start; i < end; i++) {
    const ref = refs[i]!;
    const first = firstMs[ref]!;
    const last = lastMs[ref]!;
    if (first < lives.firstMs) lives.firstMs = first;
    if (last > lives.lastMs) lives.lastMs = last;
    const from = Math.max(first, fromMs);
    const to = Math.min(last, toMs);
    if (to < from) continue;
    lives.seriesMs += to - from + 1;
    lives.seriesHours += hourOf(to) - hourOf(from) + 1;
  }
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
