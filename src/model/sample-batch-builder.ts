/** Grows a batch of samples, for decoders whose bodies do not hold canonical keys. */
import type { SampleBatch } from './sample-batch.js';
import { staleMarkerHigh, staleMarkerLow } from './sample-batch.js';
import { SampleColumns } from './sample-columns.js';

export interface SampleBatchBuilder {
  readonly sampleCount: number;
  /** Begins a run of the series whose canonical label bytes are source[start, end); they are copied. A run without samples is dropped. */
  beginRun(source: Uint8Array, start: number, end: number): void;
  /** Appends a sample to the run. `value` may be any number; of NaNs only the kind NaN is kept. */
  add(timeMs: number, value: number): void;
  /** Appends a sample whose value is given by its bits, low half first. */
  addBits(timeMs: number, low: number, high: number): void;
  addStaleMarker(timeMs: number): void;
  /** The batch so far; the builder must not be used afterwards. */
  finish(): SampleBatch;
}

/** A guess: a scrape of an ordinary exporter. */
const firstKeyBytes = 4 * 1024;

/** Up to this length a loop copies bytes faster than `set`, which has to make a view first. A guess. */
const loopBytesMax = 128;

export function createSampleBatchBuilder(): SampleBatchBuilder {
  const columns = new SampleColumns();
  let keys = new Uint8Array(firstKeyBytes);
  let keyStart = 0;
  let keyEnd = 0;

  function endRun(): void {
    if (columns.endRun(keyStart, keyEnd)) keyStart = keyEnd;
    else keyEnd = keyStart;
  }

  return {
    get sampleCount() {
      return columns.sampleCount;
    },
    beginRun(source, start, end) {
      endRun();
      keyEnd = keyStart + end - start;
      if (keyEnd > keys.length) {
        const larger = new Uint8Array(Math.max(keys.length * 2, keyEnd));
        larger.set(keys.subarray(0, keyStart));
        keys = larger;
      }
      if (end - start > loopBytesMax) keys.set(source.subarray(start, end), keyStart);
      else for (let from = start, to = keyStart; from < end; from++, to++) keys[to] = source[from]!;
    },
    add: (timeMs, value) => columns.add(timeMs, value),
    addBits: (timeMs, low, high) => columns.addBits(timeMs, low, high),
    addStaleMarker: (timeMs) => columns.addBits(timeMs, staleMarkerLow, staleMarkerHigh),
    finish() {
      endRun();
      return columns.batch('canonical', keys);
    },
  };
}
