/**
 * Columns of floats that lie in memory as chunks and are decoded when they are looked at: by range functions series by series, in the kernel, in memory that
 * the next series uses again; by whoever else wants the samples themselves, into a column of their own.
 */
import type { SeriesGrid } from '../../kernel/series-grid.js';
import type { SeriesStreams } from '../../series/chunk-store/series-streams.js';
import type { FloatColumn } from './sample-columns.js';

export class StreamedColumn implements FloatColumn {
  private made: FloatColumn | undefined;

  constructor(
    readonly grid: SeriesGrid,
    private readonly streams: SeriesStreams,
    private readonly series: number,
    private readonly dropsStale = false,
  ) {}

  /** Samples that there are at most: stale markers, where they are to be left out, are known only once it is decoded. */
  get countMax(): number {
    return this.streams.counts[this.series]!;
  }

  get count(): number {
    return this.dropsStale ? this.whole().count : this.countMax;
  }

  get timesMs(): Float64Array {
    return this.whole().timesMs;
  }

  get values(): Float64Array {
    return this.whole().values;
  }

  withoutStale(): StreamedColumn {
    return new StreamedColumn(this.grid, this.streams, this.series, true);
  }

  /** Decodes the samples into the grid's columns. Answers how many there are. */
  load(): number {
    const { grid, streams, series } = this;
    grid.place(streams.batches[streams.batchOf[series]!]!);
    const count = grid.decode(streams.chunkStarts[series]!, streams.chunkEnds[series]!, streams.fromMs, streams.toMs);
    return this.dropsStale ? grid.dropStale() : count;
  }

  /** The samples for as long as nothing else is decoded. */
  transient(): FloatColumn {
    if (this.made !== undefined) return this.made;
    const count = this.load();
    return { timesMs: this.grid.timesMs(count), values: this.grid.values(count), count };
  }

  private whole(): FloatColumn {
    if (this.made === undefined) {
      const { timesMs, values, count } = this.transient();
      // As bytes: a NaN may lose its payload on its way through a number.
      const bytes = new Uint8Array(values.buffer, values.byteOffset, 8 * count).slice();
      this.made = { timesMs: timesMs.slice(), values: new Float64Array(bytes.buffer), count };
    }
    return this.made;
  }
}

/** A column for as long as no other is asked for. */
export const transientFloats = (column: FloatColumn): FloatColumn =>
  column instanceof StreamedColumn ? column.transient() : column;

export const countMaxOf = (column: FloatColumn): number =>
  column instanceof StreamedColumn ? column.countMax : column.count;
