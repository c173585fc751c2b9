/** Grows a batch of native histograms, for decoders whose bodies do not hold canonical keys. */
import type { NativeHistogram } from './native-histogram.js';
import { HistogramWriter } from './native-histogram-bytes.js';
import type { HistogramBatch } from './sample-batch.js';
import { createSampleBatchBuilder, type SampleBatchBuilder } from './sample-batch-builder.js';

export class HistogramBatchBuilder {
  private samples: SampleBatchBuilder | undefined;
  private writer: HistogramWriter | undefined;

  get count(): number {
    return this.writer?.count ?? 0;
  }

  /** Appends a histogram of the series whose canonical label bytes are key[0, keyEnd); they are copied. */
  add(key: Uint8Array, keyEnd: number, timeMs: number, histogram: NativeHistogram): void {
    // Made with the first one, since most bodies have none.
    this.samples ??= createSampleBatchBuilder();
    this.writer ??= new HistogramWriter();
    this.samples.beginRun(key, 0, keyEnd);
    this.samples.add(timeMs, this.writer.add(histogram));
  }

  /** The batch so far, undefined where it is empty; the builder must not be used afterwards. */
  finish(): HistogramBatch | undefined {
    const { samples, writer } = this;
    if (samples === undefined || writer === undefined) return undefined;
    return { runs: samples.finish(), histograms: writer.finish() };
  }
}
