/** Grows a batch of samples, for decoders whose bodies do not hold canonical keys. */
import type { SampleBatch } from './sample-batch.js';
import { staleMarkerHigh, staleMarkerLow, valueWords } from './sample-batch.js';

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
const firstRuns = 256;
const firstSamples = 256;
const firstKeyBytes = 16 * 1024;

export function createSampleBatchBuilder(): SampleBatchBuilder {
  let keys = new Uint8Array(firstKeyBytes);
  let keyEnd = 0;
  let keyStarts = new Uint32Array(firstRuns);
  let keyEnds = new Uint32Array(firstRuns);
  let sampleEnds = new Uint32Array(firstRuns);
  let runCount = 0;
  let timesMs = new Float64Array(firstSamples);
  let values = new Float64Array(firstSamples);
  let words = valueWords(values);
  let sampleCount = 0;
  /** Where the open run's samples begin. */
  let runStart = 0;

  function endRun(): void {
    if (runCount === 0) return;
    if (sampleCount > runStart) {
      sampleEnds[runCount - 1] = sampleCount;
      return;
    }
    runCount--;
    keyEnd = keyStarts[runCount]!;
  }

  function room(): number {
    if (sampleCount === timesMs.length) {
      timesMs = grown(timesMs, sampleCount * 2);
      values = grown(values, sampleCount * 2);
      words = valueWords(values);
    }
    return sampleCount++;
  }

  const addBits = (timeMs: number, low: number, high: number): void => {
    const i = room();
    timesMs[i] = timeMs;
    words[2 * i] = low;
    words[2 * i + 1] = high;
  };

  return {
    get sampleCount() {
      return sampleCount;
    },
    beginRun(source, start, end) {
      endRun();
      const bytes = end - start;
      if (keyEnd + bytes > keys.length) keys = grown(keys, Math.max(keys.length * 2, keyEnd + bytes));
      if (runCount === keyStarts.length) {
        keyStarts = grown(keyStarts, runCount * 2);
        keyEnds = grown(keyEnds, runCount * 2);
        sampleEnds = grown(sampleEnds, runCount * 2);
      }
      keys.set(source.subarray(start, end), keyEnd);
      keyStarts[runCount] = keyEnd;
      keyEnd += bytes;
      keyEnds[runCount] = keyEnd;
      runCount++;
      runStart = sampleCount;
    },
    add(timeMs, value) {
      const i = room();
      timesMs[i] = timeMs;
      values[i] = value;
    },
    addBits,
    addStaleMarker: (timeMs) => addBits(timeMs, staleMarkerLow, staleMarkerHigh),
    finish() {
      endRun();
      return { keyForm: 'canonical', keys, keyStarts, keyEnds, runCount, sampleEnds, sampleCount, timesMs, values };
    },
  };
}

type Growable = Uint8Array | Uint32Array | Float64Array;

function grown<T extends Growable>(array: T, length: number): T {
  const larger = new (array.constructor as new (length: number) => T)(length);
  larger.set(array as never);
  return larger;
}
