/**
 * A native histogram as senders give it and as it is stored: buckets in spans, as Prometheus has them, with absolute counts. Integer histograms keep
 * that they are, so that they go out again as such; their counts are at most 2^53, which doubles hold exactly.
 * Sources: prometheus.io, "Native Histograms"; prometheus model/histogram.
 */

/** What the sender says of a counter's reset before the histogram. Numbered as in prompb: their places here. */
export const counterResetHints = ['unknown', 'reset', 'not_reset', 'gauge'] as const;
export type CounterReset = (typeof counterResetHints)[number];

/** The buckets of one sign. Bucket i of a schema s holds values in (2^((i-1) / 2^s), 2^(i / 2^s)]; with custom bounds, those up to bound i. */
export interface SpannedBuckets {
  /** Buckets between a span's first and the end of the span before; the index of the first span's first bucket. */
  readonly offsets: readonly number[];
  /** As many as offsets: buckets of each span. */
  readonly lengths: readonly number[];
  /** Of all spans' buckets, one after the other. */
  readonly counts: readonly number[];
}

export interface NativeHistogram {
  readonly counterReset: CounterReset;
  /** Whether counts came as doubles. */
  readonly isFloat: boolean;
  /** The series ends here; nothing else of the histogram counts. */
  readonly isStale: boolean;
  /** -4 to 8, or `customBoundsSchema`. */
  readonly schema: number;
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  readonly count: number;
  readonly sum: number;
  readonly positive: SpannedBuckets;
  readonly negative: SpannedBuckets;
  /** Ascending, below infinity; the last bucket reaches to infinity. Empty where the schema is exponential. */
  readonly customBounds: readonly number[];
}

export const schemaMin = -4;
export const schemaMax = 8;
/** Senders may use finer schemas up to this one, which receivers make coarser. Source: prometheus.io, "Native Histograms", "Schema". */
export const schemaReservedMax = 52;
export const customBoundsSchema = -53;

/**
 * What a histogram counts as in limits: so many bytes, and so many for each bucket and bound, where a float is a sample of 16. Source: prometheus
 * model/histogram/float_histogram.go, `Size`, and promql/value.go, `totalHPointSize`.
 */
export const histogramBytes = { fixed: 176, perNumber: 8, perSample: 16 } as const;

/** What the smallest histogram counts as, in samples. */
export const histogramSamplesMin = histogramBytes.fixed / histogramBytes.perSample;

export const noSpans: SpannedBuckets = Object.freeze({ offsets: [], lengths: [], counts: [] });

/** Says that a series of histograms ends. */
export const staleHistogram: NativeHistogram = Object.freeze({
  counterReset: 'unknown',
  isFloat: false,
  isStale: true,
  schema: 0,
  zeroThreshold: 0,
  zeroCount: 0,
  count: 0,
  sum: 0,
  positive: noSpans,
  negative: noSpans,
  customBounds: [],
});

/** Indexes of all buckets, ascending. */
export function bucketIndexes({ offsets, lengths }: SpannedBuckets): number[] {
  const indexes: number[] = [];
  let index = 0;
  offsets.forEach((offset, span) => {
    index += offset;
    for (let i = 0; i < lengths[span]!; i++) indexes.push(index++);
  });
  return indexes;
}

/** Buckets by ascending index as spans. */
export function spannedBuckets(indexes: readonly number[], counts: readonly number[]): SpannedBuckets {
  if (indexes.length === 0) return noSpans;
  const offsets: number[] = [];
  const lengths: number[] = [];
  let next = 0;
  indexes.forEach((index, i) => {
    if (i === 0 || index !== next) {
      offsets.push(index - next);
      lengths.push(1);
    } else lengths[lengths.length - 1]!++;
    next = index + 1;
  });
  return { offsets, lengths, counts };
}

/** The histogram in a schema up to `schemaMax`, whose buckets are unions of those of a finer one. */
export function withKnownSchema(histogram: NativeHistogram): NativeHistogram {
  const { schema, positive, negative } = histogram;
  if (schema <= schemaMax) return histogram;
  const width = 2 ** (schema - schemaMax);
  return { ...histogram, schema: schemaMax, positive: coarser(positive, width), negative: coarser(negative, width) };
}

/** `width` buckets joined into each. Source: prometheus model/histogram/generic.go, `targetIdx`. */
function coarser(buckets: SpannedBuckets, width: number): SpannedBuckets {
  const indexes: number[] = [];
  const counts: number[] = [];
  bucketIndexes(buckets).forEach((index, i) => {
    const target = Math.floor((index - 1) / width) + 1;
    if (indexes.at(-1) === target) counts[counts.length - 1]! += buckets.counts[i]!;
    else {
      indexes.push(target);
      counts.push(buckets.counts[i]!);
    }
  });
  return spannedBuckets(indexes, counts);
}
