/** The growing runs of a body's native histograms: a run's histograms are added first, then the run is ended with the place of its key, or dropped. */
import type { NativeHistogram } from './native-histogram.js';
import { HistogramWriter } from './native-histogram-bytes.js';
import type { HistogramBatch, SeriesKeyForm } from './sample-batch.js';
import { SampleColumns } from './sample-columns.js';

export class HistogramColumns {
  private columns: SampleColumns | undefined;
  private writer: HistogramWriter | undefined;

  /** Past `countMax` histograms adding fails with `body_too_large`. */
  constructor(private readonly countMax: number) {}

  add(timeMs: number, histogram: NativeHistogram): void {
    // Made with the first one, since most bodies have none.
    this.columns ??= new SampleColumns(this.countMax);
    this.writer ??= new HistogramWriter();
    this.columns.add(timeMs, this.writer.add(histogram));
  }

  /** Makes a run of the histograms added since the last one, if there are any. */
  endRun(keyStart: number, keyEnd: number): boolean {
    return this.columns?.endRun(keyStart, keyEnd) ?? false;
  }

  /** Forgets the histograms added since the last run; answers how many they were. */
  dropRun(): number {
    return this.columns?.dropRun() ?? 0;
  }

  /** The runs so far; the columns must not be used afterwards. Undefined where there are none. */
  batch(keyForm: SeriesKeyForm, keys: Uint8Array): HistogramBatch | undefined {
    const { columns, writer } = this;
    if (columns === undefined || writer === undefined) return undefined;
    return { runs: columns.batch(keyForm, keys), histograms: writer.finish() };
  }
}
