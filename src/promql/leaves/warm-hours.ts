/**
 * Brings the newest hours of all metrics back into memory after a start, a little at a time, so that the first dashboards after it find them there. It
 * uses half of a core at most, rests while many samples come in, and ends where memory for chunks is half used.
 */
import { setTimeout } from 'node:timers/promises';
import type { ChunkStore } from '../../series/chunk-store/chunk-store.js';
import type { SeriesIndex } from '../../series/index/series-index.js';
import { byMetric, hourMs, type MissingRange, missingHours } from './hour-ranges.js';
import type { HourLoader } from './load-hours.js';
import { countRows, type RowReader } from './read-rows.js';
import { createSourceStatistics, type SourceStatistics } from './source-limits.js';

export interface WarmingParts {
  readonly loader: HourLoader;
  readonly index: SeriesIndex;
  readonly chunks: ChunkStore;
  /** Opens what rows are counted with. */
  readonly reader: (signal: AbortSignal, statistics: SourceStatistics) => RowReader;
}

export interface WarmingLimits {
  /** Hours before the newest sample. */
  readonly hoursMax: number;
  /** Bytes of memory that chunks may take. */
  readonly chunkBytesMax: number;
}

/** What was loaded. */
export interface Warmed {
  readonly hours: number;
  readonly samples: number;
}

/** The newest hour goes first, since most dashboards show it; those before it several at a time, for a granule holds them together. */
const hoursAtOnce = 6;
const metricsAtOnce = 64;
const budgetShare = 1 / 2;
/** As a sample takes once it is loaded. Measured: 1.2 bytes in a segment, twice that before. */
const bytesPerSample = 2.4;
const samplesPerSecondMax = 100_000;
const restMs = 1_000;
/** Timers round up: shorter rests would take longer than they say. */
const shortestRestMs = 5;

/** Resolves once the hours are in memory, or there is no room for more. Rejects where `signal` aborts, or the engine fails. */
export async function warmHours(parts: WarmingParts, limits: WarmingLimits, signal: AbortSignal): Promise<Warmed> {
  const newest = newestHour(parts.index);
  const usedBytes = parts.chunks.statistics().usedBytes;
  let hours = 0;
  let samples = 0;
  while (hours < limits.hoursMax && newest !== undefined) {
    const count = hours === 0 ? 1 : Math.min(hoursAtOnce, limits.hoursMax - hours);
    const lastHour = newest - hours;
    const taken = usedBytes + samples * bytesPerSample;
    const loaded = await warmRange(parts, limits, lastHour - count + 1, lastHour, taken, signal);
    if (loaded === undefined) break;
    hours += count;
    samples += loaded;
  }
  return { hours, samples };
}

function newestHour({ firstMs, lastMs, refLimit, isLive }: SeriesIndex): number | undefined {
  let newestMs = Number.NEGATIVE_INFINITY;
  for (let ref = 0; ref < refLimit; ref++) {
    // The tables know of a series' last day only: its end may lie ahead of all samples.
    if (isLive(ref) && firstMs[ref]! <= lastMs[ref]! && lastMs[ref]! > newestMs) newestMs = lastMs[ref]!;
  }
  return newestMs > 0 ? Math.floor(Math.min(newestMs, Date.now()) / hourMs) : undefined;
}

/** Loads what is missing of some hours. Gives the number of rows, or undefined where there is no room for them. */
async function warmRange(
  { loader, index, chunks, reader }: WarmingParts,
  { chunkBytesMax }: WarmingLimits,
  firstHour: number,
  lastHour: number,
  takenBytes: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  const [fromMs, toMs] = [firstHour * hourMs, (lastHour + 1) * hourMs - 1];
  const refs = index.select([], { fromMs, toMs });
  const { ranges } = missingHours(chunks, byMetric(index, refs, fromMs, toMs));
  let rows = 0;
  for (const range of ranges.flatMap(inPieces)) {
    await quietTime(chunks, signal);
    const startedMs = performance.now();
    const statistics = createSourceStatistics();
    const counting = reader(signal, statistics);
    const names = range.metrics.map(({ metric }) => index.metricName(metric));
    const count = await countRows(counting, names, range).finally(() => counting.deletions.close());
    if (takenBytes + (rows + count) * bytesPerSample > chunkBytesMax * budgetShare) return undefined;
    await loader.load(range, count, signal, statistics);
    rows += count;
    await setTimeout(Math.max(shortestRestMs, performance.now() - startedMs - statistics.engineMs), undefined, {
      signal,
    });
  }
  return rows;
}

const inPieces = (range: MissingRange): MissingRange[] =>
  Array.from({ length: Math.ceil(range.metrics.length / metricsAtOnce) }, (_, i) => ({
    ...range,
    metrics: range.metrics.slice(i * metricsAtOnce, (i + 1) * metricsAtOnce),
  }));

/** Waits until few samples come in. */
async function quietTime({ counters }: ChunkStore, signal: AbortSignal): Promise<void> {
  for (let last = counters.appended; ; last = counters.appended) {
    await setTimeout(restMs / 10, undefined, { signal });
    if ((counters.appended - last) * 10 <= samplesPerSecondMax) return;
    await setTimeout(restMs, undefined, { signal });
  }
}
