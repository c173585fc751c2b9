/** Leaves out samples whose time lies outside the window around the server's clock. */
import type { RejectionTally } from '../../model/rejection-tally.js';
import { type SampleBatch, valueWords } from '../../model/sample-batch.js';
import { noRef } from '../../model/series-ref.js';
import type { AdmittedSamples } from './admitted-samples.js';

/** Epoch milliseconds, both ends included. */
export interface TimeWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What the tables can hold: the years 1970 to 2299. Source: ClickHouse' DateTime64, less what lies before the epoch. */
export const storableTimes: TimeWindow = { fromMs: 0, toMs: Date.UTC(2299, 11, 31) - 1 };

/**
 * The samples of runs that have a series and lie within the window, the caller's own. Those outside are counted in `refused` with the number of
 * their run, from 1.
 */
export function withinWindow(
  batch: SampleBatch,
  refs: Uint32Array,
  window: TimeWindow,
  refused: RejectionTally,
): AdmittedSamples {
  const { runCount, sampleCount } = batch;
  if (isWhole(batch, refs, window))
    return {
      refs: refs.slice(0, runCount),
      runCount,
      sampleEnds: batch.sampleEnds.slice(0, runCount),
      sampleCount,
      timesMs: batch.timesMs.slice(0, sampleCount),
      values: batch.values.slice(0, sampleCount),
    };
  return pick(batch, refs, window, refused);
}

function isWhole({ runCount, sampleCount, timesMs }: SampleBatch, refs: Uint32Array, window: TimeWindow): boolean {
  const { fromMs, toMs } = window;
  for (let run = 0; run < runCount; run++) if (refs[run] === noRef) return false;
  for (let i = 0; i < sampleCount; i++) if (!(timesMs[i]! >= fromMs && timesMs[i]! <= toMs)) return false;
  return true;
}

function pick(batch: SampleBatch, refs: Uint32Array, window: TimeWindow, refused: RejectionTally): AdmittedSamples {
  const { runCount, sampleEnds, sampleCount, timesMs } = batch;
  const kept = {
    refs: new Uint32Array(runCount),
    sampleEnds: new Uint32Array(runCount),
    timesMs: new Float64Array(sampleCount),
    values: new Float64Array(sampleCount),
  };
  const source = valueWords(batch.values);
  const target = valueWords(kept.values);
  let runs = 0;
  let samples = 0;
  for (let run = 0, i = 0; run < runCount; run++) {
    const end = sampleEnds[run]!;
    const first = samples;
    if (refs[run] === noRef) i = end;
    for (; i < end; i++) {
      const timeMs = timesMs[i]!;
      if (!(timeMs >= window.fromMs && timeMs <= window.toMs)) {
        refused.add(run + 1, 'outside_time_window', () => outsideWindow(timeMs, window));
        continue;
      }
      kept.timesMs[samples] = timeMs;
      target[2 * samples] = source[2 * i]!;
      target[2 * samples + 1] = source[2 * i + 1]!;
      samples++;
    }
    if (samples === first) continue;
    kept.refs[runs] = refs[run]!;
    kept.sampleEnds[runs++] = samples;
  }
  return {
    refs: kept.refs.slice(0, runs),
    runCount: runs,
    sampleEnds: kept.sampleEnds.slice(0, runs),
    sampleCount: samples,
    timesMs: kept.timesMs.slice(0, samples),
    values: kept.values.slice(0, samples),
  };
}

/** Says that a sample's time is none that is accepted. */
export function outsideWindow(timeMs: number, { fromMs, toMs }: TimeWindow): string {
  const wanted = `${iso(fromMs)} to ${iso(toMs)}`;
  return `the sample's time ${iso(timeMs)} lies outside of what is accepted now, ${wanted}`;
}

/** RFC 3339 where the time is one, else the number. */
const iso = (timeMs: number): string => (Math.abs(timeMs) <= 8.64e15 ? new Date(timeMs).toISOString() : `${timeMs} ms`);
