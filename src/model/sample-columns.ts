/**
 * The growing columns of a batch of samples: what every decoder of samples appends to. A run's samples are added first, then the run is
 * ended with the place of its key, or dropped with its samples.
 *
 * It is a class, not a function that returns closures, because compiled code then holds its arrays in registers: a decoder adds
 * tens of millions of samples a second.
 */
import { BarographError } from '../base/errors.js';
import { type SampleBatch, type SeriesKeyForm, valueWords } from './sample-batch.js';

/** A guess: a scrape of an ordinary exporter. */
const firstRuns = 256;
const firstSamples = 256;

/** Columns with room for more samples than this are let go when they are cleared. A guess: the largest requests of ordinary senders have a tenth. */
const keptSamplesMax = 1_000_000;

/** Runs as columns of the same meaning as a batch's, the values as words. */
export interface Runs
  extends Pick<SampleBatch, 'runCount' | 'sampleCount' | 'keyStarts' | 'keyEnds' | 'sampleEnds' | 'timesMs'> {
  readonly valueWords: Uint32Array;
}

export class SampleColumns {
  runCount = 0;
  sampleCount = 0;
  /** Where the samples begin that belong to no run yet. */
  private runStart = 0;
  private keyStarts = new Uint32Array(firstRuns);
  private keyEnds = new Uint32Array(firstRuns);
  private sampleEnds = new Uint32Array(firstRuns);
  private timesMs = new Float64Array(firstSamples);
  private values = new Float64Array(firstSamples);
  private words = valueWords(this.values);

  /** Past `samplesMax` samples adding fails with `body_too_large`. */
  constructor(private readonly samplesMax = Number.POSITIVE_INFINITY) {}

  /** Appends a sample. Of NaNs only the kind NaN is kept. */
  add(timeMs: number, value: number): void {
    const i = this.sampleCount;
    if (i === this.timesMs.length) this.growSamples();
    this.timesMs[i] = timeMs;
    this.values[i] = value;
    this.sampleCount = i + 1;
  }

  /** Appends a sample whose value is given by its bits. */
  addBits(timeMs: number, low: number, high: number): void {
    const i = this.sampleCount;
    if (i === this.timesMs.length) this.growSamples();
    this.timesMs[i] = timeMs;
    this.words[2 * i] = low;
    this.words[2 * i + 1] = high;
    this.sampleCount = i + 1;
  }

  /** Appends whole runs of other columns. */
  addRuns({ runCount, sampleCount, keyStarts, keyEnds, sampleEnds, timesMs, valueWords: words }: Runs): void {
    const { runCount: firstRun, sampleCount: firstSample } = this;
    while (firstSample + sampleCount > this.timesMs.length) this.growSamples();
    while (firstRun + runCount > this.keyStarts.length) this.growRuns();
    this.keyStarts.set(keyStarts.subarray(0, runCount), firstRun);
    this.keyEnds.set(keyEnds.subarray(0, runCount), firstRun);
    this.sampleEnds.set(sampleEnds.subarray(0, runCount), firstRun);
    if (firstSample > 0)
      for (let run = firstRun; run < firstRun + runCount; run++) this.sampleEnds[run]! += firstSample;
    this.timesMs.set(timesMs.subarray(0, sampleCount), firstSample);
    this.words.set(words.subarray(0, 2 * sampleCount), 2 * firstSample);
    this.runCount = firstRun + runCount;
    this.sampleCount = firstSample + sampleCount;
    this.runStart = this.sampleCount;
  }

  /** Makes a run of the samples added since the last one, if there are any: those of the series whose key is keys[keyStart, keyEnd). */
  endRun(keyStart: number, keyEnd: number): boolean {
    if (this.sampleCount === this.runStart) return false;
    const run = this.runCount;
    if (run === this.keyStarts.length) this.growRuns();
    this.keyStarts[run] = keyStart;
    this.keyEnds[run] = keyEnd;
    this.sampleEnds[run] = this.sampleCount;
    this.runStart = this.sampleCount;
    this.runCount = run + 1;
    return true;
  }

  /** Forgets the samples added since the last run; answers how many they were. */
  dropRun(): number {
    const dropped = this.sampleCount - this.runStart;
    this.sampleCount = this.runStart;
    return dropped;
  }

  /** Forgets everything, but keeps its arrays for the next batch: what `batch` gave is not to be read any more. */
  clear(): void {
    this.runCount = 0;
    this.sampleCount = 0;
    this.runStart = 0;
    if (this.timesMs.length > keptSamplesMax) this.allotSamples(firstSamples);
    if (this.keyStarts.length > keptSamplesMax) this.allotRuns(firstRuns);
  }

  /** The runs so far, as views of these columns. */
  batch(keyForm: SeriesKeyForm, keys: Uint8Array): SampleBatch {
    const { keyStarts, keyEnds, runCount, sampleEnds, runStart: sampleCount, timesMs, values } = this;
    return { keyForm, keys, keyStarts, keyEnds, runCount, sampleEnds, sampleCount, timesMs, values };
  }

  private growSamples(): void {
    if (this.timesMs.length >= this.samplesMax)
      throw new BarographError('body_too_large', `the body has more than ${this.samplesMax} samples, the limit`, {
        hint: 'Send it in several bodies.',
      });
    const { timesMs, values } = this;
    this.allotSamples(Math.min(timesMs.length * 2, this.samplesMax));
    this.timesMs.set(timesMs);
    // By words, since a copy of doubles may change the bits of a NaN.
    this.words.set(valueWords(values));
  }

  private allotSamples(length: number): void {
    this.timesMs = new Float64Array(length);
    this.values = new Float64Array(length);
    this.words = valueWords(this.values);
  }

  private growRuns(): void {
    const { keyStarts, keyEnds, sampleEnds } = this;
    this.allotRuns(keyStarts.length * 2);
    this.keyStarts.set(keyStarts);
    this.keyEnds.set(keyEnds);
    this.sampleEnds.set(sampleEnds);
  }

  private allotRuns(length: number): void {
    this.keyStarts = new Uint32Array(length);
    this.keyEnds = new Uint32Array(length);
    this.sampleEnds = new Uint32Array(length);
  }
}
