/**
 * Keeps acknowledged samples readable in memory: the series' times in the index, native histograms in a head of their own, and the samples in the chunk
 * store, whose hours it closes and packs as the clock passes them, a little at a time, so that nobody waits for it.
 */
import type { Clock } from '../../base/clock.js';
import { BarographError } from '../../base/errors.js';
import type { HistogramRuns } from '../../model/histogram-runs.js';
import type { ChunkStore } from '../../series/chunk-store/chunk-store.js';
import { hourOf } from '../../series/chunk-store/hours.js';
import type { HistogramHead } from '../../series/histogram-head.js';
import type { SeriesIndex } from '../../series/index/series-index.js';
import type { AdmittedSamples } from './admitted-samples.js';

export interface Head {
  /** Takes samples that are durable; `sequence` is the number of their record in the log. */
  append(samples: AdmittedSamples, sequence: number): void;
  /** The same for native histograms. */
  appendHistograms(histograms: HistogramRuns, sequence: number): void;
  /** Fails with `too_many_requests` where native histograms that wait to be stored take too much memory for more. */
  checkRoom(): void;
  /** Says that everything below `sequence` is in the tables. */
  setStoredBelow(sequence: number): void;
  stop(): void;
}

export interface HeadOptions {
  readonly index: Pick<SeriesIndex, 'observe'>;
  readonly chunks: ChunkStore;
  readonly histograms: HistogramHead;
  readonly clock: Clock;
  /** Told of samples once they can be read. */
  readonly onAppended: (runs: Pick<AdmittedSamples, 'refs' | 'runCount' | 'sampleEnds' | 'timesMs'>) => void;
}

/** So long after its end an hour is packed: senders' batches and clocks are seldom later than that. A guess. */
const packDelayMs = 5 * 60_000;
const tickMs = 1_000;
/** While samples of closed hours come in, as in a backfill or after an outage, packing them would be undone at once: it waits for so long a pause. A guess. */
const latePauseMs = 30_000;
/** But not for longer, nor while open chunks, which cannot be evicted, take more than this share of the memory for chunks: some senders are always late. Guesses. */
const packWaitMsMax = 10 * 60_000;
const openShareMax = 1 / 2;
/** Some milliseconds' worth. */
const chunksPerTurn = 1_000;

/** Memory for native histograms that wait to be stored: about a million of them, as when the engine is away. A guess. */
const histogramBytesMax = 256 * 1024 * 1024;

export function startHead({ index, chunks, histograms, clock, onAppended }: HeadOptions): Head {
  let packing = false;
  let closedBeforeMs = Number.NEGATIVE_INFINITY;
  let lastLateMs = Number.NEGATIVE_INFINITY;
  let lastPackMs = clock.nowMs();
  function pack(): void {
    packing = chunks.seal(chunksPerTurn);
    if (packing) setImmediate(pack);
  }
  const mayWait = (nowMs: number): boolean => nowMs - lastPackMs <= packWaitMsMax && chunks.openShare <= openShareMax;
  const timer = setInterval(() => {
    const nowMs = clock.nowMs();
    closedBeforeMs = nowMs - packDelayMs;
    chunks.closeHours(closedBeforeMs);
    if (packing || (nowMs - lastLateMs <= latePauseMs && mayWait(nowMs))) return;
    lastPackMs = nowMs;
    pack();
  }, tickMs).unref();
  return {
    append(samples, sequence) {
      const { refs, runCount, sampleEnds, timesMs, values } = samples;
      // The first sample tells of the batch: senders of late samples send whole batches of them.
      if (hourOf(timesMs[0]!) < hourOf(closedBeforeMs)) lastLateMs = clock.nowMs();
      index.observe(refs, runCount, sampleEnds, timesMs);
      chunks.append(refs, runCount, sampleEnds, timesMs, values, sequence);
      onAppended(samples);
    },
    appendHistograms(runs, sequence) {
      index.observe(runs.refs, runs.runCount, runs.sampleEnds, runs.timesMs);
      histograms.append(runs, sequence);
      onAppended(runs);
    },
    checkRoom() {
      if (histograms.bytes <= histogramBytesMax) return;
      throw new BarographError(
        'too_many_requests',
        `native histograms that are not in their table yet hold more than ${histogramBytesMax} bytes`,
        { retryAfterSeconds: 5, hint: 'Send the same body again.' },
      );
    },
    setStoredBelow(sequence) {
      chunks.setStoredUpTo(sequence - 1);
      histograms.setStoredBelow(sequence);
    },
    stop: () => clearInterval(timer),
  };
}
