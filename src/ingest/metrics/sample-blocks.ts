/** Samples as blocks for the table of samples, in its order and in its form, one block for each of its partitions, which are days in UTC. */
import type { RankedSeries, SampleRuns, SampleSorter, SortedSamples } from '../../kernel/sample-sorter.js';
import { textColumnOf } from '../../model/columns.js';
import { blockPieces } from '../../storage/native/encode.js';

/** Valid until the next one is made. */
export interface SampleBlock {
  /** Days since 1970-01-01. */
  readonly day: number;
  readonly rowCount: number;
  /** The block in pieces, most of which are the sorter's own memory. */
  readonly pieces: readonly Uint8Array[];
  /** Series that have samples in it, and the times of each one's first and last, epoch milliseconds. */
  readonly refs: Uint32Array;
  readonly firstMs: Float64Array;
  readonly lastMs: Float64Array;
}

export const sampleColumns = ['metric', 'series', 'ts', 'mantissa', 'scale'] as const;

const dayMs = 86_400_000;

/** What the blocks say of a series. */
export interface SampleSeries extends RankedSeries {
  /** By ref. */
  readonly metrics: Uint32Array;
  metricName(metric: number): string;
}

/** The blocks of batches, by day. Of samples with the same series and time the last to come stays. */
export async function* sampleBlocks(
  batches: readonly SampleRuns[],
  series: SampleSeries,
  sorter: SampleSorter,
): AsyncGenerator<SampleBlock> {
  await sorter.load(batches, series);
  for (let fromMs = sorter.earliestFrom(Number.NEGATIVE_INFINITY); fromMs < Number.POSITIVE_INFINITY; ) {
    const day = Math.floor(fromMs / dayMs);
    const endMs = (day + 1) * dayMs;
    const sorted = await sorter.sort(fromMs, endMs);
    if (sorted.rowCount > 0) yield blockOf(day, sorted, series);
    fromMs = sorter.earliestFrom(endMs);
  }
}

function blockOf(day: number, sorted: SortedSamples, series: SampleSeries): SampleBlock {
  const { rowCount, ranks, starts, ids, times, mantissas, scales, timeMsAt } = sorted;
  const pieces = blockPieces(
    [
      { name: 'metric', type: 'LowCardinality(String)', data: metricsOf(sorted, series) },
      { name: 'series', type: 'UInt64', data: { kind: 'raw', bytes: ids } },
      { name: 'ts', type: "DateTime64(3, 'UTC')", data: { kind: 'raw', bytes: times } },
      { name: 'mantissa', type: 'Int64', data: { kind: 'raw', bytes: mantissas } },
      { name: 'scale', type: 'UInt8', data: { kind: 'raw', bytes: scales } },
    ],
    rowCount,
  );
  return {
    day,
    rowCount,
    pieces,
    refs: ranks.map((rank) => series.refs[rank]!),
    firstMs: Float64Array.from(ranks, (_, i) => timeMsAt(starts[i]!)),
    lastMs: Float64Array.from(ranks, (_, i) => timeMsAt(starts[i + 1]! - 1)),
  };
}

/** The metric of every row. Series of a metric lie side by side. */
function metricsOf({ rowCount, ranks, starts }: SortedSamples, { refs, metrics, metricName }: SampleSeries) {
  const present: number[] = [];
  const rows: number[] = [];
  for (let i = 0; i < ranks.length; i++) {
    const metric = metrics[refs[ranks[i]!]!]!;
    if (metric === present.at(-1)) continue;
    present.push(metric);
    rows.push(starts[i]!);
  }
  const places = placesFor(present.length, rowCount);
  present.forEach((_, i) => void places.fill(i, rows[i]!, rows[i + 1] ?? rowCount));
  return { kind: 'dictionary', texts: textColumnOf(present.map((metric) => metricName(metric))), places } as const;
}

/** As narrow as the number of texts lets them be. */
function placesFor(textCount: number, rowCount: number): Uint8Array | Uint16Array | Uint32Array {
  if (textCount <= 0x100) return new Uint8Array(rowCount);
  return textCount <= 0x10000 ? new Uint16Array(rowCount) : new Uint32Array(rowCount);
}
