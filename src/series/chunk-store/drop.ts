/** Takes samples of series out of memory: all that they have in an hour, or those of a time range in it. */
import { replaceChunk } from '../chunk/append-sample.js';
import { removeChunk } from '../chunk/open-chunks.js';
import type { SampleColumns } from '../chunk/sample-columns.js';
import { firstAfter } from '../chunk/sample-columns.js';
import { dropClosed } from './append-runs.js';
import type { Hour } from './hours.js';
import { hourMs } from './hours.js';
import type { StoreState } from './store-state.js';
import { readHour } from './store-state.js';

/** Drops the samples of `refs` with times in [fromMs, toMs]. What is left of a closed chunk is open again until the next seal. */
export function dropSamples(state: StoreState, refs: Uint32Array, fromMs: number, toMs: number): void {
  for (const hour of state.hours.sorted) {
    const { startMs } = hour.open;
    if (startMs > toMs || startMs + hourMs <= fromMs) continue;
    const isWhole = fromMs <= startMs && toMs >= startMs + hourMs - 1;
    for (const ref of refs) {
      if (isWhole) dropHour(state, hour, ref);
      else dropPart(state, hour, ref, fromMs, toMs);
    }
  }
}

function dropHour(state: StoreState, hour: Hour, ref: number): void {
  removeChunk(hour.open, ref);
  if (hour.closedChunks > 0) dropClosed(state, hour, ref);
}

function dropPart(state: StoreState, hour: Hour, ref: number, fromMs: number, toMs: number): void {
  const { work } = state;
  work.length = 0;
  readHour(state, hour, ref, work);
  const from = firstAfter(work.timesMs, 0, work.length, fromMs - 1);
  const to = firstAfter(work.timesMs, from, work.length, toMs);
  if (from === to) return;
  dropHour(state, hour, ref);
  cutOut(work, from, to);
  if (work.length > 0) replaceChunk(hour.open, ref, work, work.length);
}

function cutOut(columns: SampleColumns, from: number, to: number): void {
  const { timesMs, words, length } = columns;
  timesMs.copyWithin(from, to, length);
  words.copyWithin(2 * from, 2 * to, 2 * length);
  columns.length = length - (to - from);
}
