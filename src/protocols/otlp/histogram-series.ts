/** The series of a histogram: `_bucket` with the label `le`, whose counts are cumulative, `_sum` and `_count`. */
import { type BoundTexts, infinityText } from './bound-texts.js';
import { addPart, type MetricNames, type PointDecoding } from './point-decoding.js';

export interface HistogramValues {
  readonly count: number;
  /** Undefined where the sender gives none; then there is no sample of `_sum`. */
  readonly sum: number | undefined;
  /** Ascending; boundCount of them, which may be fewer than the array holds. */
  readonly bounds: ArrayLike<number>;
  readonly boundCount: number;
  /** Values up to bound i, it included. */
  readonly cumulativeCounts: ArrayLike<number>;
}

/** Appends the samples of the prepared data point, and reads its exemplars: each belongs to the lowest bucket that holds its value. */
export function addHistogram(
  decoding: PointDecoding,
  names: MetricNames,
  values: HistogramValues,
  boundTexts: BoundTexts,
): void {
  const { bounds, cumulativeCounts } = values;
  const texts = boundTexts.of(bounds, values.boundCount);
  for (let i = 0; i < values.boundCount; i++) addPart(decoding, cumulativeCounts[i]!, names.bucket, 'le', texts[i]!);
  addPart(decoding, values.count, names.bucket, 'le', infinityText);
  if (values.sum !== undefined) addPart(decoding, values.sum, names.sum);
  addPart(decoding, values.count, names.count);
  decoding.exemplarReader.read(decoding.exemplars, decoding.point.timeMs, (value) => {
    let i = 0;
    while (i < values.boundCount && !(value <= bounds[i]!)) i++;
    decoding.keys.part(names.bucket, 'le', texts[i] ?? infinityText);
    return decoding.keys.partCopy();
  });
}
